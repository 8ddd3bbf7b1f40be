/* Which of several daemons is to hold what: the decisions behind lease.h. Pure.
 *
 * Rendezvous hashing: of all daemons, the one whose id hashes highest together with the name. All
 * who see the same daemons come to the same answer without a word, and one that comes or goes moves
 * what is its own and nothing else. */
#ifndef CAUSEWAY_STORE_SHARE_H
#define CAUSEWAY_STORE_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The place of the daemon that is to hold the name; count is at least 1. */
size_t share_choose(const char *const *ids, size_t count, const char *name);

/* How many of so many that are to move may move now: a quarter, so that a thousand have moved
 * within a minute of looks, and none of those who take them up is stormed. */
size_t share_moves(size_t to_move);

/* How long a renewal is good for, for its own daemon, and for the others: six and seven tenths of a
 * lease. With the two looks that it takes at most to see the last renewal, and that nothing
 * followed, another daemon goes on within the lease. */
int64_t share_own_ms(int64_t lease_ms);
int64_t share_others_ms(int64_t lease_ms);

/* What one daemon knows of one lease. */
struct share_view {
    bool held;         /* we hold it, and know */
    bool ours;         /* its row says that we do */
    bool holder_lives; /* its row says somebody else does, who is there */
    bool chosen;       /* we are to hold it */
    bool draining;     /* we want nothing more */
};

enum share_action { SHARE_NOTHING, SHARE_CLAIM, SHARE_RELEASE };
enum share_action share_decide(const struct share_view *view);

#endif
