/* CloudFormation templates from anywhere, resolved with parameters from the same place: the
 * template, a line of three dashes behind it, the parameters as JSON. */
#include "fuzz/fuzz.h"

#include "base/text.h"
#include "deploy/template.h"

#include <string.h>

#define DASHES "\n---\n"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct template_place place = {"us-east-1", "361769565206", "aws"};
    struct error error = {.class = ERROR_NONE};

    json_initialise();
    cleanup(free_pointer)
    char *text = memory_copy_text((const char *)data, size);
    char *dashes = strstr(text, DASHES);
    cleanup(json_free)
    cJSON *parameters = NULL;

    if (dashes) {
        const char *behind = dashes + strlen(DASHES);

        parameters = json_parse(behind, strlen(behind), 65536, &error);
        *dashes = '\0';
    }
    error.class = ERROR_NONE;
    cleanup(json_free)
    cJSON *template = template_parse(text, strlen(text), &error);

    fuzz_check((template != NULL) == (error.class == ERROR_NONE));
    if (!template)
        return 0;
    if (!cJSON_IsObject(parameters)) {
        cJSON_Delete(parameters);
        parameters = cJSON_CreateObject();
    }
    cleanup(json_free)
    cJSON *resources = template_resolve(template, parameters, &place, &error);

    fuzz_check((resources != NULL) == (error.class == ERROR_NONE));
    return 0;
}
