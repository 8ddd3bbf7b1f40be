/* The world of the bridge's runs: two accounts, what is in them, the strangers who change it by
 * hand, and CloudTrail, which tells.
 *
 *     bridge_world.c          assets: what is in the accounts, and every change of it
 *     bridge_iam.c            roles and policies
 *     bridge_routes.c         queues, buses, rules
 *     bridge_shared.c         repositories, buckets, keys, and who the daemon is
 *     bridge_configuration.c  the file, and what it becomes at a reload
 *     bridge_strangers.c      hands, and what CloudTrail tells of them
 *     bridge_promises.c       what must hold
 *     bridge_run.c            a run, and its operators
 *     bridge_survey.c         what an account lists; groups of model packages
 *     bridge_undo.c           those who take back what it did
 *
 * Every change, whoever makes it, goes through asset_write(). */
#ifndef CAUSEWAY_TESTS_SIM_BRIDGE_WORLD_H
#define CAUSEWAY_TESTS_SIM_BRIDGE_WORLD_H

#include "base/json.h"
#include "base/log.h"
#include "bridge/resource.h"
#include "sim/calls.h"
#include "sim/world.h"

#define OWN_ROLE "causeway-instance"
#define STAGING_ROLE "causeway-staging"

/* A role, a queue, a rule, ... Its state is an object:
 *
 *     role        path, trust, description, max_session, boundary, managed, inline, tags
 *     policy      path, description, versions [{id, document, created, default}], tags
 *     queue       attributes, tags
 *     bus         description, policy, tags
 *     rule        pattern, schedule, state, description, targets (as AWS has them), tags
 *     repository  policy, tags           bucket, key   policy
 *
 * Documents are texts, as they were given. */
struct asset {
    enum resource_kind kind;
    char *key;
    char *account; /* by its name in the configuration */
    char *name;
    char *bus; /* of a rule */
    char *arn;
    cJSON *now;         /* NULL while it is not there */
    cJSON *before;      /* the last change */
    cJSON *seen;        /* the policy as the daemon was shown it last; NULL for none */
    int64_t changed_us; /* or spelt anew, or denied to be there */
    int64_t gone_us;
    int64_t known_us;   /* to other services, from then on */
    int64_t refused_us; /* when somebody was told first that it is not known yet */
    int64_t undone_us;  /* an operator has asked for it last */
    uint64_t others_writes;
    bool made_by_daemon;
    bool is_strange; /* a stranger's, for himself */
};

/* By key, in the order of their making. */
struct asset *asset_at(size_t index);
size_t asset_count(void);
struct asset *asset_find(const char *account, enum resource_kind kind, const char *bus,
                         const char *name);
struct asset *asset_find_by_key(const char *key);
struct asset *asset_find_by_arn(const char *arn);
const char *account_id(const char *account);

/* The same, not there yet where nobody knew it. */
struct asset *asset_take(const char *account, enum resource_kind kind, const char *bus,
                         const char *name);

/* What a look shows: the state, or what was before the last change; NULL where nothing is there.
 * asset may be NULL.
 * What the daemon is shown of a policy is remembered. */
const cJSON *asset_show(struct asset *asset, const struct aws_call *call);

/* The state becomes next, which is taken over; NULL: it is gone. call is the daemon's, or NULL for
 * somebody else. */
void asset_write(struct asset *asset, cJSON *next, const struct aws_call *call);

/* The document that others write into too; NULL where there is none. */
const char *asset_policy_of(const struct asset *asset, const cJSON *state);
void asset_set_policy(const struct asset *asset, cJSON *state, const char *policy);
bool asset_is_shared(const struct asset *asset);
/* Whether two states mean the same to AWS. */
bool asset_same(const cJSON *a, const cJSON *b);

/* Whether each role that the document's principals name is there and known. Otherwise refuses the
 * call as that service does. */
bool document_is_taken(struct aws_call *call, const char *policy, const char *code);
/* The same for one role, which the service is to take on. */
bool role_is_taken(struct aws_call *call, const char *arn, const char *code);
/* In what is said then, where time alone mends it. */
#define NOT_KNOWN_YET "not known yet"
/* Whether what the call needs, by its ARN, is there. */
bool asset_is_needed(struct aws_call *call, const char *arn, const char *code);

/* A copy of the text in the call's arena. */
const char *call_text(struct aws_call *call, const char *text);
/* Answers with a document, which is taken over. */
void call_answer_document(struct aws_call *call, cJSON *document);
void call_refuse_absent(struct aws_call *call, const char *code);
/* A list of {key, value} objects into a map of texts. */
void tags_into(cJSON *state, const cJSON *list, const char *key, const char *value);
/* Without those, given as an array, or as a list of texts. */
void tags_out(cJSON *state, const char *const *keys, size_t key_count, const cJSON *list);
cJSON *tags_as_list(const cJSON *state, const char *key, const char *value);

#define OPERATION(variable, handler, changes) void handler(struct aws_call *call);
#include "sim/bridge_operations.def"
#undef OPERATION

/* ---- bridge_configuration.c ------------------------------------------------------------------ */

/* Drawn anew each time; clean: without what the daemon must refuse, or leaves alone. */
struct config *bridge_configuration_make(bool clean);
/* Whether one of its resources is only to be looked at. */
#define WATCHED_ROLE "watched"
/* Begins the Sids of statements that would lock the daemon out. */
#define LOCKING_SID "LocksOut"
/* Whether a statement of that Sid is ours. */
bool sid_is_ours(const char *sid);

/* ---- bridge_strangers.c ---------------------------------------------------------------------- */

void strangers_begin(void);
/* What the lease says that all daemons share (bridge_fence()). */
bool bridge_is_sure(void *context);
/* One of them does something, if the faults say so. */
void bridge_some_trouble(void);
/* CloudTrail records the write, whoever made it. */
void trail_records(const struct asset *asset, const char *call, bool daemon);

/* ---- bridge_promises.c -----------------------------------------------------------------------
 *
 *  1  statements, policies, tags and resources of others are untouched
 *  2  no write where nothing differs
 *  3  nothing is called before what it needs is there
 *  4  what time mends is waited for
 *  5  nothing is changed before it is remembered
 *  6  nothing is changed while the bridge is suspended, or of what is only to be looked at
 *  7  the daemon does not cut its own way
 *  8  the accounts become as the file says, once faults stop; what left it is gone where it prunes
 *  9  nothing is changed while it is not certain that no other daemon does the same
 *  10 an undo restores what was, and leaves what others wrote since
 */

void bridge_call_is_made(struct aws_call *call, bool changes);
/* Before the state becomes next. */
void bridge_promises_write(const struct asset *asset, const cJSON *next,
                           const struct aws_call *call);
/* The call needs it, and it is not there. */
void bridge_promises_needs(const struct asset *asset);
/* The daemon's journal. */
void bridge_says(enum message_kind kind, const struct log_fields *fields);
/* Operators. */
void bridge_promises_suspended(bool suspended);
void bridge_promises_reconciling(bool begins);
/* The file that is in force. */
void bridge_promises_configured(const struct config *config);
/* What is not as the file says, or NULL. */
const char *bridge_promises_difference(const struct config *config);
/* From now on nothing may be written. */
void bridge_promises_settled(void);

/* ---- bridge_run.c ---------------------------------------------------------------------------- */

void bridge_run(void);
/* One takes back a change, or asks what there is to import (bridge_undo.c). */
void bridge_operator_takes_back(struct process *process);
/* An operator comes, or suspends. */
void bridge_operator_comes(void);

#endif
