/* The engine: holds every open deployment, and moves each by one rule.
 *
 * An input goes through machine_step(); the new record is committed; only then is the effect that
 * it asks for run, and its result is the next input. After a restart the same rule, applied to the
 * records that the store holds, goes on where it was. */
#ifndef CAUSEWAY_DEPLOY_ENGINE_H
#define CAUSEWAY_DEPLOY_ENGINE_H

#include "aws/aws.h"
#include "base/error.h"
#include "config/config.h"
#include "deploy/record.h"
#include "deploy/route.h"
#include "net/loop.h"
#include "store/store.h"

#include <stdbool.h>

struct engine;

/* The configuration is held by reference until another is set. */
struct engine *engine_new(struct loop *loop, struct aws *aws, struct store *store,
                          struct config *config);
/* Cancels effects under way; open deployments stay as they are in the store. */
void engine_free(struct engine *engine);

/* Takes up every open deployment of the store. To be called once, before any input. */
int engine_load(struct engine *engine, struct error *error);

/* As long as so many are open or fewer (LIMIT_RECORDS_AT_HAND), no record is read twice. */
void engine_keep_at_hand(struct engine *engine, size_t count);

/* A new configuration, for what is accepted from now on. */
void engine_set_config(struct engine *engine, struct config *config);

/* While stopped, no effect is begun (those under way end and are committed). */
void engine_stop(struct engine *engine);
/* Whether nothing is under way: no commit, no effect. */
bool engine_is_quiet(const struct engine *engine);

enum engine_answer {
    ENGINE_DONE,      /* committed */
    ENGINE_DUPLICATE, /* had been taken before; id is the one there is */
    ENGINE_REFUSED,   /* the answer is no; the error says why */
    ENGINE_FAILED,    /* could not be committed; the error says why; nothing happened */
};

/* id is the deployment's, or NULL. */
typedef void engine_done(void *context, enum engine_answer answer, const char *id,
                         const struct error *error);

/* Commits a new deployment, whose record the engine takes over. The id is made of what was asked
 * for, so that the same thing asked for twice is a duplicate. */
void engine_accept(struct engine *engine, struct record *record, engine_done *done, void *context);

/* News of an endpoint, from an event: whoever waits for it looks. */
void engine_endpoint_news(struct engine *engine, const char *endpoint);

/* The same of a CloudFormation stack, by its name. */
void engine_stack_news(struct engine *engine, const char *stack);

/* Operators' wishes. who is "name (uid)". Cancelling before `releasing` ends the deployment; from
 * then on it is rolled back. retry starts a new deployment like one that ended badly. */
enum engine_verb {
    ENGINE_CANCEL,
    ENGINE_APPROVE,
    ENGINE_APPROVE_NOW, /* passes a freeze, too */
    ENGINE_REJECT,
    ENGINE_RETRY,
};
void engine_operate(struct engine *engine, enum engine_verb verb, const char *id, const char *who,
                    engine_done *done, void *context);

/* Starts a deployment that puts back what the endpoint served before: what the deployment `to` had
 * put there, or, where that is NULL, the newest before what serves that was not rolled back from
 * itself. identity makes two wishes the same one; NULL where each is meant. */
struct engine_rollback {
    const char *endpoint;
    const char *to;
    const char *who;
    const char *identity;
    const char *package; /* that was rejected: it goes back only while that serves; or NULL */
};
void engine_rollback(struct engine *engine, const struct engine_rollback *wanted, engine_done *done,
                     void *context);

/* The registry says no to a model package: what deploys it is cancelled, what serves it is rolled
 * back, unless that was asked for later than the no. The rollback is as old as what served: an
 * approval that came after it is not superseded. id is NULL in the answer; ENGINE_DONE also where
 * it concerned nothing. */
struct engine_rejection {
    const char *package;  /* its ARN */
    const char *who;      /* begins with RECORD_REGISTRY */
    const char *identity; /* makes two the same one */
    int64_t at_ms;        /* when the registry said so; its seconds count */
};
void engine_reject_package(struct engine *engine, const struct engine_rejection *wanted,
                           engine_done *done, void *context);

/* Has each committed change told: from what a deployment was (NULL: it is new) to what it is now.
 * The records are valid during the call. */
typedef void engine_observer(void *context, const struct record *before,
                             const struct record *record);
void engine_observe(struct engine *engine, engine_observer *observer, void *context);

/* Whether no deployment that is open, and none that is kept to go back to, names this model or
 * configuration; false also where nothing is known of what the endpoint serves. */
bool engine_is_loose(const struct engine *engine, const char *endpoint, const char *name);

/* Open deployments, as far as they are known without being read, in the order of acceptance. */
struct engine_open {
    const char *id;
    const char *endpoint;
    enum deployment_state state; /* STATE_ACCEPTED where it was not looked at since the start */
    bool turn;                   /* it alone may touch its endpoint */
};
void engine_each_open(const struct engine *engine,
                      void (*each)(void *context, const struct engine_open *open), void *context);

/* Ended ones too, from the store, newest first; endpoint NULL for all. row gets the view of a
 * record (record_view()), which it may keep by cJSON_Duplicate(). */
void engine_history(struct engine *engine, const char *endpoint, size_t maximum,
                    void (*row)(void *context, const cJSON *view),
                    void (*done)(void *context, const struct error *error), void *context);
/* The open ones of other daemons that share the store; none where there are no others. May call
 * back before it returns. */
void engine_each_other(struct engine *engine, void (*row)(void *context, const cJSON *view),
                       void (*done)(void *context, const struct error *error), void *context);
/* One, open or ended, by its id. */
void engine_get(struct engine *engine, const char *id,
                void (*row)(void *context, const cJSON *view),
                void (*done)(void *context, const struct error *error), void *context);

/* Proves that nothing of what was done was changed or removed: the ledger's chain, and, for every
 * deployment that is over, that its row is the one that the ledger tells of. */
struct engine_audit {
    bool whole;
    int64_t entries;     /* of the ledger */
    int64_t checked;     /* deployments whose rows were held against it */
    int64_t broken_at;   /* entry of the ledger, or 0 */
    const char *head;    /* digest of the newest entry */
    const char *problem; /* a sentence; "" where whole */
};
void engine_audit(struct engine *engine,
                  void (*done)(void *context, const struct engine_audit *audit,
                               const struct error *error),
                  void *context);

struct engine_statistics {
    uint64_t open;
    uint64_t open_in[DEPLOYMENT_STATES]; /* of those that were looked at since the start */
    uint64_t accepted;
    uint64_t duplicates;
    uint64_t ended[DEPLOYMENT_STATES]; /* since the start, by the state they ended in */
    uint64_t unreadable;               /* records of the store that could not be read */
};
struct engine_statistics engine_get_statistics(const struct engine *engine);

#endif
