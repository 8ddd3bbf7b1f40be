/* Printing YAML for configuration files, by libyaml. */
#ifndef CAUSEWAY_CTL_YAML_H
#define CAUSEWAY_CTL_YAML_H

#include "base/json.h"

/* The document in block style. The caller frees it. */
char *yaml_print(const cJSON *document);

#endif
