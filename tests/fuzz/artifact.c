/* Artifacts from anywhere, in every form: refused with a reason, or read whole. */
#include "fuzz/fuzz.h"

#include "base/json.h"
#include "base/text.h"
#include "deploy/manifest.h"
#include "deploy/project.h"
#include "deploy/zip.h"

#include <string.h>

static void read_manifest(const char *bytes, size_t size)
{
    struct error error = {.class = ERROR_NONE};
    struct manifest manifest = {0};
    int result = manifest_read(bytes, size, "manifest.json", &manifest, &error);

    fuzz_check((result == 0) == (error.class == ERROR_NONE));
    fuzz_check(result != 0 || manifest.containers ||
               (!text_is_empty(manifest.model_bucket) && !text_is_empty(manifest.model_key)));
    manifest_free(&manifest);
}

static void read_project(const char *bytes, size_t size, const char *driver)
{
    struct error error = {.class = ERROR_NONE};
    cleanup(record_free_pointer)
    struct record *record = record_new();

    record->settings = cJSON_CreateObject();
    json_add_text(record->settings, "driver", driver);
    json_add_text(record->settings, "execution_role", "arn:aws:iam::361769565206:role/model");
    json_add_text(record->settings, "model_bucket", "prod-models");
    int result = project_read(bytes, size, record, &error);

    fuzz_check((result == 0) == (error.class == ERROR_NONE));
    fuzz_check(result != 0 || record->template);
    cleanup(free_pointer)
    char *stored = record_encode(record, NULL);

    fuzz_check(stored != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {.class = ERROR_NONE};
    size_t length = 0;

    json_initialise();
    cleanup(free_pointer)
    char *bytes = memory_copy_text((const char *)data, size);
    cleanup(free_pointer)
    char *member = zip_read_member(bytes, size, "manifest.json", 65536, &length, &error);

    fuzz_check((member != NULL) == (error.class == ERROR_NONE));
    fuzz_check(!member || length <= 65536);
    read_manifest(bytes, size);
    read_project(bytes, size, "sagemaker");
    read_project(bytes, size, "cloudformation");
    return 0;
}
