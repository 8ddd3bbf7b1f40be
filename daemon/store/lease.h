/* Leases: who of several daemons over one store does what.
 *
 * Each daemon has a random id, and a row of its own that it renews five times a lease. For itself a
 * renewal is good for six tenths of a lease from before it was asked for; the others wait seven
 * tenths from after they saw it: on clocks that run alike to a tenth, its own time is over before
 * theirs is, and another goes on within the lease. Nobody compares clocks, and no wall clock
 * counts. One whose row has not been renewed for so long is removed by whoever notices, by the
 * version seen: either that fails, and it lives, or its next renewal does, and it knows.
 *
 * A named lease is a row that says who holds it. It is claimed by compare-and-swap, in one
 * transaction with the absence of its former holder, and each claim raises its number. So a write
 * that must not come from a former holder states the row's version (lease_check()): that is the
 * fence. An effect that cannot be fenced is begun only while lease_is_held() says so.
 *
 * Which daemon is to hold what follows from their ids and the name alone (share.h): who comes
 * or goes moves only its own part. A holder that should not be gives up when it is between two
 * steps, a quarter of what is to move at a time.
 *
 *     kind    key   group       order      bytes
 *     daemon  id    -           -          {"name", "lease_ms", "started_ms", "draining"}
 *     lease   name  holder, ""  since_ms   {"holder", "number"}; open while it has a holder */
#ifndef CAUSEWAY_STORE_LEASE_H
#define CAUSEWAY_STORE_LEASE_H

#include "net/loop.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct leases;
struct lease;

struct leases_settings {
    const char *name; /* of this daemon, for people; NULL for "HOST (PID)" */
    int64_t lease_ms; /* after which another daemon goes on */
};

/* store is borrowed. Nothing is held until leases_start(). */
struct leases *leases_new(struct loop *loop, struct store *store,
                          const struct leases_settings *settings);
/* Gives nothing back: that is leases_leave()'s. */
void leases_free(struct leases *leases);

/* Enters this daemon, and looks around from now on. looked is called after each look, also where it
 * changed nothing; renewed, after a renewal that came late. */
struct leases_listener {
    void (*looked)(void *context);
    void (*removed)(void *context); /* the others took us for dead; all is lost, and begun anew */
    void *context;
};
void leases_start(struct leases *leases, const struct leases_listener *listener);

/* While draining, claims nothing more, and gives up what is between two steps. */
void leases_drain(struct leases *leases, bool draining);
/* Gives up everything and this daemon's row in one write. left is called when that is done, or
 * could not be done. */
void leases_leave(struct leases *leases, void (*left)(void *context), void *context);

/* What whoever wants a lease is told. gained: it is ours, until lost is called. lost: it is not, or
 * will not be; nothing more may be begun (what is under way is fenced). may_release: whether
 * nothing is under way. */
struct lease_owner {
    void (*gained)(void *context, struct lease *lease);
    void (*lost)(void *context, struct lease *lease);
    bool (*may_release)(void *context, const struct lease *lease);
    void *context;
};

/* Wants the lease of that name from now on, whoever holds it. The same name again gives the same
 * lease; the first owner stays. Valid until leases_free(). */
struct lease *leases_want(struct leases *leases, const char *name, const struct lease_owner *owner);

/* Whether it is certainly ours at this instant. To be asked directly before what must not be done
 * twice. */
bool lease_is_held(const struct lease *lease);
const char *lease_name(const struct lease *lease);
/* Raised by each claim. */
int64_t lease_number(const struct lease *lease);
/* The write that holds a transaction to this claim of ours. */
struct store_write lease_check(const struct lease *lease);

/* Looks around soon, rather than at the next time. */
void leases_look(struct leases *leases);

/* For status, as of the last look. */
struct lease_daemon {
    const char *id;
    const char *name;
    bool self;
    int64_t renewed_ago_ms; /* as this daemon saw it */
};
void leases_each_daemon(const struct leases *leases,
                        void (*each)(void *context, const struct lease_daemon *daemon),
                        void *context);
struct lease_holding {
    const char *name;
    const char *holder;      /* an id, "" for nobody */
    const char *holder_name; /* "" where that daemon is not known */
    bool self;
    int64_t since_ms; /* wall clock of its holder */
};
void leases_each_holding(const struct leases *leases,
                         void (*each)(void *context, const struct lease_holding *holding),
                         void *context);

#endif
