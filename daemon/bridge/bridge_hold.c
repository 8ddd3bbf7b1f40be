/* Resources that are only looked at for a while, since somebody took back what the bridge had made
 * of them: one row, so that a restart does not end it. */
#include "base/clock.h"
#include "base/log.h"
#include "bridge/bridge_internal.h"

#include <stdlib.h>
#include <string.h>

#define HOLD_KIND "bridge"
#define HOLD_KEY "held"
#define HOLD_FORMAT 1u
#define HOLD_BYTES ((size_t)262144)

bool bridge_is_held(const struct bridge *bridge, const char *key)
{
    return json_get_integer(bridge->held, key, 0) > clock_wall_ms();
}

static void on_kept(void *context, enum store_outcome outcome, size_t conflict,
                    const struct error *error)
{
    (void)context;
    (void)conflict;
    if (outcome != STORE_COMMITTED)
        log_message(MESSAGE_BRIDGE_UNREADABLE, &(struct log_fields){.error = error},
                    "a restart will end the hold on what was undone: it could not be kept");
}

/* The holds that are not over yet. */
static cJSON *holds_left(const cJSON *held)
{
    cJSON *left = cJSON_CreateObject();
    const cJSON *until;

    cJSON_ArrayForEach(until, held)
    {
        if (until->valuedouble > (double)clock_wall_ms())
            cJSON_AddItemToObject(left, until->string, cJSON_Duplicate(until, true));
    }
    return left;
}

void bridge_hold(struct bridge *bridge, const char *key, int64_t for_ms)
{
    cJSON *left = holds_left(bridge->held);

    cJSON_DeleteItemFromObjectCaseSensitive(left, key);
    json_add_integer(left, key, clock_wall_ms() + for_ms);
    cJSON_Delete(bridge->held);
    bridge->held = left;
    cleanup(free_pointer)
    char *bytes = json_print(left);
    const struct store_write write = {
        .kind = HOLD_KIND,
        .key = HOLD_KEY,
        .expected = STORE_ANY,
        .format = HOLD_FORMAT,
        .bytes = bytes,
        .length = strlen(bytes),
    };

    store_commit(bridge->store, &write, 1, on_kept, NULL);
}

struct loading {
    struct bridge *bridge;
    void (*loaded)(struct bridge *bridge);
};

static void on_row(void *context, const struct store_row *row)
{
    struct loading *loading = context;
    struct error error;

    cJSON_Delete(loading->bridge->held);
    loading->bridge->held = json_parse(row->bytes, row->length, HOLD_BYTES, &error);
}

static void on_read(void *context, const struct error *error)
{
    struct loading *loading = context;

    (void)error;
    loading->loaded(loading->bridge);
    free(loading);
}

void bridge_load_holds(struct bridge *bridge, void (*loaded)(struct bridge *bridge))
{
    struct loading *loading = memory_allocate(sizeof(*loading));

    *loading = (struct loading){bridge, loaded};
    store_get(bridge->store, HOLD_KIND, HOLD_KEY, &(struct store_reader){on_row, on_read, loading});
}
