#include "bridge/fit.h"

#include "aws/service_ecr.h"
#include "aws/service_events.h"
#include "aws/service_iam.h"
#include "aws/service_kms.h"
#include "aws/service_s3.h"
#include "aws/service_sagemaker.h"
#include "aws/service_sqs.h"
#include "base/text.h"
#include "policy/size.h"

#include <string.h>

/* What a trust policy may have where the account asked AWS for more; what it may have here, AWS
 * tells. */
#define TRUST_MAXIMUM ((size_t)4096)

#define DOCUMENT_BYTES ((size_t)1048576)

static const struct {
    const struct aws_operation *operation;
    const char *member; /* of the input; SQS: in its Attributes */
    enum policy_place place;
} documents[] = {
    {&iam_create_policy, "PolicyDocument", POLICY_PLACE_MANAGED},
    {&iam_create_policy_version, "PolicyDocument", POLICY_PLACE_MANAGED},
    {&iam_create_role, "AssumeRolePolicyDocument", POLICY_PLACE_TRUST},
    {&iam_update_assume_role_policy, "PolicyDocument", POLICY_PLACE_TRUST},
    {&iam_put_role_policy, "PolicyDocument", POLICY_PLACE_ROLE_INLINE},
    {&s3_put_bucket_policy, "Policy", POLICY_PLACE_BUCKET},
    {&kms_put_key_policy, "Policy", POLICY_PLACE_KEY},
    {&ecr_set_repository_policy, "policyText", POLICY_PLACE_REPOSITORY},
    {&events_put_permission, "Policy", POLICY_PLACE_BUS},
    {&sagemaker_put_model_package_group_policy, "ResourcePolicy", POLICY_PLACE_PACKAGES},
    {&sqs_create_queue, "Policy", POLICY_PLACE_QUEUE},
    {&sqs_set_queue_attributes, "Policy", POLICY_PLACE_QUEUE},
};

static size_t size_of(const cJSON *policy)
{
    cleanup(free_pointer)
    char *text = json_print(policy);

    return policy_size(POLICY_PLACE_ROLE_INLINE, text);
}

/* Of the role's other inline policies: those that the file gives, and others' that stay. */
static size_t size_of_others(const struct resource *role, const cJSON *observed, const char *name)
{
    const cJSON *wanted = json_get(role->fields, "inline");
    const cJSON *policy;
    size_t size = 0;

    cJSON_ArrayForEach(policy, wanted)
    {
        if (!text_equal(policy->string, name))
            size += size_of(policy);
    }
    if (json_get(role->fields, "trust"))
        return size;
    cJSON_ArrayForEach(policy, json_get(observed, "inline"))
    {
        if (!json_get(wanted, policy->string))
            size += size_of(policy);
    }
    return size;
}

static int check(enum policy_place place, const char *text, size_t others, struct error *error)
{
    struct arena arena = {0};
    cleanup(json_free)
    cJSON *document = json_parse(text, strlen(text), DOCUMENT_BYTES, error);
    const struct policy_document *read =
        document ? policy_read_json(&arena, POLICY_LOOSE, document, error) : NULL;
    int result = read ? policy_count_check(place, read, error) : 0;

    arena_free(&arena);
    if (result < 0)
        return -1;
    if (place == POLICY_PLACE_TRUST && policy_size(place, text) <= TRUST_MAXIMUM)
        return 0;
    return policy_size_check(place, text, others, error);
}

const char *fit_action(struct arena *arena, const struct plan_action *action,
                       const struct resource *resource, const cJSON *observed)
{
    for (size_t i = 0; i < array_length(documents); i++) {
        if (documents[i].operation != action->operation)
            continue;
        const cJSON *attributes = json_get(action->input, "Attributes");
        const char *text =
            json_get_text(attributes ? attributes : action->input, documents[i].member);
        const size_t others =
            documents[i].place == POLICY_PLACE_ROLE_INLINE
                ? size_of_others(resource, observed, json_get_text(action->input, "PolicyName"))
                : 0;
        struct error error;

        if (!text_is_empty(text) && check(documents[i].place, text, others, &error) < 0)
            return arena_printf(arena, "AWS would not take it: %s", error.sentence);
    }
    return NULL;
}
