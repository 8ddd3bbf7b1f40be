/* The insides of the bridge: what bridge.c (when) and bridge_ask.c (operators) share. */
#ifndef CAUSEWAY_BRIDGE_BRIDGE_INTERNAL_H
#define CAUSEWAY_BRIDGE_BRIDGE_INTERNAL_H

#include "bridge/bridge.h"
#include "bridge/desired.h"
#include "bridge/doctor.h"
#include "bridge/drift.h"
#include "bridge/inventory.h"
#include "bridge/journal.h"
#include "bridge/memory.h"
#include "bridge/observe.h"
#include "bridge/pass.h"
#include "bridge/survey.h"
#include "net/timer.h"

enum ask_kind {
    ASK_PLAN,
    ASK_RECONCILE,
    ASK_UNDO,
    ASK_IMPORT,
    ASK_DOCTOR,
};

/* An operator's question that waits for a pass. */
struct ask {
    struct bridge *bridge;
    struct list link;
    enum ask_kind kind;
    bool enforce; /* as if reconcile.mode were enforce */
    char *who;
    char *account;   /* ASK_IMPORT: or NULL */
    bool named;      /* ASK_IMPORT: only what the configuration names */
    cJSON *left_out; /* ASK_IMPORT: what the survey could not list; or NULL */
    char *resource;  /* ASK_RECONCILE: the only one, or NULL */
    cJSON *change;   /* ASK_UNDO: the row, once it was read */
    bridge_answer *answer;
    void *context;
};

/* At most one of these is pending: what is remembered, who we are, a pass. */
struct bridge {
    struct loop *loop;
    struct aws *aws;
    struct store *store;
    struct config *config;
    struct inventory *inventory;
    struct bridge_journal journal;
    struct drift *drift;
    struct observe_memory memory;
    struct desired *desired; /* the list as it was last made; NULL where it is to be made anew */
    uint64_t desired_version;
    uint64_t inventory_version; /* that it was completed from */
    struct map undeletable;     /* keys of what AWS refused to delete, since the start */
    bool loaded;                /* the inventory and the suspension */
    bool loading;
    char *identity; /* ARN, as STS says; NULL until it has */
    struct aws_call *asking_identity;
    struct survey *survey; /* for `answering`, whose pass follows */
    struct pass *pass;
    struct ask *answering; /* whom the pass is for; NULL for nobody */
    struct list asks;
    bool due; /* a whole pass */
    const char *due_for;
    struct doctor *doctor; /* whose canary is on its way */
    struct list hints;     /* resources that CloudTrail told of */
    cJSON *held;           /* resources that are only looked at until then: {key: wall ms} */
    cJSON *suspension;     /* {who, why, until} or NULL */
    unsigned again;        /* passes in a row that changed something */
    struct timer interval;
    struct timer hint_delay;
    struct timer identity_retry;
    struct timer heartbeat;
    cJSON *beat; /* what the last heartbeat found, or NULL */
    struct poke poke;
    bool stopped;
    bool (*may_call)(void *context); /* bridge_fence(); or NULL */
    void *may_call_context;
    char *owner;     /* resource_owner() */
    char *principal; /* expand_principal() */
    struct bridge_statistics statistics;
};

/* A resource that somebody wrote to, and who. */
struct hinted {
    struct list link;
    char *key;
    char *cause;
};

/* Whether another daemon keeps the accounts; the error, which may be NULL, says so then. */
bool bridge_is_elsewhere(const struct bridge *bridge, struct error *error);

/* Whether differences are reported only. */
bool bridge_is_suspended(struct bridge *bridge);

/* The list for a pass: what is wanted, what left the file, what is held. A reference for the
 * caller; NULL and an error where the configuration does not go together. */
struct desired *bridge_list(struct bridge *bridge, struct error *error);
/* One that is the caller's alone. */
struct desired *bridge_list_anew(struct bridge *bridge, uint64_t version, struct error *error);

/* Starts the pass that the operator's question needs. */
void bridge_begin_ask(struct bridge *bridge, struct ask *ask);
/* Answers with what came of it, and frees the question. */
void bridge_answer_ask(struct bridge *bridge, struct ask *ask, const struct pass_outcome *outcome);
void bridge_refuse_ask(struct ask *ask, const struct error *error);

/* bridge_import.c: finds what there is in the account, and observes it; what came of that. */
void bridge_begin_survey(struct bridge *bridge, struct ask *ask);
cJSON *bridge_import_view(const struct ask *ask, const struct pass_outcome *outcome);

/* bridge_hold.c: a resource that is only looked at for so long, over restarts too. */
void bridge_hold(struct bridge *bridge, const char *key, int64_t for_ms);
bool bridge_is_held(const struct bridge *bridge, const char *key);
void bridge_load_holds(struct bridge *bridge, void (*loaded)(struct bridge *bridge));

/* Starts a pass over the list, whose reference it takes over, and whose elements of wanted (taken
 * over too; NULL: all) are looked at. */
void bridge_begin_pass(struct bridge *bridge, struct desired *desired, bool *wanted, bool apply,
                       bool prune_now, const char *cause);

/* Arms the heartbeat as the configuration says, or stops it. */
void bridge_arm_heartbeat(struct bridge *bridge);
/* The timer's function. */
void bridge_heartbeat(void *context);

/* Reads the suspension from the store. */
void bridge_load_suspension(struct bridge *bridge, void (*loaded)(struct bridge *bridge));

#endif
