/* Strangers: what was there before, what they change by hand, and what CloudTrail tells of it. */
#include "base/text.h"
#include "bridge/bridge.h"
#include "bridge/normal.h"
#include "sim/bridge_world.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static uint64_t draw(uint64_t below)
{
    return chance_below(&sim->chance, STREAM_WORLD, below);
}

/* ---- CloudTrail ------------------------------------------------------------------------------ */

/* How records name a resource, by kind; as CloudTrail does. */
static const struct {
    const char *source;
    const char *parameter;
} recorded[] = {
    [RESOURCE_SQS_QUEUE] = {"sqs.amazonaws.com", "queueUrl"},
    [RESOURCE_IAM_POLICY] = {"iam.amazonaws.com", "policyArn"},
    [RESOURCE_IAM_ROLE] = {"iam.amazonaws.com", "roleName"},
    [RESOURCE_EVENT_BUS] = {"events.amazonaws.com", "eventBusName"},
    [RESOURCE_EVENT_RULE] = {"events.amazonaws.com", "rule"},
    [RESOURCE_ECR_REPOSITORY] = {"ecr.amazonaws.com", "repositoryName"},
    [RESOURCE_S3_BUCKET_POLICY] = {"s3.amazonaws.com", "bucketName"},
    [RESOURCE_KMS_KEY_POLICY] = {"kms.amazonaws.com", "keyId"},
    [RESOURCE_PACKAGE_GROUP_POLICY] = {"sagemaker.amazonaws.com", "modelPackageGroupName"},
};

static cJSON *record_of(const struct asset *asset, const char *call, bool daemon)
{
    cJSON *event = cJSON_CreateObject();
    cJSON *detail;
    cJSON *identity;
    cleanup(free_pointer)
    char *url = text_printf("https://sqs.us-east-1.amazonaws.com/%s/%s", account_id(asset->account),
                            asset->name);
    const bool by_arn =
        asset->kind == RESOURCE_IAM_POLICY || asset->kind == RESOURCE_KMS_KEY_POLICY;

    json_add_text(event, "detail-type", "AWS API Call via CloudTrail");
    json_add_text(event, "account", account_id(asset->account));
    detail = json_add_object(event, "detail");
    json_add_text(detail, "eventSource", recorded[asset->kind].source);
    json_add_text(detail, "eventName", call);
    json_add_text(detail, "eventTime", "2026-01-01T00:00:00Z");
    json_add_text(detail, "sourceIPAddress", "192.0.2.1");
    json_add_text(detail, "userAgent", daemon ? "causeway/1" : "aws-cli/2");
    identity = json_add_object(detail, "userIdentity");
    json_add_text(identity, "arn",
                  daemon ? "arn:aws:sts::" HOME_ACCOUNT ":assumed-role/" OWN_ROLE "/i-1"
                         : "arn:aws:iam::" STAGING_ACCOUNT ":user/jane");
    if (daemon)
        json_add_text(json_add_object(json_add_object(identity, "sessionContext"), "sessionIssuer"),
                      "arn", "arn:aws:iam::" HOME_ACCOUNT ":role/" OWN_ROLE);
    json_add_text(json_add_object(detail, "requestParameters"), recorded[asset->kind].parameter,
                  asset->kind == RESOURCE_SQS_QUEUE ? url
                  : by_arn                          ? asset->arn
                                                    : asset->name);
    return event;
}

static void arrive(void *context)
{
    cJSON *event = context;
    struct process *process = process_in_charge();

    if (process) {
        sim->running = process;
        if (!bridge_event(process->bridge, event, 0))
            broken("CloudTrail's records are the bridge's", "it did not take one");
        sim->running = NULL;
    }
    cJSON_Delete(event);
}

void trail_records(const struct asset *asset, const char *call, bool daemon)
{
    int64_t delay_us = chance_between(&sim->chance, STREAM_WORLD, 500, 60000) * US_PER_MS;

    if (chance_strikes(&sim->chance, FAULT_HINT_LOST))
        return;
    if (chance_strikes(&sim->chance, FAULT_HINT_LATE))
        delay_us += chance_between(&sim->chance, STREAM_WORLD, 60, 900) * US_PER_S;
    sim_later(delay_us, arrive, record_of(asset, call, daemon));
}

static void change(struct asset *asset, cJSON *next)
{
    asset_write(asset, next, NULL);
    trail_records(asset, next ? "Change" : "Delete", false);
}

/* ---- what was there before ------------------------------------------------------------------- */

#define FOREIGN_STATEMENT                                                               \
    "{\"Sid\":\"Theirs%u\",\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::" \
    "111122223333:root\"},\"Action\":\"%s\",\"Resource\":\"*\"}"

static unsigned foreign_number;

static char *foreign_statement(void)
{
    return text_printf(FOREIGN_STATEMENT, ++foreign_number,
                       draw(2) ? "sns:Publish" : "logs:PutLogEvents");
}

static void there(struct asset *asset, cJSON *state)
{
    asset_write(asset, state, NULL);
    asset->changed_us = INT64_MIN / 2;
    asset->known_us = 0;
}

static void there_with_policy(const char *account, enum resource_kind kind, const char *name)
{
    cleanup(free_pointer)
    char *statement = foreign_statement();
    cleanup(free_pointer)
    char *policy = text_printf("{\"Version\":\"2012-10-17\",\"Statement\":[%s]}", statement);
    cJSON *state = cJSON_CreateObject();

    json_add_text(state, "policy", policy);
    there(asset_take(account, kind, NULL, name), state);
}

static cJSON *role_state(const char *trust)
{
    cJSON *state = cJSON_CreateObject();

    json_add_text(state, "path", "/");
    json_add_text(state, "trust", trust);
    json_add_integer(state, "max_session", 3600);
    json_add_array(state, "managed");
    json_add_object(state, "inline");
    json_add_object(state, "tags");
    return state;
}

#define TRUST_OF_EC2                                                    \
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\"," \
    "\"Principal\":{\"Service\":\"ec2.amazonaws.com\"},\"Action\":\"sts:AssumeRole\"}]}"

static void strange_rule(void)
{
    struct asset *asset = asset_take("prod", RESOURCE_EVENT_RULE, "default", "causeway-not");
    cJSON *state = cJSON_CreateObject();

    json_add_text(state, "pattern", "{\"source\":[\"aws.ec2\"]}");
    json_add_text(state, "state", "ENABLED");
    json_add_array(state, "targets");
    json_add_object(state, "tags");
    there(asset, state);
    asset->is_strange = true;
}

static void strange_role(void)
{
    struct asset *asset = asset_take("staging", RESOURCE_IAM_ROLE, NULL, "theirs");

    there(asset, role_state(TRUST_OF_EC2));
    asset->is_strange = true;
}

static int64_t unsure_until_us;

void strangers_begin(void)
{
    static const char *const buckets[] = {"artifacts", "more-artifacts", "lent", "shared"};

    unsure_until_us = 0;
    there(asset_take("prod", RESOURCE_IAM_ROLE, NULL, OWN_ROLE), role_state(TRUST_OF_EC2));
    there(asset_take("staging", RESOURCE_IAM_ROLE, NULL, STAGING_ROLE), role_state(TRUST_OF_EC2));
    for (size_t i = 0; i < array_length(buckets); i++)
        there_with_policy("staging", RESOURCE_S3_BUCKET_POLICY, buckets[i]);
    there_with_policy("staging", RESOURCE_ECR_REPOSITORY, "inference");
    if (draw(2)) /* what the file makes where it is missing, made by somebody else */
        there_with_policy("staging", RESOURCE_ECR_REPOSITORY, "tools");
    there_with_policy("staging", RESOURCE_PACKAGE_GROUP_POLICY, "scores");
    there_with_policy("staging", RESOURCE_KMS_KEY_POLICY,
                      "arn:aws:kms:us-east-1:" STAGING_ACCOUNT
                      ":key/1234abcd-12ab-34cd-56ef-1234567890ab");
    strange_rule();
    strange_role();
}

/* ---- hands ----------------------------------------------------------------------------------- */

/* One that is there, of the first kind wanted; NULL where the draw hits nothing. */
static struct asset *pick(void)
{
    struct asset *asset = asset_at(draw(asset_count()));

    return asset->now ? asset : NULL;
}

static bool is_own_role(const struct asset *asset)
{
    return asset->kind == RESOURCE_IAM_ROLE &&
           (text_equal(asset->name, OWN_ROLE) || text_equal(asset->name, STAGING_ROLE));
}

static cJSON *policy_of(const struct asset *asset)
{
    const char *policy = asset_policy_of(asset, asset->now);

    return policy ? normal_document(policy) : NULL;
}

static void write_policy(struct asset *asset, const cJSON *policy)
{
    cleanup(free_pointer)
    char *text = policy && json_get(policy, "Statement")->child ? json_print(policy) : NULL;
    cJSON *next = cJSON_Duplicate(asset->now, true);

    asset_set_policy(asset, next, text);
    change(asset, next);
}

/* One of our statements is changed, or taken out. */
static void edit_our_statement(struct asset *asset)
{
    cleanup(json_free)
    cJSON *policy = policy_of(asset);
    cJSON *statements = cJSON_GetObjectItemCaseSensitive(policy, "Statement");
    const int count = cJSON_GetArraySize(statements);
    const int place = count ? (int)draw((uint64_t)count) : 0;
    cJSON *statement = cJSON_GetArrayItem(statements, place);

    if (!statement || !sid_is_ours(json_get_text(statement, "Sid")))
        return;
    if (draw(2))
        cJSON_DeleteItemFromArray(statements, place);
    else
        json_put(statement, "Effect", cJSON_CreateString("Deny"));
    if (count == 1 && asset->kind == RESOURCE_KMS_KEY_POLICY)
        return;
    write_policy(asset, policy);
}

static void edit_role(struct asset *asset, cJSON *next)
{
    cJSON *written = cJSON_GetObjectItemCaseSensitive(next, "inline");

    switch (draw(4)) {
    case 0:
        if (!is_own_role(asset))
            json_put(next, "trust", cJSON_CreateString(TRUST_OF_EC2));
        break;
    case 1:
        if (written->child)
            cJSON_DeleteItemFromObjectCaseSensitive(written, written->child->string);
        break;
    case 2:
        json_put(next, "description", cJSON_CreateString("changed by hand"));
        break;
    default:
        cJSON_DeleteItemFromArray(cJSON_GetObjectItemCaseSensitive(next, "managed"), 0);
        break;
    }
}

static void edit_rule(cJSON *next)
{
    switch (draw(3)) {
    case 0:
        json_put(next, "state", cJSON_CreateString("DISABLED"));
        break;
    case 1:
        json_put(next, "pattern", cJSON_CreateString("{\"source\":[\"aws.nothing\"]}"));
        break;
    default:
        json_put(next, "targets", cJSON_CreateArray());
        break;
    }
}

/* A policy gets a new version by hand; with five, the oldest goes. */
static void edit_policy(cJSON *next)
{
    cJSON *versions = cJSON_GetObjectItemCaseSensitive(next, "versions");
    cJSON *version;

    cJSON_ArrayForEach(version, versions)
    {
        if (json_get_bool(version, "default", false))
            json_put(version, "document",
                     cJSON_CreateString("{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":"
                                        "\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}]}"));
    }
}

static void edit_ours(struct asset *asset)
{
    cJSON *next;

    if (asset_is_shared(asset) && (asset->kind != RESOURCE_SQS_QUEUE || draw(2))) {
        edit_our_statement(asset);
        return;
    }
    next = cJSON_Duplicate(asset->now, true);
    switch (asset->kind) {
    case RESOURCE_IAM_ROLE:
        edit_role(asset, next);
        break;
    case RESOURCE_IAM_POLICY:
        edit_policy(next);
        break;
    case RESOURCE_EVENT_RULE:
        edit_rule(next);
        break;
    default:
        json_put(cJSON_GetObjectItemCaseSensitive(next, "attributes"), "MessageRetentionPeriod",
                 cJSON_CreateString("600"));
        break;
    }
    change(asset, next);
}

/* Of a role, a queue or a rule; a bus and what others made stay. */
static void remove_ours(struct asset *asset)
{
    if (is_own_role(asset) || asset->is_strange || asset->kind == RESOURCE_EVENT_BUS ||
        asset->kind == RESOURCE_ECR_REPOSITORY || asset->kind == RESOURCE_S3_BUCKET_POLICY ||
        asset->kind == RESOURCE_KMS_KEY_POLICY || asset->kind == RESOURCE_PACKAGE_GROUP_POLICY)
        return;
    if (asset->kind == RESOURCE_IAM_POLICY)
        for (size_t i = 0; i < asset_count(); i++) {
            struct asset *role = asset_at(i);

            if (role->kind != RESOURCE_IAM_ROLE || !role->now ||
                !json_get(role->now, "managed")->child)
                continue;
            cJSON *next = cJSON_Duplicate(role->now, true);

            json_put(next, "managed", cJSON_CreateArray());
            change(role, next);
        }
    change(asset, NULL);
}

static void add_foreign_statement(struct asset *asset)
{
    struct error error;
    cleanup(free_pointer)
    char *text = foreign_statement();
    cleanup(json_free)
    cJSON *policy = policy_of(asset);

    if (!policy)
        policy = normal_document("{\"Version\":\"2012-10-17\",\"Statement\":[]}");
    cJSON_AddItemToArray(cJSON_GetObjectItemCaseSensitive(policy, "Statement"),
                         json_parse(text, strlen(text), 4096, &error));
    write_policy(asset, policy);
}

static void take_foreign_statement(struct asset *asset)
{
    cleanup(json_free)
    cJSON *policy = policy_of(asset);
    cJSON *statements = cJSON_GetObjectItemCaseSensitive(policy, "Statement");
    cJSON *first = statements ? statements->child : NULL;

    if (!first || sid_is_ours(json_get_text(first, "Sid")) || !first->next)
        return;
    cJSON_DeleteItemFromArray(statements, 0);
    write_policy(asset, policy);
}

static void edit_theirs(struct asset *asset)
{
    if (asset_is_shared(asset)) {
        if (draw(3) > 0)
            add_foreign_statement(asset);
        else
            take_foreign_statement(asset);
        return;
    }
    cJSON *next = cJSON_Duplicate(asset->now, true);

    if (asset->kind == RESOURCE_IAM_ROLE && text_equal(asset->name, OWN_ROLE) && draw(2))
        json_put(cJSON_GetObjectItemCaseSensitive(next, "inline"), "theirs",
                 cJSON_CreateString("{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":"
                                    "\"Allow\",\"Action\":\"logs:*\",\"Resource\":\"*\"}]}"));
    else
        json_put(cJSON_GetObjectItemCaseSensitive(next, "tags"), "cost",
                 cJSON_CreateString(draw(2) ? "1" : "2"));
    change(asset, next);
}

/* The same meaning: actions as a list, or in the other order. */
static void spell_anew(struct asset *asset)
{
    cleanup(json_free)
    cJSON *policy = policy_of(asset);
    cJSON *statement;

    if (!policy)
        return;
    cJSON_ArrayForEach(statement, json_get(policy, "Statement"))
    {
        const cJSON *action = json_get(statement, "Action");
        cJSON *list = cJSON_CreateArray();
        const cJSON *item;

        if (cJSON_IsString(action))
            cJSON_AddItemToArray(list, cJSON_CreateString(action->valuestring));
        cJSON_ArrayForEach(item, action)
        {
            cJSON_InsertItemInArray(list, 0, cJSON_Duplicate(item, true));
        }
        json_put(statement, "Action", list);
    }
    write_policy(asset, policy);
}

bool bridge_is_sure(void *context)
{
    (void)context;
    return sim->now_us >= unsure_until_us;
}

void bridge_some_trouble(void)
{
    static const struct {
        enum fault fault;
        void (*act)(struct asset *asset);
    } hands[] = {
        {FAULT_OURS_EDITED, edit_ours},
        {FAULT_OURS_REMOVED, remove_ours},
        {FAULT_THEIRS_EDITED, edit_theirs},
        {FAULT_SPELT_ANEW, spell_anew},
    };

    for (size_t i = 0; i < array_length(hands); i++) {
        struct asset *asset = chance_strikes(&sim->chance, hands[i].fault) ? pick() : NULL;

        if (asset)
            hands[i].act(asset);
    }
    if (chance_strikes(&sim->chance, FAULT_NOT_SURE))
        unsure_until_us =
            sim->now_us + chance_between(&sim->chance, STREAM_WORLD, 100, 30000) * US_PER_MS;
    bridge_operator_comes();
}
