/* Rows of the store from anywhere, as a damaged disk or another version leaves them: refused, or a
 * record that every part of the machine can look at. */
#include "fuzz/fuzz.h"

#include "base/text.h"
#include "deploy/lineage.h"
#include "deploy/machine.h"

#include <string.h>

static void look(struct record *record)
{
    struct error error = {.class = ERROR_NONE};
    cleanup(free_pointer)
    char *bytes = record_encode(record, NULL);
    cleanup(record_free_pointer)
    struct record *read = record_decode(RECORD_FORMAT, bytes, strlen(bytes), &error);

    fuzz_check(read != NULL);
    machine_effect(record, 2000000);
    machine_is_due(record, 2000000);
    machine_waits_for_endpoint(record);
    machine_waits_for_turn(record);
    cleanup(json_free)
    cJSON *view = record_view(record);

    fuzz_check(view != NULL);
    if (machine_is_closed(record) || record->step == STEP_CLOSED)
        return;
    struct machine_output output =
        machine_step(record, &(struct machine_input){.kind = INPUT_START}, 2000000, &error);

    cJSON_Delete(output.lineage);
}

static void look_at_lineage(const char *text, size_t size)
{
    struct error error;
    cleanup(json_free)
    cJSON *lineage = json_parse(text, size, 65536, &error);
    cleanup(json_free)
    cJSON *garbage = cJSON_CreateArray();

    if (!lineage)
        return;
    lineage_newest_ms(lineage);
    lineage_has_config(lineage, "config");
    lineage_has_proved(lineage, "config");
    lineage_has_copy(lineage, "bucket", "key");
    lineage_find(lineage, "id");
    lineage_before(lineage);
    cleanup(record_free_pointer)
    struct record *record = record_new();

    record->settings = cJSON_CreateObject();
    record_set(record, &record->id, "a");
    record_set(record, &record->config_name, "config");
    cJSON_Delete(lineage_add(lineage, record, 1, garbage));
    cJSON_Delete(lineage_leave(lineage, record));
    lineage_collect_failed(lineage, record, garbage);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {.class = ERROR_NONE};

    json_initialise();
    cleanup(free_pointer)
    char *text = memory_copy_text((const char *)data, size);
    cleanup(record_free_pointer)
    struct record *record = record_decode(RECORD_FORMAT, text, size, &error);

    fuzz_check((record != NULL) == (error.class == ERROR_NONE));
    if (record)
        look(record);
    look_at_lineage(text, size);
    return 0;
}
