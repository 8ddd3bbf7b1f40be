#include "config/config_internal.h"
#include "config/expression.h"

#include "base/cron.h"
#include "base/text.h"
#include "base/zone.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The place of a mapping's key's value; the mapping's own where it is absent. */
static const struct config_place *place_of(const struct node *mapping, const char *key)
{
    const struct node *child = node_get(mapping, key);

    return child ? &child->place : &mapping->place;
}

/* The first child of a mapping's key; NULL where it has none. */
static const struct node *first_of(const struct node *mapping, const char *key)
{
    const struct node *child = node_get(mapping, key);

    return child ? child->first : NULL;
}

/* ---- accounts --------------------------------------------------------------------------- */

static void free_map(struct map *map)
{
    map_free(map);
}

static void check_accounts(struct loading *loading)
{
    cleanup(free_map)
    struct map by_id = {0};
    struct config *config = loading->config;
    const struct node *node = first_of(loading->tree, "accounts");

    for (size_t i = 0; i < config->account_count; i++, node = node->next) {
        const struct config_account *account = &config->accounts[i];

        if (node->faulty)
            continue;
        const struct config_account *twin = map_get(&by_id, account->id);

        if (twin)
            say(loading, place_of(node, "id"), "the accounts \"%s\" and \"%s\" have the same id",
                twin->name, account->name);
        else
            map_put(&by_id, account->id, &config->accounts[i]);
        if (account->external_id && !account->assume_role)
            say(loading, place_of(node, "external_id"),
                "\"external_id\" needs \"assume_role\" beside it");
    }
}

/* Whether the daemon can do anything in the account, which is said where it cannot: without a role
 * its own credentials are used, and those are the home account's. */
static void need_way_in(struct loading *loading, const char *name, const struct config_place *place)
{
    const struct config_account *account = config_find_account(loading->config, name);
    const char *home = loading->config->home;

    if (account && !account->assume_role && home && !text_equal(name, home))
        say(loading, place,
            "the account \"%s\" needs an \"assume_role\": nothing can be made there with the home "
            "account's own credentials",
            name);
}

/* ---- store ------------------------------------------------------------------------------ */

static void check_store(struct loading *loading)
{
    const struct config_store_dynamodb *table = loading->config->store_dynamodb;
    const struct node *node = node_get(node_get(loading->tree, "store"), "dynamodb");

    if (table && table->account)
        need_way_in(loading, table->account, place_of(node, "account"));
}

/* ---- bridge ----------------------------------------------------------------------------- */

static void check_bridge(struct loading *loading)
{
    const struct config *config = loading->config;
    const struct config_bridge *bridge = config->bridge;
    const struct node *node = node_get(loading->tree, "bridge");

    if (!bridge || node->faulty)
        return;
    const struct config_account *from = config_find_account(config, bridge->from);
    const struct config_account *to = config_find_account(config, bridge->to);

    need_way_in(loading, bridge->from, place_of(node, "from"));
    if (text_equal(bridge->from, bridge->to))
        say(loading, place_of(node, "to"), "the bridge leads from \"%s\" to itself", bridge->to);
    else if (config->home && !text_equal(bridge->to, config->home))
        say(loading, place_of(node, "to"),
            "the bridge must lead to the home account, \"%s\": the queue and the endpoints are "
            "there",
            config->home);
    if (from && from->region && to && to->region &&
        !text_equal(partition_of(from->region), partition_of(to->region)))
        say(loading, place_of(node, "from"),
            "no bridge leads from %s to %s: roles of one are unknown in the other",
            partition_of(from->region), partition_of(to->region));
}

/* ---- deployments ------------------------------------------------------------------------ */

static const struct {
    int64_t least_percent;
    int64_t greatest_percent;
} steps[] = {
    [ROLLOUT_CANARY] = {1, 50},
    [ROLLOUT_LINEAR] = {10, 50},
    [ROLLOUT_ROLLING] = {5, 50},
};

static void check_rollout(struct loading *loading, const struct config_deployment *deployment,
                          const struct node *node)
{
    const struct config_rollout *rollout = &deployment->rollout;
    const struct node *part = node_get(node, "rollout");
    const char *name = schema_choices[CHOICES_ROLLOUT][rollout->type];

    if (!part)
        return;
    if (rollout->type == ROLLOUT_ALL_AT_ONCE) {
        if (rollout->step)
            say(loading, place_of(part, "step"), "all-at-once has no steps: give a \"type\"");
        return;
    }
    if (!rollout->step)
        say(loading, &part->place, "\"rollout\": %s needs a \"step\"", name);
    else if (rollout->step_is_percent && (rollout->step < steps[rollout->type].least_percent ||
                                          rollout->step > steps[rollout->type].greatest_percent))
        say(loading, place_of(part, "step"),
            "a step of %s may be from %" PRId64 "%% to %" PRId64 "%%, not %" PRId64 "%%", name,
            steps[rollout->type].least_percent, steps[rollout->type].greatest_percent,
            rollout->step);
    else if (!rollout->step_is_percent && node_get(node, "variant") &&
             rollout->step * 2 > deployment->variant.count)
        say(loading, place_of(part, "step"),
            "a step may be at most half of the instances, of which there are %" PRId64
            "; not %" PRId64,
            deployment->variant.count, rollout->step);
}

static void check_verifications(struct loading *loading, const struct config_deployment *deployment,
                                const struct node *node)
{
    const struct node *list = node_get(node, "verify");
    const struct node *item = list ? list->first : NULL;

    for (size_t i = 0; item && i < deployment->verify_count; i++, item = item->next) {
        const char *pattern = deployment->verify[i].matches;
        const char *pointer = deployment->verify[i].pointer;
        cleanup(free_pointer)
        char *why = pattern ? expression_refusal(pattern) : NULL;

        if (why)
            say(loading, place_of(node_get(item, "expect"), "matches"),
                "\"matches\" must be a POSIX extended regular expression: %s", why);
        if (pointer && !json_pointer_is_valid(pointer))
            say(loading, place_of(node_get(item, "expect"), "pointer"),
                "\"pointer\" must be a JSON Pointer such as /predictions/0, not %s",
                quoted(loading, pointer));
    }
}

static void check_container(struct loading *loading, const struct config_deployment *deployment,
                            const struct node *node)
{
    bool by_sagemaker = deployment->driver == DRIVER_SAGEMAKER;
    bool is_project = deployment->artifact.form == ARTIFACT_SAGEMAKER_PROJECT;

    if (by_sagemaker && !is_project && !deployment->variant_count &&
        !deployment->variant.instance_type && !deployment->variant.serverless)
        say(loading, place_of(node, "variant"),
            "\"variant\" needs an \"instance_type\": the artifact does not say");
    if (by_sagemaker && deployment->artifact.form == ARTIFACT_MODEL && !deployment->container.image)
        say(loading, place_of(node, "container"),
            "\"container\" needs an \"image\": a model.tar.gz does not say");
    if (!by_sagemaker && deployment->mirror)
        say(loading, place_of(node, "mirror"),
            "\"mirror\" is for the driver sagemaker: a template names its images itself");
    if (!by_sagemaker && !is_project)
        say(loading, place_of(node, "driver"),
            "cloudformation needs the artifact's form to be sagemaker-project: only that has a "
            "template");
}

static void check_artifact(struct loading *loading, const struct config_deployment *deployment,
                           const struct node *node)
{
    static const char *const places[] = {"pipeline", "bucket", "uri"};
    const struct node *artifact = node_get(node, "artifact");
    bool is_package = deployment->artifact.form == ARTIFACT_MODEL_PACKAGE;
    const struct node *found = NULL;

    for (size_t i = 0; i < array_length(places) && !found; i++)
        found = node_get(artifact, places[i]);
    if (!found && !is_package)
        say(loading, &artifact->place,
            "\"artifact\" needs one of \"pipeline\", \"bucket\", \"uri\"");
    else if (found && is_package)
        say(loading, &found->name_place,
            "a model-package is named by the event; \"%s\" has no meaning here", found->name);
}

static void check_freezes(struct loading *loading, const struct config_deployment *deployment,
                          const struct node *node)
{
    const struct node *list = node_get(node, "freeze");
    const struct node *item = list ? list->first : NULL;
    struct cron cron;
    struct error error;

    for (size_t i = 0; item && i < deployment->freeze_count; i++, item = item->next) {
        if (cron_read(deployment->freeze[i].at, &cron, &error) < 0)
            say(loading, place_of(item, "at"), "\"at\": %s", error.sentence);
    }
}

/* Fields that name things are ours: another name would hide from us what was made. */
static void check_overlay(struct loading *loading, const struct node *node)
{
    static const char *const parts[] = {"model", "endpoint_config", "endpoint"};
    static const char *const names[] = {"ModelName", "EndpointConfigName", "EndpointName"};
    const struct node *overlay = node_get(node, "overlay");

    for (size_t i = 0; i < array_length(parts); i++) {
        for (size_t k = 0; k < array_length(names); k++) {
            const struct node *child = node_get(node_get(overlay, parts[i]), names[k]);

            if (child)
                say(loading, &child->name_place, "\"%s\" cannot be overlaid: Causeway sets it",
                    names[k]);
        }
    }
}

/* Roles are passed to services of the home account, which take none of another's. */
static void check_role(struct loading *loading, const char *role, const struct config_place *place)
{
    const struct config_account *home = config_home(loading->config);
    const char *id = role ? strstr(role, ":iam::") + strlen(":iam::") : NULL;

    if (id && home && home->id && strncmp(id, home->id, strlen(home->id)) != 0)
        say(loading, place,
            "the role is in account %.12s; it must be one of the home account, %s, to work there",
            id, home->id);
}

/* Keys that would do nothing. */
static void check_stack(struct loading *loading, const struct config_deployment *deployment,
                        const struct node *node)
{
    static const char *const keys[] = {"stack", "capabilities", "stack_role"};

    check_role(loading, deployment->stack_role, place_of(node, "stack_role"));
    for (size_t i = 0; i < array_length(keys); i++) {
        const struct node *child = node_get(node, keys[i]);

        if (child && deployment->driver != DRIVER_CLOUDFORMATION)
            say(loading, &child->name_place, "\"%s\" is for the driver cloudformation", keys[i]);
    }
}

/* Memory sizes that SageMaker has. */
#define MEMORY_STEP 1024

static void check_serverless(struct loading *loading, const struct config_deployment *deployment,
                             const struct config_variant *variant, const struct node *node)
{
    const struct config_serverless *serverless = variant->serverless;

    if (!serverless)
        return;
    if (serverless->memory % MEMORY_STEP)
        say(loading, place_of(node_get(node, "serverless"), "memory"),
            "\"memory\" must be a multiple of %d, not %" PRId64, MEMORY_STEP, serverless->memory);
    if (node_get(node, "count"))
        say(loading, place_of(node, "count"), "a serverless variant has no instances to count");
    if (deployment->container.multi_model)
        say(loading, place_of(node, "serverless"),
            "a container of many models cannot be serverless: SageMaker refuses it");
    if (deployment->asynchronous)
        say(loading, place_of(node, "serverless"),
            "asynchronous inference cannot be serverless: SageMaker refuses it");
}

/* One of several, or a shadow: it has to say what it runs on. */
static void check_variant(struct loading *loading, const struct config_deployment *deployment,
                          const struct config_variant *variant, const struct node *node)
{
    if (!variant->instance_type && !variant->serverless)
        say(loading, &node->place, "the variant \"%s\" needs an \"instance_type\"", variant->name);
    check_serverless(loading, deployment, variant, node);
}

/* What SageMaker's InvokeEndpointAsync has no word for. */
static void check_asynchronous(struct loading *loading, const struct config_deployment *deployment,
                               const struct node *node)
{
    const struct node *item = first_of(node, "verify");

    for (size_t i = 0; item && deployment->asynchronous && i < deployment->verify_count;
         i++, item = item->next) {
        const struct config_verification *verification = &deployment->verify[i];

        if (verification->target_model || verification->target_variant)
            say(loading, &item->place,
                "asynchronous inference takes no \"target_model\" and no \"target_variant\"");
        if (verification->expect_status != 200)
            say(loading, &item->place,
                "asynchronous inference has no status to expect: an answer comes, or a failure");
    }
}

static void check_variants(struct loading *loading, const struct config_deployment *deployment,
                           const struct node *node)
{
    const struct node *item = first_of(node, "variants");
    const struct node *shadow = node_get(node, "shadow");

    check_serverless(loading, deployment, &deployment->variant, node_get(node, "variant"));
    for (size_t i = 0; item && i < deployment->variant_count; i++, item = item->next) {
        check_variant(loading, deployment, &deployment->variants[i], item);
        for (size_t j = 0; j < i; j++)
            if (text_equal(deployment->variants[j].name, deployment->variants[i].name))
                say(loading, &item->place, "two variants are called \"%s\"",
                    deployment->variants[i].name);
    }
    check_asynchronous(loading, deployment, node);
    if (!deployment->shadow)
        return;
    check_variant(loading, deployment, deployment->shadow, shadow);
    if (deployment->variant_count > 1)
        say(loading, place_of(node, "shadow"),
            "a shadow stands beside one production variant, not %zu", deployment->variant_count);
    if (deployment->asynchronous)
        say(loading, place_of(node, "shadow"), "asynchronous inference has no shadows");
    if (text_equal(deployment->shadow->name, deployment->variant_count
                                                 ? deployment->variants[0].name
                                                 : deployment->variant.name))
        say(loading, &shadow->place, "the shadow needs a name of its own, other than \"%s\"",
            deployment->shadow->name);
}

/* A freeze in a zone that nobody knows would begin at some other time. */
static void check_zones(struct loading *loading, const struct config_deployment *deployment,
                        const struct node *node)
{
    const struct node *item = first_of(node, "freeze");

    for (size_t i = 0; item && i < deployment->freeze_count; i++, item = item->next) {
        const char *name = deployment->freeze[i].zone;
        struct error error;
        cleanup(zone_free_pointer)
        struct zone *zone = zone_load(name, &error);

        if (!zone)
            say(loading, place_of(item, "zone"), "this machine knows no time zone %s",
                quoted(loading, name));
    }
}

static void check_deployment(struct loading *loading, struct config_deployment *deployment,
                             const struct node *node)
{
    const struct config_bridge *bridge = loading->config->bridge;

    if (!deployment->model_bucket && bridge)
        deployment->model_bucket = bridge->model_bucket;
    if (!deployment->model_bucket && !bridge)
        say(loading, &node->place,
            "\"model_bucket\" is missing, and there is no bridge that has one");
    check_rollout(loading, deployment, node);
    check_verifications(loading, deployment, node);
    check_container(loading, deployment, node);
    check_artifact(loading, deployment, node);
    check_freezes(loading, deployment, node);
    check_overlay(loading, node);
    check_role(loading, deployment->execution_role, place_of(node, "execution_role"));
    check_stack(loading, deployment, node);
    check_variants(loading, deployment, node);
    check_zones(loading, deployment, node);
}

/* ---- resources -------------------------------------------------------------------------- */

/* Says which statement of a shared policy has no Sid, where only those with ours are owned. */
static void need_sids(struct loading *loading, const struct node *policy)
{
    const struct node *list = node_get(policy, "statements");

    if (!list)
        list = node_get(policy, "Statement");
    const struct node *item = list && list->kind == NODE_LIST ? list->first : list;

    for (; item; item = list->kind == NODE_LIST ? item->next : NULL)
        if (!node_get(item, "Sid"))
            say(loading, &item->place,
                "a statement needs a \"Sid\" to be told from those of others; or own the whole "
                "policy with \"owns: document\"");
}

/* EventBridge's limit on a pattern's text. */
#define PATTERN_BYTES 4096

static void check_event_rule(struct loading *loading, const struct config_resource *resource,
                             const struct node *node)
{
    cleanup(free_map)
    struct map ids = {0};
    const struct node *targets = node_get(node, "targets");
    const cJSON *pattern = json_get(resource->fields, "pattern");
    cleanup(free_pointer)
    char *text = pattern ? json_print(pattern) : NULL;

    if (text && strlen(text) > PATTERN_BYTES)
        say(loading, place_of(node, "pattern"),
            "EventBridge takes patterns of at most %d bytes; this one has %zu", PATTERN_BYTES,
            strlen(text));
    if (json_get(resource->fields, "schedule") &&
        !text_equal(json_get_text(resource->fields, "bus"), "default"))
        say(loading, place_of(node, "schedule"), "schedules run on the default bus only");
    for (struct node *item = targets ? targets->first : NULL; item; item = item->next) {
        struct node *input = node_get(item, "input");
        const char *id = interpolate(loading, node_get(item, "id"));
        const char *json = input ? interpolate(loading, input) : NULL;
        struct error error;

        if (map_put(&ids, id, item))
            say(loading, place_of(item, "id"), "two targets have the id %s", quoted(loading, id));
        cJSON *document = json ? json_parse(json, strlen(json), strlen(json), &error) : NULL;

        if (json && !document)
            say(loading, &input->place, "\"input\" must be JSON: %s", error.sentence);
        cJSON_Delete(document);
    }
}

static void check_twin(struct loading *loading, struct map *seen,
                       const struct config_resource *resource, const struct node *node)
{
    const char *bus = json_get_text(resource->fields, "bus");
    const char *identity = arena_printf(&loading->scratch, "%s\n%s\n%s\n%s", resource->kind,
                                        resource->account, bus ? bus : "", resource->name);
    const struct node *twin = map_get(seen, identity);

    if (twin)
        say(loading, &node->place, "the %s %s of account %s is in %s:%u:%u already", resource->kind,
            quoted(loading, resource->name), quoted(loading, resource->account), twin->place.file,
            twin->place.line, twin->place.column);
    else
        map_put(seen, identity, (void *)(uintptr_t)node);
}

static void check_resource(struct loading *loading, struct config_resource *resource,
                           const struct node *node)
{
    const struct schema_kind *kind = schema_find_kind(resource->kind);

    if (schema_find(kind->section, "owns") && resource->owns == OWNS_STATEMENTS)
        need_sids(loading, node_get(node, "policy"));
    if (kind->section == SECTION_EVENT_RULE)
        check_event_rule(loading, resource, node);
    resource->own_mode = node_get(node, "mode") != NULL;
    if (!resource->own_mode)
        resource->mode = loading->config->reconcile.mode;
}

static void check_resources(struct loading *loading)
{
    cleanup(free_map)
    struct map seen = {0};
    struct config *config = loading->config;
    const struct node *node = first_of(loading->tree, "resources");

    for (size_t i = 0; i < config->resource_count; i++, node = node->next) {
        if (node->faulty)
            continue;
        need_way_in(loading, config->resources[i].account, place_of(node, "account"));
        check_twin(loading, &seen, &config->resources[i], node);
        check_resource(loading, &config->resources[i], node);
    }
}

/* ---- the whole ---------------------------------------------------------------------------- */

static void check_listen(struct loading *loading)
{
    const char *address = loading->config->http_listen;
    uint64_t port;

    if (address && (!text_to_u64(strrchr(address, ':') + 1, &port) || port > 65535))
        say(loading, place_of(node_get(loading->tree, "listen"), "http"),
            "a port is a number from 0 to 65535");
}

void check_whole(struct loading *loading)
{
    struct config *config = loading->config;
    const struct node *node = first_of(loading->tree, "deployments");

    check_accounts(loading);
    check_store(loading);
    check_bridge(loading);
    check_resources(loading);
    for (size_t i = 0; i < config->deployment_count; i++, node = node->next)
        if (!node->faulty)
            check_deployment(loading, &config->deployments[i], node);
    check_listen(loading);
    if (!config->result_bus && config->bridge)
        config->result_bus = config->bridge->bus;
}
