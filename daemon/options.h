/* causewayd's command line. */
#ifndef CAUSEWAY_OPTIONS_H
#define CAUSEWAY_OPTIONS_H

#include "base/log.h"

#include <stdbool.h>

struct options {
    const char *config; /* path; in argv, the environment, or fixed */
    bool check;         /* only look at the configuration */
    enum log_format log_format;
    enum log_level log_level;
};

enum { OPTIONS_BAD_USAGE = 2 };

/* -1 to go on, else the exit status: the version or the help was wanted and printed, or the command
 * line is wrong and that was said. */
int options_parse(int argc, char **argv, struct options *options);

#endif
