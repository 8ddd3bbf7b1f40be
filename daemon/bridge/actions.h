/* Makers of actions: for each kind of resource, the calls that make, change and remove it. Pure.
 *
 * They append to the list of the resource at hand, in the order in which the calls must be made. */
#ifndef CAUSEWAY_BRIDGE_ACTIONS_H
#define CAUSEWAY_BRIDGE_ACTIONS_H

#include "bridge/plan.h"

struct actions {
    struct arena *arena;
    const struct resource *resource;
    const cJSON *observed; /* its fields, NULL where it is absent */
    const char *owner;
    const char *refusal; /* set by a maker that cannot do what is needed: a sentence */
    struct plan_action *items;
    size_t count;
    size_t capacity;
};

/* Appends one call; the input becomes the arena's. What follows the sentence's first words is
 * " of the KIND NAME in ACCOUNT". */
struct plan_action *actions_add(struct actions *actions, const struct aws_operation *operation,
                                cJSON *input, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Whether the field is given and differs from what was observed. */
bool actions_field_differs(const struct actions *actions, const char *field);

/* A document on one line, in the arena. */
const char *actions_text(struct actions *actions, const cJSON *document);

/* The shared document as it has to become: NULL where no statement would be left. */
const cJSON *actions_merged(struct actions *actions);

/* The tags for something new, ours and the file's, as a list of {Key, Value} or as a map. */
cJSON *actions_tag_list(const struct actions *actions, const char *key, const char *value);
cJSON *actions_tag_map(const struct actions *actions);

/* How a service tags what is there: its calls, and what they call things. */
struct actions_tagging {
    const struct aws_operation *tag;
    const struct aws_operation *untag;
    const char *thing; /* the member that names the resource */
    const char *tags;
    const char *key; /* of one tag; NULL where the tags are a map */
    const char *value;
    const char *keys;
};
/* The calls, if any, after which the file's tags are as it says, and those that left it are gone.
 * Others' stay. */
void actions_tag(struct actions *actions, const struct actions_tagging *tagging, const char *thing);

/* One a kind: makes it, changes it, removes it, as the case is. */
typedef void actions_maker(struct actions *actions);
struct actions_kind {
    actions_maker *make;   /* it is absent; NULL where the bridge makes no such thing */
    actions_maker *change; /* it is there, and differs */
    actions_maker *remove; /* it is there, left the file, and is ours; NULL: only statements go */
};
extern const struct actions_kind actions_iam_role;
extern const struct actions_kind actions_iam_policy;
extern const struct actions_kind actions_sqs_queue;
extern const struct actions_kind actions_event_bus;
extern const struct actions_kind actions_event_rule;
extern const struct actions_kind actions_ecr_repository;
extern const struct actions_kind actions_s3_bucket_policy;
extern const struct actions_kind actions_kms_key_policy;
extern const struct actions_kind actions_package_group_policy;
extern const struct actions_kind actions_codepipeline_stage;
extern const struct actions_kind actions_dynamodb_table;

#endif
