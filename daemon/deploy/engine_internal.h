/* What the engine's files share: engine.c (the rule, taking in, life), engine_live.c (one open
 * deployment), engine_turn.c (whose turn it is at an endpoint), engine_operate.c (operators'
 * wishes), engine_read.c (what the store holds: loading, fetching, asking). */
#ifndef CAUSEWAY_DEPLOY_ENGINE_INTERNAL_H
#define CAUSEWAY_DEPLOY_ENGINE_INTERNAL_H

#include "base/hash.h"
#include "base/heap.h"
#include "base/list.h"
#include "base/map.h"
#include "deploy/effects.h"
#include "deploy/engine.h"
#include "deploy/holding.h"
#include "deploy/machine.h"
#include "deploy/notes.h"
#include "deploy/sweep.h"
#include "deploy/turn.h"
#include "net/timer.h"
#include "store/ledger.h"

/* An operator's wish that waits for its deployment to be between two steps. */
struct wish {
    struct list link;
    enum machine_input_kind kind;
    bool now;
    char *who;
    engine_done *done;
    void *context;
};

/* What an endpoint's deployments share. */
struct seat {
    char *endpoint;
    cJSON *lineage;
    int64_t version;   /* of the lineage's row; STORE_ABSENT while there is none */
    struct list lives; /* open deployments, in order of acceptance */
    size_t open;       /* how many */
    size_t waiting;    /* of them, for their turn */
    size_t unknown;    /* of them, not looked at since they were taken up */

    /* engine_turn.c */
    struct turn_survey survey; /* of the claims in lives */
    bool surveyed;             /* and it is as they are */
    size_t moving;             /* lives that are being committed, or to be committed again */
    size_t lineage_moves;      /* of them, with whom the lineage changes */
    struct list stirred;       /* in engine->stirred, or in none */

    /* where the engine shares its store (holding.h) */
    struct lease *lease; /* or NULL */
    bool is_ours;        /* the lease was claimed and not given up */
    bool taken_up;       /* and all that is open is in lives */
    bool is_old;         /* what is in lives is not all, or not as it is */
    bool was_refused;    /* something was not begun, as the lease was not certainly held */
};

/* What the store refused is asked for again this often; it says when it is well. */
#define ENGINE_RETRY_MS 1000

struct reading;

/* One open deployment. Exactly one of these holds: it waits; its record is read; an effect runs; a
 * commit runs. While it waits it is parked: where many are open, the record is in the store only,
 * and what is here, some 600 bytes, is what tells whether it is to be looked at. */
struct live {
    struct engine *engine;
    struct list link;
    struct list in_seat;   /* in seat->lives */
    struct list ready;     /* in engine->ready, crowded, laden or unread, or in none */
    struct heap_node wake; /* in engine->wakes while it waits for a time */
    char *id;
    struct reading *reading; /* of its record, under way; or NULL */
    struct record *record;   /* as committed; NULL while parked: engine_record() */
    char *bytes;             /* its stored form; NULL while parked */
    uint32_t format;         /* of them */
    int64_t version;         /* of its row; not known while parked */
    struct seat *seat;
    struct record *next; /* being committed, or to be committed again */
    char *next_bytes;    /* its stored form */
    struct record_part next_settings;
    cJSON *next_lineage; /* with it, or NULL */
    bool committing;
    bool started; /* has had its INPUT_START */
    struct effect_run *effect;
    bool carries;         /* the effect is one of LIMIT_CARRIES */
    struct wish *granted; /* the wish that `next` fulfils */
    struct list wishes;
    bool news;
    bool abandoned;          /* not ours any more; freed when its commit is answered */
    bool waits_for_endpoint; /* counted in engine->waiting */
    bool waits_for_turn;     /* counted in seat->waiting */
    bool moving;             /* has a next; counted in seat->moving */
    bool claimed;            /* looked at since it was taken up: the claim is as the record says */
    struct turn_claim claim;
    char *withdraws;  /* the claim's, or NULL */
    char *stack;      /* CloudFormation's, for that driver, or NULL */
    int64_t added_ms; /* wall clock: since when it is told news */
    int64_t swept_ms; /* since when the sweep looks for it; 0 for not yet */
    bool counted;     /* in statistics.open_in[counted_in] */
    enum deployment_state counted_in;
    bool unreadable;
};

struct engine {
    struct loop *loop;
    struct aws *aws;
    struct store *store;
    struct config *config;
    struct sweep *sweep;
    struct ledger *ledger;
    struct holding *holding; /* NULL where no other daemon shares the store */
    struct notes *notes;     /* the same */
    struct list lives;       /* in order of acceptance */
    struct list ready;       /* something happened to them: they are looked at on the next turn */
    struct list crowded;     /* their effects wait for others to end */
    struct list laden;       /* the same, of those that carry */
    struct list unread;      /* their records are to be read when others have been */
    struct list stirred;     /* seats where somebody's turn may have come */
    struct map by_id;
    struct map seats;
    struct heap wakes; /* wall clock */
    struct timer timer;
    struct timer commit_retry;
    struct poke poke;
    int64_t looked_ms; /* wall clock of the last turn */
    size_t waiting;    /* for their endpoints */
    size_t effects_running;
    size_t carries_running;
    size_t readings;
    size_t at_hand; /* engine_keep_at_hand() */
    size_t commits_running;
    bool stopped;
    struct engine_statistics statistics;
    engine_observer *observer; /* or NULL */
    void *observer_context;
};

/* What the endpoint's deployments share; made where there is none. */
struct seat *engine_find_seat(struct engine *engine, const char *endpoint);

void engine_free_seat(struct seat *seat);

/* Takes up an open deployment, whose bytes, and record if it is there, the caller puts in. */
struct live *engine_add_live(struct engine *engine, const char *id, const char *endpoint,
                             int64_t version);
/* Forgets it: it is closed, or somebody else's. */
void engine_remove_live(struct live *live);

/* Whoever wished something of it hears that it is not ours any more. */
void engine_answer_lost(struct live *live);

/* What is committed of it, where it is not parked. NULL where that cannot be made sense of, which
 * is said once. */
const struct record *engine_record(struct live *live);
/* Forgets the record of one that waits; where many are open, its stored form too. */
void engine_park(struct live *live);
/* Reads the record of one that is parked; when it is there, it is looked at. */
void engine_fetch(struct live *live);
void engine_forget_reading(struct live *live);
/* Goes on with those whose turn to be read has not come. */
void engine_fetch_next(struct engine *engine);

/* Counts it by what it is now; NULL where it goes. Where nobody waits for an endpoint any more, the
 * sweep ends. */
void engine_count(struct live *live, const struct record *record);

/* What is committed of it now; NULL where that cannot be read: it claims nothing. */
void engine_set_claim(struct live *live, const struct record *record);
/* Whether a commit of what is in `next` and `next_lineage` is on the way. */
void engine_set_moving(struct live *live, bool moving);
/* What it may do as far as its turn goes, all things as they are. */
struct turn_decision engine_decide_turn(struct live *live);
/* Whose turn it is hangs on what all of the endpoint's deployments are, and one has changed. */
void engine_stir(struct engine *engine, struct seat *seat);
/* Marks whoever may move for it. */
void engine_mark_stirred(struct engine *engine);

void engine_free_wish(struct wish *wish);
/* Answers a wish and forgets it. */
void engine_answer_wish(struct wish *wish, enum engine_answer answer, const char *id,
                        const struct error *error);

/* Its effect has ended, or is given up: one that waits for the place is let begin. */
void engine_end_effect(struct live *live);

/* Forgets the endpoint's deployments, which stay as they are in the store. */
void engine_drop_lives(struct seat *seat);

/* Takes up an open deployment as it stands in the row. */
void engine_take_record(struct engine *engine, const struct store_row *row);

/* Takes up the row as the lineage of its endpoint. */
void engine_take_lineage(struct engine *engine, const struct store_row *row);

/* Something happened to it: it is looked at on the next turn. Nobody else is, so that a turn costs
 * what happened in it, however many deployments are open. */
void engine_mark(struct live *live);

/* Has the input given to the deployment as soon as it is between two steps. done may be NULL. */
void engine_wish(struct live *live, const struct machine_input *input, engine_done *done,
                 void *context);

/* engine_reject_package(), of what is in this daemon's hands. */
void engine_reject_package_here(struct engine *engine, const struct engine_rejection *wanted,
                                engine_done *done, void *context);

/* Tells the ledger where the deployment stands, with the digest of its row. */
void engine_tell_ledger(struct engine *engine, const struct record *record, const char *digest);
/* Tells it what a crash has left untold. */
void engine_catch_up_ledger(struct engine *engine);

#endif
