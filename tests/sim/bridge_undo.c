/* Operators who take back what the bridge has done, whatever has happened since; and who ask what
 * there is to import. */
#include "base/text.h"
#include "bridge/bridge.h"
#include "bridge/normal.h"
#include "sim/bridge_world.h"
#include "sim/disk.h"

#include <stdlib.h>
#include <string.h>

#define WHO "joe (1000)"

/* Of the newest changes so many are worth taking back. */
enum { NEWEST = 6 };

struct undoing {
    char *change;
    struct asset *asset;
    uint64_t writes; /* of others to the asset, when it was asked for */
};

static void release_undoing(struct undoing *undoing)
{
    free(undoing->change);
    free(undoing);
}

static bool names(const cJSON *sids, const char *sid)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, sids)
    {
        if (text_equal(json_text(item), sid))
            return true;
    }
    return false;
}

static bool has(const cJSON *document, const cJSON *statement)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, json_get(document, "Statement"))
    {
        if (json_equal(item, statement))
            return true;
    }
    return false;
}

/* Each statement of those Sids in one is in the other. */
static bool holds_all(const cJSON *document, const cJSON *of, const cJSON *sids)
{
    const cJSON *statement;

    cJSON_ArrayForEach(statement, json_get(of, "Statement"))
    {
        if (names(sids, json_get_text(statement, "Sid")) && !has(document, statement))
            return false;
    }
    return true;
}

/* In a document that others share, our statements are those that were there. */
static void check_restored(const struct undoing *undoing)
{
    const struct asset *asset = undoing->asset;
    const struct disk_row *row = disk_find(sim->disk, "change", undoing->change);
    struct error error;
    cleanup(json_free)
    cJSON *change =
        row ? json_parse(row->row.bytes, row->row.length, row->row.length, &error) : NULL;
    const cJSON *sids = json_get(change, "sids");

    if (!sids || asset->others_writes != undoing->writes)
        return;
    const char *text = asset_policy_of(asset, asset->now);
    cleanup(json_free)
    cJSON *now = text ? normal_document(text) : NULL;
    const cJSON *before = json_get(json_get(change, "before"), "policy");

    if (!holds_all(now, before, sids) || !holds_all(before, now, sids))
        broken("10: an undo restores what was", "%s is not as it was before change %s", asset->key,
               undoing->change);
}

static bool went_well(const cJSON *view)
{
    const cJSON *results = json_get(view, "results");
    const cJSON *result;

    cJSON_ArrayForEach(result, results)
    {
        if (!json_get_bool(result, "ok", false))
            return false;
    }
    return cJSON_GetArraySize(results) > 0;
}

static void on_undone(void *context, const cJSON *view, const struct error *error)
{
    struct undoing *undoing = context;

    story("operator: %s is %s%s", undoing->change,
          view ? "undone" : "not undone: ", error && !view ? error->sentence : "");
    if (view && went_well(view))
        check_restored(undoing);
    bridge_promises_reconciling(false);
    release_undoing(undoing);
}

static void undo(struct process *process, const cJSON *change)
{
    struct asset *asset = asset_find_by_key(json_get_text(change, "resource"));
    struct undoing *undoing;

    if (!asset)
        return;
    undoing = memory_allocate(sizeof(*undoing));
    *undoing = (struct undoing){.change = text_copy(json_get_text(change, "id")),
                                .asset = asset,
                                .writes = asset->others_writes};
    asset->undone_us = sim->now_us;
    story("operator: undo %s of %s", undoing->change, asset->key);
    bridge_promises_reconciling(true);
    bridge_undo(process->bridge, undoing->change, WHO, on_undone, undoing);
}

static void pick_one(void *context, const cJSON *changes, const struct error *error)
{
    int count = cJSON_GetArraySize(changes);

    (void)error;
    if (count == 0 || sim->chance.faults_are_over)
        return;
    undo(context, cJSON_GetArrayItem(
                      changes, (int)chance_below(&sim->chance, STREAM_OPERATORS,
                                                 (uint64_t)(count < NEWEST ? count : NEWEST))));
}

/* What is there and what was left out is told, and nothing else happens. */
static void on_imported(void *context, const cJSON *view, const struct error *error)
{
    (void)context;
    (void)error;
    if (view && (!json_get(view, "resources") || !json_get(view, "left_out")))
        broken("who asks is answered", "an import tells of no resources");
}

void bridge_operator_takes_back(struct process *process)
{
    if (chance_strikes(&sim->chance, FAULT_UNDONE))
        bridge_changes(process->bridge, pick_one, process);
    if (chance_strikes(&sim->chance, FAULT_IMPORTED))
        bridge_import(process->bridge,
                      chance_below(&sim->chance, STREAM_OPERATORS, 2) ? "prod" : "staging",
                      chance_below(&sim->chance, STREAM_OPERATORS, 2), on_imported, NULL);
}
