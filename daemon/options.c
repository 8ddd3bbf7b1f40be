#include "options.h"

#include "base/memory.h"
#include "base/text.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static void usage(FILE *out)
{
    fputs("usage: causewayd [--config FILE] [--check] [--log-level LEVEL] [--log-format FORMAT]\n"
          "                 [--version] [--help]\n"
          "\n"
          "  --config FILE        the configuration; default " CAUSEWAY_SYSCONFDIR
          "/causeway/causeway.yaml\n"
          "  --check              read the configuration, say what is wrong with it, and exit\n"
          "  --log-level LEVEL    error, warning, notice, info (default) or debug\n"
          "  --log-format FORMAT  auto (default: journald, else plain lines), plain or json\n",
          out);
}

static bool parse_format(const char *text, enum log_format *format)
{
    static const char *const names[] = {
        [LOG_FORMAT_AUTO] = "auto", [LOG_FORMAT_PLAIN] = "plain", [LOG_FORMAT_JSON] = "json"};

    for (size_t i = 0; i < array_length(names); i++) {
        if (text_equal(names[i], text)) {
            *format = (enum log_format)i;
            return true;
        }
    }
    return false;
}

int options_parse(int argc, char **argv, struct options *options)
{
    enum { CONFIG = 'c', CHECK = 'C', LEVEL = 'l', FORMAT = 'f', VERSION = 'v', HELP = 'h' };
    static const struct option names[] = {
        {"config", required_argument, NULL, CONFIG},
        {"check", no_argument, NULL, CHECK},
        {"log-level", required_argument, NULL, LEVEL},
        {"log-format", required_argument, NULL, FORMAT},
        {"version", no_argument, NULL, VERSION},
        {"help", no_argument, NULL, HELP},
        {NULL, 0, NULL, 0},
    };
    const char *environment = getenv("CAUSEWAY_CONFIG");
    int option;

    *options = (struct options){
        .config = environment ? environment : CAUSEWAY_SYSCONFDIR "/causeway/causeway.yaml",
        .log_level = LOG_LEVEL_INFO,
    };
    while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
        bool good = true;

        switch (option) {
        case CONFIG:
            options->config = optarg;
            break;
        case CHECK:
            options->check = true;
            break;
        case LEVEL:
            good = log_level_from_name(optarg, &options->log_level);
            break;
        case FORMAT:
            good = parse_format(optarg, &options->log_format);
            break;
        case VERSION:
            puts("causewayd " CAUSEWAY_VERSION);
            return 0;
        case HELP:
            usage(stdout);
            return 0;
        default:
            good = false;
            break;
        }
        if (!good) {
            usage(stderr);
            return OPTIONS_BAD_USAGE;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "causewayd: unexpected argument: %s\n", argv[optind]);
        usage(stderr);
        return OPTIONS_BAD_USAGE;
    }
    return -1;
}
