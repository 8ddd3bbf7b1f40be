/* Configurations from anywhere: one that loads has no error, one that does not has at least one,
 * and each has a place. */
#include "fuzz/file.h"

#include "base/text.h"
#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config_errors errors = {0};
    char path[64];

    json_initialise();
    fuzz_file(data, size, path);
    struct config *config = config_load(path, &errors);

    fuzz_check((config != NULL) == (errors.count == 0));
    for (size_t i = 0; i < errors.count; i++) {
        cleanup(free_pointer)
        char *line = config_error_format(&errors.errors[i]);

        fuzz_check(text_starts_with(line, path) || text_starts_with(line, "/"));
    }
    if (config) {
        cleanup(free_pointer)
        char *refusal = config_reload_refusal(config, config);

        fuzz_check(refusal == NULL);
        config_unref(config);
    }
    config_errors_free(&errors);
    return 0;
}
