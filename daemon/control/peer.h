/* Who is at the other end of a Unix socket: the kernel's word (unix(7), SO_PEERCRED and
 * SO_PEERGROUPS), taken when the peer connected. */
#ifndef CAUSEWAY_CONTROL_PEER_H
#define CAUSEWAY_CONTROL_PEER_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The group whose members may control the daemon. */
#define PEER_GROUP "causeway"

struct peer {
    uid_t user;
    gid_t group;
    gid_t *groups; /* supplementary */
    size_t group_count;
};

/* Fills the peer, which peer_free() empties. Where the kernel does not tell the supplementary
 * groups, the user database does. */
int peer_of_socket(int descriptor, struct peer *peer, struct error *error);
void peer_free(struct peer *peer);

/* Root, the daemon's own user and members of the group are admitted. has_group is false on a
 * machine without that group. Pure. */
bool peer_is_admitted(const struct peer *peer, uid_t own, bool has_group, gid_t group);

/* "name (uid 1000)", "uid 1000" where the user has no name. The caller frees it. */
char *peer_name(const struct peer *peer);

/* Whether the group exists, and its number. */
bool peer_find_group(const char *name, gid_t *group);

#endif
