/* CloudFormation templates: read, and resolved with given parameters. Pure.
 *
 * Reading turns YAML (or JSON, which is YAML) into one tree: tags such as !Ref and !GetAtt into the
 * long form {"Ref": ...}, {"Fn::GetAtt": [...]}; every scalar into text, since CloudFormation takes
 * "1" for 1 and "true" for true everywhere. Aliases and duplicate keys are refused.
 *
 * Resolving does what can be done without making anything: parameters, conditions, pseudo
 * parameters, Ref, Sub, Join, Select, Split, FindInMap, If. What refers to another resource of the
 * template becomes {"$resource": "LOGICAL ID"}. */
#ifndef CAUSEWAY_DEPLOY_TEMPLATE_H
#define CAUSEWAY_DEPLOY_TEMPLATE_H

#include "base/error.h"
#include "base/json.h"

#include <stddef.h>

#define TEMPLATE_RESOURCE "$resource"

/* NULL and ERROR_INVALID or ERROR_LIMIT, with the line, where it cannot be read. The caller frees
 * it. */
cJSON *template_parse(const char *text, size_t length, struct error *error);

/* Where the template would be made. */
struct template_place {
    const char *region;
    const char *account;
    const char *partition; /* "aws" */
};

/* {LOGICAL ID: {"Type", "Properties"}} of the resources whose conditions hold. parameters is an
 * object of texts; those that the template does not declare are ignored. NULL and ERROR_INVALID
 * where something cannot be resolved. The caller frees it. */
cJSON *template_resolve(const cJSON *template, const cJSON *parameters,
                        const struct template_place *place, struct error *error);

/* One value of it, in *resolved, which the caller frees; NULL there for AWS::NoValue. -1 and
 * ERROR_INVALID where it cannot be resolved. */
int template_resolve_value(const cJSON *template, const cJSON *parameters,
                           const struct template_place *place, const cJSON *value, cJSON **resolved,
                           struct error *error);

#endif
