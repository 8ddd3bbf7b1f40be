/* Assets: what is in the two accounts. */
#include "sim/bridge_world.h"

#include "base/map.h"
#include "base/text.h"
#include "bridge/document.h"
#include "bridge/normal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ASSETS_MAX = 256 };

static struct asset *assets[ASSETS_MAX];
static size_t count;

const char *account_id(const char *account)
{
    return text_equal(account, "prod") ? HOME_ACCOUNT : STAGING_ACCOUNT;
}

struct asset *asset_at(size_t index)
{
    return assets[index];
}

size_t asset_count(void)
{
    return count;
}

struct asset *asset_find_by_key(const char *key)
{
    for (size_t i = 0; i < count; i++)
        if (text_equal(assets[i]->key, key))
            return assets[i];
    return NULL;
}

struct asset *asset_find_by_arn(const char *arn)
{
    for (size_t i = 0; i < count; i++)
        if (text_equal(assets[i]->arn, arn))
            return assets[i];
    return NULL;
}

static char *key_of(const char *account, enum resource_kind kind, const char *bus, const char *name)
{
    return text_printf("%s/%s/%s%s%s", account, resource_kind_name(kind), bus ? bus : "",
                       bus ? "/" : "", name);
}

struct asset *asset_find(const char *account, enum resource_kind kind, const char *bus,
                         const char *name)
{
    cleanup(free_pointer)
    char *key = key_of(account, kind, bus, name ? name : "");

    return asset_find_by_key(key);
}

static char *arn_of(const struct asset *asset)
{
    const char *id = account_id(asset->account);
    const bool is_on_default = text_equal(asset->bus, "default");

    switch (asset->kind) {
    case RESOURCE_IAM_ROLE:
        return text_printf("arn:aws:iam::%s:role/%s", id, asset->name);
    case RESOURCE_IAM_POLICY:
        return text_printf("arn:aws:iam::%s:policy/%s", id, asset->name);
    case RESOURCE_SQS_QUEUE:
        return text_printf("arn:aws:sqs:us-east-1:%s:%s", id, asset->name);
    case RESOURCE_EVENT_BUS:
        return text_printf("arn:aws:events:us-east-1:%s:event-bus/%s", id, asset->name);
    case RESOURCE_EVENT_RULE:
        return text_printf("arn:aws:events:us-east-1:%s:rule/%s%s%s", id,
                           is_on_default ? "" : asset->bus, is_on_default ? "" : "/", asset->name);
    case RESOURCE_ECR_REPOSITORY:
        return text_printf("arn:aws:ecr:us-east-1:%s:repository/%s", id, asset->name);
    case RESOURCE_S3_BUCKET_POLICY:
        return text_printf("arn:aws:s3:::%s", asset->name);
    default:
        return text_copy(asset->name);
    }
}

struct asset *asset_take(const char *account, enum resource_kind kind, const char *bus,
                         const char *name)
{
    struct asset *asset = asset_find(account, kind, bus, name);

    if (asset)
        return asset;
    if (count == ASSETS_MAX)
        abort();
    asset = memory_allocate(sizeof(*asset));
    *asset = (struct asset){
        .kind = kind,
        .key = key_of(account, kind, bus, name),
        .account = text_copy(account),
        .name = text_copy(name),
        .bus = bus ? text_copy(bus) : NULL,
        .changed_us = INT64_MIN / 2,
        .gone_us = INT64_MIN / 2,
        .refused_us = INT64_MIN / 2,
    };
    asset->arn = arn_of(asset);
    assets[count++] = asset;
    return asset;
}

/* ---- states ---------------------------------------------------------------------------------- */

bool asset_is_shared(const struct asset *asset)
{
    return asset->kind != RESOURCE_IAM_ROLE && asset->kind != RESOURCE_IAM_POLICY &&
           asset->kind != RESOURCE_EVENT_RULE;
}

const char *asset_policy_of(const struct asset *asset, const cJSON *state)
{
    if (!asset_is_shared(asset))
        return NULL;
    return asset->kind == RESOURCE_SQS_QUEUE
               ? json_get_text(json_get(state, "attributes"), "Policy")
               : json_get_text(state, "policy");
}

void asset_set_policy(const struct asset *asset, cJSON *state, const char *policy)
{
    cJSON *holder = asset->kind == RESOURCE_SQS_QUEUE
                        ? cJSON_GetObjectItemCaseSensitive(state, "attributes")
                        : state;
    const char *name = asset->kind == RESOURCE_SQS_QUEUE ? "Policy" : "policy";

    if (text_is_empty(policy))
        cJSON_DeleteItemFromObjectCaseSensitive(holder, name);
    else
        json_put(holder, name, cJSON_CreateString(policy));
}

static bool same_text(const char *a, const char *b)
{
    if (text_equal(a, b))
        return true;
    if (!strstr(a, "\"Statement\"") || !strstr(b, "\"Statement\""))
        return false; /* no policies */
    cleanup(json_free)
    cJSON *first = normal_document(a);
    cleanup(json_free)
    cJSON *second = normal_document(b);

    return first && second && document_same(first, second);
}

bool asset_same(const cJSON *a, const cJSON *b)
{
    const cJSON *member;

    if (!a || !b)
        return a == b;
    if (cJSON_IsString(a) && cJSON_IsString(b))
        return same_text(a->valuestring, b->valuestring);
    if (!cJSON_IsObject(a) || !cJSON_IsObject(b))
        return json_equal(a, b);
    if (cJSON_GetArraySize(a) != cJSON_GetArraySize(b))
        return false;
    cJSON_ArrayForEach(member, a)
    {
        if (!asset_same(member, json_get(b, member->string)))
            return false;
    }
    return true;
}

#define STALE_US (5 * US_PER_S)

const cJSON *asset_show(struct asset *asset, const struct aws_call *call)
{
    if (!asset)
        return NULL;
    /* What others write into too is shown as it is: who writes back a document of seconds ago takes
     * others' statements out, and AWS has no conditional write that would tell. */
    const bool is_stale = !asset_is_shared(asset) && sim->now_us - asset->changed_us < STALE_US &&
                          chance_strikes(&sim->chance, FAULT_STALE_STATE);
    const cJSON *shown = is_stale ? asset->before : asset->now;

    if (asset_is_shared(asset) && call->aws && !call->given_up && !call->answer_lost) {
        const char *policy = asset_policy_of(asset, shown);

        cJSON_Delete(asset->seen);
        asset->seen = policy ? normal_document(policy) : NULL;
    }
    return shown;
}

/* Who deletes a role leaves its number behind in the policies that named it. */
static void forget_principal(const struct asset *role)
{
    cleanup(free_pointer)
    char *quoted = text_printf("\"%s\"", role->arn);
    static unsigned number;

    for (size_t i = 0; i < count; i++) {
        struct asset *asset = assets[i];
        const char *policy = asset->now ? asset_policy_of(asset, asset->now) : NULL;
        const char *place = policy ? strstr(policy, quoted) : NULL;

        /* Only as a principal: our policies name roles nowhere else behind "AWS". */
        if (!place || place - policy < 6 || strncmp(place - 6, "\"AWS\":", 6) != 0)
            continue;
        cleanup(free_pointer)
        char *changed = text_printf("%.*s\"AROA%08u\"%s", (int)(place - policy), policy, ++number,
                                    place + strlen(quoted));
        cJSON *next = cJSON_Duplicate(asset->now, true);

        asset_set_policy(asset, next, changed);
        asset_write(asset, next, NULL);
    }
}

/* Roles are known to other services at once, or after seconds. */
static void spread(struct asset *asset)
{
    asset->known_us = sim->now_us;
    if (asset->kind == RESOURCE_IAM_ROLE && chance_strikes(&sim->chance, FAULT_NOT_KNOWN_YET))
        asset->known_us += chance_between(&sim->chance, STREAM_WORLD, 1000, 20000) * US_PER_MS;
}

void asset_write(struct asset *asset, cJSON *next, const struct aws_call *call)
{
    if (call)
        bridge_promises_write(asset, next, call);
    if (asset_same(asset->now, next)) {
        if (!call) { /* only spelt anew */
            cJSON_Delete(asset->now);
            asset->now = next;
        } else {
            cJSON_Delete(next);
        }
        return;
    }
    story("    %s %s %s", call ? "the daemon" : "somebody",
          !next         ? "deletes"
          : !asset->now ? "makes"
                        : "changes",
          asset->key);
    if (!asset->now) {
        asset->made_by_daemon = call != NULL;
        spread(asset);
    }
    cJSON_Delete(asset->before);
    asset->before = asset->now;
    asset->now = next;
    asset->changed_us = sim->now_us;
    asset->others_writes += call == NULL;
    if (call)
        sim->deployments++;
    if (!next) {
        asset->gone_us = sim->now_us;
        if (asset->kind == RESOURCE_IAM_ROLE)
            forget_principal(asset);
    }
}

/* ---- what calls need ------------------------------------------------------------------------- */

bool asset_is_needed(struct aws_call *call, const char *arn, const char *code)
{
    const struct asset *asset = asset_find_by_arn(arn);

    if (asset && asset->now)
        return true;
    if (asset && call->aws)
        bridge_promises_needs(asset);
    call_refuse(call, ERROR_NOT_FOUND, code, "%s does not exist", arn);
    return false;
}

/* What each service says of a principal that it does not find. */
static const char *words_of(const struct aws_call *call)
{
    const char *service = service_of(call);

    return text_equal(service, "ecr")   ? "Invalid repository policy provided"
           : text_equal(service, "sqs") ? "Invalid value for the parameter Policy"
                                        : "Invalid principal in policy (" NOT_KNOWN_YET ")";
}

bool role_is_taken(struct aws_call *call, const char *arn, const char *code)
{
    struct asset *role = asset_find_by_arn(arn);

    if (role && role->now && role->known_us <= sim->now_us)
        return true;
    if (!role || !role->now) {
        if (role && call->aws)
            bridge_promises_needs(role);
        call_refuse(call, ERROR_INVALID, code,
                    "Invalid principal in policy: %s is not there: it cannot be assumed", arn);
        return false;
    }
    if (sim->now_us - role->refused_us > 120 * US_PER_S)
        role->refused_us = sim->now_us;
    call_refuse(call, ERROR_INVALID, code, "%s: %s cannot be assumed", words_of(call), arn);
    return false;
}

static bool principal_is_taken(struct aws_call *call, const cJSON *principal, const char *code)
{
    const cJSON *item;

    if (cJSON_IsString(principal))
        return !strstr(principal->valuestring, ":role/") ||
               role_is_taken(call, principal->valuestring, code);
    cJSON_ArrayForEach(item, principal)
    {
        if (!principal_is_taken(call, item, code))
            return false;
    }
    return true;
}

bool document_is_taken(struct aws_call *call, const char *policy, const char *code)
{
    cleanup(json_free)
    cJSON *document = text_is_empty(policy) ? NULL : normal_document(policy);
    const cJSON *statement;

    cJSON_ArrayForEach(statement, json_get(document, "Statement"))
    {
        if (!principal_is_taken(call, json_get(json_get(statement, "Principal"), "AWS"), code))
            return false;
    }
    return true;
}

/* ---- answers --------------------------------------------------------------------------------- */

static void release_json(void *document)
{
    cJSON_Delete(document);
}

const char *call_text(struct aws_call *call, const char *text)
{
    return arena_copy(&call->arena, text);
}

void call_answer_document(struct aws_call *call, cJSON *document)
{
    arena_adopt(&call->arena, document, release_json);
    call_answer(call, document);
}

void call_refuse_absent(struct aws_call *call, const char *code)
{
    call_refuse(call, ERROR_NOT_FOUND, code, "there is no such thing");
}

void tags_into(cJSON *state, const cJSON *list, const char *key, const char *value)
{
    cJSON *tags = cJSON_GetObjectItemCaseSensitive(state, "tags");
    const cJSON *tag;

    if (!tags)
        tags = json_add_object(state, "tags");
    cJSON_ArrayForEach(tag, list)
    {
        json_put(tags, json_get_text(tag, key), cJSON_CreateString(json_get_text(tag, value)));
    }
}

void tags_out(cJSON *state, const char *const *keys, size_t key_count, const cJSON *list)
{
    cJSON *tags = cJSON_GetObjectItemCaseSensitive(state, "tags");
    const cJSON *key;

    for (size_t i = 0; i < key_count; i++)
        cJSON_DeleteItemFromObjectCaseSensitive(tags, keys[i]);
    cJSON_ArrayForEach(key, list)
    {
        cJSON_DeleteItemFromObjectCaseSensitive(tags, json_text(key));
    }
}

cJSON *tags_as_list(const cJSON *state, const char *key, const char *value)
{
    cJSON *list = cJSON_CreateArray();
    const cJSON *member;

    cJSON_ArrayForEach(member, json_get(state, "tags"))
    {
        cJSON *tag = cJSON_CreateObject();

        json_add_text(tag, key, member->string);
        json_add_text(tag, value, json_text(member));
        cJSON_AddItemToArray(list, tag);
    }
    return list;
}
