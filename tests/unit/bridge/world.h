/* A configuration from text, the design's example in it, and what accounts look like that are as it
 * says: for the bridge's tests. */
#ifndef CAUSEWAY_TESTS_BRIDGE_WORLD_H
#define CAUSEWAY_TESTS_BRIDGE_WORLD_H

#include "base/buffer.h"
#include "base/json.h"
#include "base/text.h"
#include "bridge/expand.h"
#include "bridge/plan.h"
#include "bridge/resource.h"
#include "config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define PROD "361769565206"
#define STAGING "345594592951"
#define KEY "arn:aws:kms:us-east-1:" STAGING ":key/1234abcd-12ab-34cd-56ef-1234567890ab"

#define ACCOUNTS                                                             \
    "version: 1\n"                                                           \
    "home: prod\n"                                                           \
    "accounts:\n"                                                            \
    "  prod: { id: \"" PROD "\", region: us-east-1 }\n"                      \
    "  staging: { id: \"" STAGING "\", region: us-east-1,\n"                 \
    "    assume_role: \"arn:aws:iam::" STAGING ":role/causeway-staging\",\n" \
    "    external_id: causeway }\n"                                          \
    "queue: { name: causeway-events }\n"

#define BRIDGE                                                                        \
    "bridge:\n"                                                                       \
    "  from: staging\n"                                                               \
    "  to: prod\n"                                                                    \
    "  bus: cross-account-bus\n"                                                      \
    "  pipelines: [fraud-scorer-deploy]\n"                                            \
    "  artifact_buckets: [axcess-devst-sagemaker, sagemaker-us-east-1-" STAGING "]\n" \
    "  model_bucket: prod-models\n"                                                   \
    "  repositories: [sagemaker-inference]\n"                                         \
    "  kms_keys: [\"" KEY "\"]\n"

static inline struct config *config_of(const char *text)
{
    char path[] = "/tmp/causeway-test-XXXXXX";
    int descriptor = mkstemp(path);
    struct config_errors errors = {0};

    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, text, strlen(text)), (ssize_t)strlen(text));
    close(descriptor);
    struct config *config = config_load(path, &errors);

    unlink(path);
    for (size_t i = 0; i < errors.count; i++)
        print_error("%u:%u: %s\n", errors.errors[i].place.line, errors.errors[i].place.column,
                    errors.errors[i].message);
    config_errors_free(&errors);
    assert_non_null(config);
    return config;
}

static inline struct resource_list list_of(const struct config *config)
{
    struct resource_list list = {0};
    struct error error;

    if (resource_list_desired(&list, config, NULL, &error) < 0)
        fail_msg("%s", error.sentence);
    return list;
}

/* Everything there, and just as the file says. */
static inline struct observed *observed_of(const struct resource_list *list)
{
    struct observed *observed = memory_allocate_array(list->count + 1, sizeof(*observed));

    for (size_t i = 0; i < list->count; i++) {
        observed[i].presence = PRESENCE_THERE;
        observed[i].fields = cJSON_Duplicate(list->items[i].fields, true);
        if (list->items[i].kind == RESOURCE_SQS_QUEUE)
            json_add_text(observed[i].fields, "_url", "https://sqs.us-east-1.amazonaws.com/q");
    }
    return observed;
}

/* Nothing there but what the bridge does not make. */
static inline struct observed *observed_nothing(const struct resource_list *list)
{
    struct observed *observed = memory_allocate_array(list->count + 1, sizeof(*observed));

    for (size_t i = 0; i < list->count; i++) {
        enum resource_kind kind = list->items[i].kind;
        bool others = kind == RESOURCE_S3_BUCKET_POLICY || kind == RESOURCE_KMS_KEY_POLICY ||
                      kind == RESOURCE_ECR_REPOSITORY;

        observed[i].presence = others ? PRESENCE_THERE : PRESENCE_ABSENT;
        observed[i].fields = others ? cJSON_CreateObject() : NULL;
    }
    return observed;
}

static inline void free_observed(struct observed *observed, const struct resource_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        observed_free(&observed[i]);
    free(observed);
}

static inline size_t index_of(const struct resource_list *list, const char *key)
{
    for (size_t i = 0; i < list->count; i++)
        if (text_equal(list->items[i].key, key))
            return i;
    fail_msg("no resource %s", key);
    return 0;
}

static inline cJSON *json_of(const char *text)
{
    struct error error;
    cleanup(free_pointer)
    char *quoted = text_copy(text);

    for (char *at = quoted; *at; at++)
        if (*at == '\'')
            *at = '"';
    cJSON *document = json_parse(quoted, strlen(quoted), 1048576, &error);

    if (!document)
        fail_msg("%s", error.sentence);
    return document;
}

static inline struct plan_options options_of(const struct config *config)
{
    return (struct plan_options){
        .max_deletes = config->reconcile.max_deletes,
        .prune = config->reconcile.prune,
        .owner = PROD "/causeway-events",
        .principal = "arn:aws:iam::" PROD ":role/causeway-instance",
        .config = config,
    };
}

/* The action of that operation, or NULL. */
static inline const struct plan_action *action_of(const struct plan *plan, const char *operation)
{
    for (size_t i = 0; i < plan->action_count; i++)
        if (text_equal(plan->actions[i].operation->name, operation))
            return &plan->actions[i];
    return NULL;
}

#endif
