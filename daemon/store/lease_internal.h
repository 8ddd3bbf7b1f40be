/* What the leases' files share: lease.c (life, asking), lease_daemon.c (this daemon's row, and the
 * others'), lease_claim.c (named leases). */
#ifndef CAUSEWAY_STORE_LEASE_INTERNAL_H
#define CAUSEWAY_STORE_LEASE_INTERNAL_H

#include "base/list.h"
#include "base/map.h"
#include "net/timer.h"
#include "store/lease.h"

#define DAEMON_KIND "daemon"
#define LEASE_KIND "lease"

enum { LEASE_FORMAT = 1, ID_SIZE = 17 };

/* A daemon as its row was seen. */
struct peer {
    struct list link;
    char *id;
    char *name;
    int64_t lease_ms;
    int64_t version;
    int64_t seen_ms; /* monotonic: when this version was first there */
    bool listed;     /* in the look under way */
    bool draining;   /* is to hold nothing */
};

enum lease_state { LEASE_IDLE, LEASE_CLAIMING, LEASE_HELD, LEASE_RELEASING };

struct lease {
    struct leases *leases;
    char *name;
    struct lease_owner owner;
    enum lease_state state;
    bool wanted;
    char *holder;     /* as last seen, "" for nobody */
    int64_t since_ms; /* the same */
    bool listed;
    char id[ID_SIZE]; /* ours when it was claimed */
    int64_t version;  /* of the row */
    int64_t number;
    int64_t claimed_version; /* of the row by our claim */
};

struct leases {
    struct loop *loop;
    struct store *store;
    char *name;
    int64_t lease_ms;
    int64_t look_ms;
    int64_t started_ms; /* wall clock */
    struct leases_listener listener;

    char id[ID_SIZE];
    int64_t version;        /* of our row; 0 while there is none */
    int64_t valid_until_ms; /* monotonic */
    int64_t asked_ms;       /* when the renewal under way was asked for */
    bool renewing;
    bool renew_again; /* the row says something else meanwhile */
    struct timer renew;

    struct list peers; /* ourselves included, as seen */
    struct map leases; /* by name */
    struct timer look;
    bool looking;
    bool look_again;
    bool started;
    bool draining;
    bool leaving;
    void (*left)(void *context);
    void *left_context;
    unsigned asked; /* of the store, not answered yet */
    bool freed;     /* lives until that is 0 */
};

/* lease.c */
struct lease *lease_find(struct leases *leases, const char *name);
void lease_see(struct lease *lease, const char *holder, int64_t since_ms);
void leases_lose_all(struct leases *leases);
/* An answer of the store has come: false, where nobody is there any more to hear it. */
bool leases_answered(struct leases *leases);

/* lease_daemon.c */
void daemon_renew(void *context);
void daemon_leave(struct leases *leases);
void daemon_look(void *context);
bool daemon_is_known(const struct leases *leases, const char *id);
const struct peer *daemon_find(const struct leases *leases, const char *id);

/* lease_claim.c */
void claims_look(struct leases *leases);

#endif
