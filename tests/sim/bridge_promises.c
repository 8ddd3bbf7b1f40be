/* The promises of the bridge, held against every write and, at the end, against the accounts. */
#include "base/map.h"
#include "base/text.h"
#include "bridge/bridge.h"
#include "bridge/document.h"
#include "bridge/normal.h"
#include "sim/bridge_world.h"
#include "sim/disk.h"

#include <stdlib.h>
#include <string.h>

#define IDENTITY "arn:aws:sts::" HOME_ACCOUNT ":assumed-role/" OWN_ROLE "/i-0123456789abcdef0"

/* Whoever looked, and wrote what he had in mind then, is done with it after so long. */
#define PASS_US (600 * US_PER_S)

/* What was undone stays so for an hour, and the clock may be set in between. */
#define HELD_US (3 * 3600 * US_PER_S)

static struct map wanted_once; /* keys */
static bool is_suspended;
static unsigned reconciling; /* passes that an operator asked for: they are made all the same */
static bool settled;

/* ---- the file -------------------------------------------------------------------------------- */

static void list_of(struct resource_list *list, const struct config *config)
{
    struct error error;

    *list = (struct resource_list){0};
    if (resource_list_desired(list, config, IDENTITY, &error) < 0)
        broken("the file", "it cannot be made a list: %s", error.sentence);
}

void bridge_promises_configured(const struct config *config)
{
    struct resource_list list;

    list_of(&list, config);
    for (size_t i = 0; i < list.count; i++)
        map_put(&wanted_once, list.items[i].key, sim);
    resource_list_free(&list);
}

void bridge_promises_suspended(bool suspended)
{
    is_suspended = suspended;
}

void bridge_promises_reconciling(bool begins)
{
    reconciling += begins ? 1 : -1u;
}

void bridge_promises_settled(void)
{
    settled = true;
}

/* ---- every write ----------------------------------------------------------------------------- */

static void release_json(void *document)
{
    cJSON_Delete(document);
}

static struct asset *asset_of_write(const struct aws_call *call)
{
    static const char *const names[] = {"EventBusName", "repositoryName", "KeyId",
                                        "ModelPackageGroupName"};

    if (text_equal(service_of(call), "s3"))
        return asset_find(call->account, RESOURCE_S3_BUCKET_POLICY, NULL,
                          *(const char *const *)call->input);
    if (call->operation->input)
        return NULL;
    const char *url = json_get_text(call->input, "QueueUrl");

    if (url)
        return asset_find(call->account, RESOURCE_SQS_QUEUE, NULL, strrchr(url, '/') + 1);
    for (size_t i = 0; i < array_length(names); i++) {
        const char *name = json_get_text(call->input, names[i]);

        if (!name)
            continue;
        return i == 0   ? asset_find(call->account, RESOURCE_EVENT_BUS, NULL, name)
               : i == 1 ? asset_find(call->account, RESOURCE_ECR_REPOSITORY, NULL, name)
               : i == 3 ? asset_find(call->account, RESOURCE_PACKAGE_GROUP_POLICY, NULL, name)
                        : asset_find_by_arn(name);
    }
    return NULL;
}

void bridge_call_is_made(struct aws_call *call, bool changes)
{
    struct asset *asset = changes ? asset_of_write(call) : NULL;

    if (!changes)
        return;
    if (!bridge_is_sure(NULL))
        broken("9: nothing is changed while another daemon may do the same", "%s of %s is called",
               call->operation->name, service_of(call));
    if (is_suspended && reconciling == 0)
        broken("6: nothing is changed while it is suspended", "%s of %s is called",
               call->operation->name, service_of(call));
    if (asset && asset->seen) {
        cJSON *seen = cJSON_Duplicate(asset->seen, true);

        arena_adopt(&call->arena, seen, release_json);
        call->based_on = seen;
    }
}

static bool has_statement(const cJSON *document, const cJSON *statement)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, json_get(document, "Statement"))
    {
        if (json_equal(item, statement))
            return true;
    }
    return false;
}

/* What others wrote stays: as far as the daemon can know it, having looked before. */
static void check_statements(const struct asset *asset, const cJSON *next,
                             const struct aws_call *call)
{
    const char *text = asset_policy_of(asset, asset->now);
    const char *next_text = asset_policy_of(asset, next);
    cleanup(json_free)
    cJSON *before = text ? normal_document(text) : NULL;
    cleanup(json_free)
    cJSON *after = next_text ? normal_document(next_text) : NULL;
    const cJSON *statement;

    if (text_equal(text, next_text))
        return;
    cJSON_ArrayForEach(statement, json_get(before, "Statement"))
    {
        if (!sid_is_ours(json_get_text(statement, "Sid")) &&
            has_statement(call->based_on, statement) && !has_statement(after, statement))
            broken("1: others' statements are untouched", "%s: the daemon takes %s out", asset->key,
                   json_get_text(statement, "Sid"));
    }
    cJSON_ArrayForEach(statement, json_get(after, "Statement"))
    {
        const char *sid = json_get_text(statement, "Sid");

        if (sid && text_starts_with(sid, LOCKING_SID))
            broken("7: the daemon does not cut its own way", "%s: it is denied from now on",
                   asset->key);
        if (!sid_is_ours(sid) && !has_statement(call->based_on, statement) &&
            !has_statement(before, statement))
            broken("1: others' statements are untouched", "%s: the daemon writes %s itself",
                   asset->key, sid ? sid : "a statement without a Sid");
    }
}

/* Beside ours, of a role that the file does not describe whole; and tags anywhere. */
static void check_members(const struct asset *asset, const cJSON *next)
{
    const cJSON *member;

    cJSON_ArrayForEach(member, json_get(asset->now, "tags"))
    {
        if (text_equal(member->string, "cost") &&
            !json_equal(member, json_get(json_get(next, "tags"), member->string)))
            broken("1: others' tags are untouched", "%s: the daemon changes its tag %s", asset->key,
                   member->string);
    }
    if (asset->kind == RESOURCE_IAM_ROLE && text_equal(asset->name, OWN_ROLE) &&
        json_get(json_get(asset->now, "inline"), "theirs") &&
        !json_get(json_get(next, "inline"), "theirs"))
        broken("1: others' policies are untouched", "%s: the daemon takes theirs out", asset->key);
}

void bridge_promises_write(const struct asset *asset, const cJSON *next,
                           const struct aws_call *call)
{
    const char *operation = call->operation->name;
    const bool same = asset_same(asset->now, next);

    if (settled)
        broken("2: no write where nothing differs", "%s is called for %s, and all was well",
               operation, asset->key);
    if (asset->is_strange || !map_get(&wanted_once, asset->key))
        broken("1: others' resources are untouched", "%s is called for %s", operation, asset->key);
    if (text_equal(asset->name, WATCHED_ROLE))
        broken("6: what is to be looked at is not changed", "%s is called for %s", operation,
               asset->key);
    if (!next && asset->now && !asset->made_by_daemon)
        broken("1: others' resources are untouched", "%s deletes %s, which others made", operation,
               asset->key);
    /* What a pass that was given up had sent may arrive when the file has left it again. */
    if (call->aws && next && !same && !disk_find(sim->disk, "resource", asset->key))
        broken("5: nothing is changed before it is remembered", "%s is called for %s", operation,
               asset->key);
    if (same && sim->now_us - asset->changed_us > PASS_US)
        broken("2: no write where nothing differs", "%s is called for %s", operation, asset->key);
    if (next)
        check_members(asset, next);
    if (next && asset_is_shared(asset))
        check_statements(asset, next, call);
}

static bool anything_is_held(void)
{
    for (size_t i = 0; i < asset_count(); i++)
        if (asset_at(i)->undone_us > 0 && sim->now_us - asset_at(i)->undone_us < HELD_US)
            return true;
    return false;
}

/* While a service fails, what it keeps cannot be looked at, and may be missing unknown to us. */
void bridge_promises_needs(const struct asset *asset)
{
    if (sim->now_us - sim->outage_until_us < PASS_US && sim->outage_until_us > 0)
        return;
    if (anything_is_held())
        return;
    if (map_get(&wanted_once, asset->key) && sim->now_us - asset->gone_us > 3 * PASS_US)
        broken("3: nothing is called before what it needs is there",
               "%s is needed, and was not there for long", asset->key);
}

/* ---- the journal ----------------------------------------------------------------------------- */

/* What is only not known yet is known within twenty seconds: nobody gives up before. */
#define PATIENCE_US (25 * US_PER_S)

static int64_t last_refused_us(void)
{
    int64_t last_us = INT64_MIN / 2;

    for (size_t i = 0; i < asset_count(); i++)
        if (asset_at(i)->refused_us > last_us)
            last_us = asset_at(i)->refused_us;
    return last_us;
}

void bridge_says(enum message_kind kind, const struct log_fields *fields)
{
    if (kind == MESSAGE_BRIDGE_FAILED && fields && fields->error &&
        strstr(fields->error->sentence, NOT_KNOWN_YET) &&
        sim->now_us - last_refused_us() < PATIENCE_US)
        broken("4: what time mends is waited for", "%s: %s", fields->resource,
               fields->error->sentence);
}

/* ---- the end --------------------------------------------------------------------------------- */

static const cJSON *field_of(const struct resource *resource, const char *name)
{
    return json_get(resource->fields, name);
}

static bool same_document(const char *text, const cJSON *wanted)
{
    cleanup(json_free)
    cJSON *document = text ? normal_document(text) : NULL;

    return document && document_same(document, wanted);
}

static bool has_texts(const cJSON *there, const cJSON *wanted)
{
    const cJSON *member;

    cJSON_ArrayForEach(member, wanted)
    {
        if (!json_equal(member, json_get(there, member->string)))
            return false;
    }
    return true;
}

static bool has_all(const cJSON *list, const cJSON *of)
{
    const cJSON *item;
    const cJSON *other;

    cJSON_ArrayForEach(item, of)
    {
        bool found = false;

        cJSON_ArrayForEach(other, list)
        {
            found |= json_equal(item, other);
        }
        if (!found)
            return false;
    }
    return true;
}

static bool role_is_kept(const struct resource *resource, const cJSON *state)
{
    const cJSON *there = json_get(state, "inline");
    const cJSON *written = field_of(resource, "inline");
    const cJSON *managed = field_of(resource, "managed");
    const cJSON *description = field_of(resource, "description");
    const cJSON *member;

    cJSON_ArrayForEach(member, written)
    {
        if (!same_document(json_get_text(there, member->string), member))
            return false;
    }
    if (field_of(resource, "trust") &&
        (!same_document(json_get_text(state, "trust"), field_of(resource, "trust")) ||
         (written && cJSON_GetArraySize(there) != cJSON_GetArraySize(written))))
        return false;
    if (description && !json_equal(description, json_get(state, "description")))
        return false;
    return !managed || (has_all(json_get(state, "managed"), managed) &&
                        has_all(managed, json_get(state, "managed")));
}

static bool policy_is_kept(const struct resource *resource, const cJSON *state)
{
    const cJSON *version;

    cJSON_ArrayForEach(version, json_get(state, "versions"))
    {
        if (json_get_bool(version, "default", false))
            return same_document(json_get_text(version, "document"), field_of(resource, "policy"));
    }
    return false;
}

static bool rule_is_kept(const struct resource *resource, const cJSON *state)
{
    const char *pattern = json_get_text(state, "pattern");
    cleanup(json_free)
    cJSON *targets = cJSON_CreateArray();
    struct error error;
    cleanup(json_free)
    cJSON *document = pattern ? json_parse(pattern, strlen(pattern), 65536, &error) : NULL;
    const cJSON *target;

    cJSON_ArrayForEach(target, json_get(state, "targets"))
    {
        cJSON_AddItemToArray(targets, normal_target(target));
    }
    return json_equal(document, field_of(resource, "pattern")) &&
           has_all(targets, field_of(resource, "targets")) &&
           has_all(field_of(resource, "targets"), targets) &&
           !text_equal(json_get_text(state, "state"), "DISABLED");
}

static bool queue_is_kept(const struct resource *resource, const cJSON *state)
{
    cleanup(json_free)
    cJSON *attributes = normal_queue_attributes(resource->fields);

    cJSON_DeleteItemFromObjectCaseSensitive(attributes, "Policy");
    return has_texts(json_get(state, "attributes"), attributes);
}

/* One of those that the file gives now and then, and does not give now. */
static bool has_left_tag(const struct resource *resource, const struct asset *asset)
{
    static const char *const drawn[] = {"Object", "Other"};

    for (size_t i = 0; i < array_length(drawn); i++)
        if (field_of(resource, "tags") && json_get(json_get(asset->now, "tags"), drawn[i]) &&
            !json_get(field_of(resource, "tags"), drawn[i]))
            return true;
    return false;
}

static bool is_kept(const struct resource *resource, const struct asset *asset)
{
    const char *policy = asset_policy_of(asset, asset->now);
    cleanup(json_free)
    cJSON *document = policy ? normal_document(policy) : NULL;

    if (!has_texts(json_get(asset->now, "tags"), field_of(resource, "tags")) ||
        has_left_tag(resource, asset))
        return false;
    switch (resource->kind) {
    case RESOURCE_IAM_ROLE:
        return role_is_kept(resource, asset->now);
    case RESOURCE_IAM_POLICY:
        return policy_is_kept(resource, asset->now);
    case RESOURCE_EVENT_RULE:
        return rule_is_kept(resource, asset->now);
    case RESOURCE_SQS_QUEUE:
        if (!queue_is_kept(resource, asset->now))
            return false;
        break;
    case RESOURCE_EVENT_BUS:
        if (field_of(resource, "description") &&
            !json_equal(field_of(resource, "description"), json_get(asset->now, "description")))
            return false;
        break;
    default:
        break;
    }
    return !field_of(resource, "policy") ||
           document_holds(document, field_of(resource, "policy"), NULL);
}

/* Statements of ours that the file does not ask for any more. */
static bool has_left_over(const struct asset *asset, const cJSON *wanted)
{
    const char *policy = asset_policy_of(asset, asset->now);
    cleanup(json_free)
    cJSON *document = policy ? normal_document(policy) : NULL;
    cleanup(json_free)
    cJSON *sids = document_sids(wanted);
    const cJSON *statement;

    cJSON_ArrayForEach(statement, json_get(document, "Statement"))
    {
        const cJSON *sid = json_get(statement, "Sid");
        cleanup(json_free)
        cJSON *one = cJSON_CreateArray();

        cJSON_AddItemToArray(one, cJSON_Duplicate(sid, true));
        if (sid && sid_is_ours(json_text(sid)) && !has_all(sids, one))
            return true;
    }
    return false;
}

const char *bridge_promises_difference(const struct config *config)
{
    static char key[256];
    struct resource_list list;
    const char *found = NULL;

    list_of(&list, config);
    for (size_t i = 0; i < asset_count() && !found; i++) {
        const struct asset *asset = asset_at(i);
        const struct resource *resource = resource_find(&list, asset->key);

        if (resource && resource->observe_only)
            continue;
        if (resource ? !asset->now || !is_kept(resource, asset) ||
                           has_left_over(asset, field_of(resource, "policy"))
                     : config->reconcile.prune && asset->now && !asset->is_strange &&
                           map_get(&wanted_once, asset->key) &&
                           (asset->made_by_daemon || has_left_over(asset, NULL)))
            found = asset->key;
    }
    for (size_t i = 0; i < list.count && !found; i++)
        if (!list.items[i].observe_only && !asset_find_by_key(list.items[i].key))
            found = list.items[i].key;
    if (found)
        text_fill(key, sizeof(key), found);
    resource_list_free(&list);
    return found ? key : NULL;
}
