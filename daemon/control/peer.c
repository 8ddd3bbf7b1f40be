#include "control/peer.h"

#include "base/text.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    /* One user's row of the database; glibc's own default is 1 KiB, big directories exceed it. */
    USER_ROW_BYTES = 16384,
    /* Groups of one user; the kernel allows 65,536 (NGROUPS_MAX). */
    GROUPS_MAXIMUM = 65536,
};

#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59 /* Linux 4.13; glibc's headers may be older */
#endif

static int find_user(uid_t user, struct passwd *row, char *space, size_t size)
{
    struct passwd *found = NULL;

    return getpwuid_r(user, row, space, size, &found) == 0 && found ? 0 : -1;
}

static void resize_groups(struct peer *peer, size_t count)
{
    peer->groups = memory_resize_array(peer->groups, count, sizeof(*peer->groups));
    peer->group_count = count;
}

static bool groups_of_kernel(int descriptor, struct peer *peer)
{
    socklen_t size = 0;

    /* The first call says how much room is needed (ERANGE), or that there are none. */
    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERGROUPS, NULL, &size) == 0)
        return true;
    if (errno != ERANGE || size == 0 || size > GROUPS_MAXIMUM * sizeof(gid_t))
        return false;
    resize_groups(peer, size / sizeof(gid_t));
    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERGROUPS, peer->groups, &size) == 0)
        return true;
    peer->group_count = 0;
    return false;
}

static void groups_of_database(struct peer *peer)
{
    cleanup(free_pointer)
    char *space = memory_allocate(USER_ROW_BYTES);
    struct passwd row;
    int count = 64;

    if (find_user(peer->user, &row, space, USER_ROW_BYTES) < 0)
        return;
    resize_groups(peer, (size_t)count);
    if (getgrouplist(row.pw_name, peer->group, peer->groups, &count) < 0 &&
        count <= GROUPS_MAXIMUM) {
        resize_groups(peer, (size_t)count);
        if (getgrouplist(row.pw_name, peer->group, peer->groups, &count) < 0)
            count = 0;
    }
    peer->group_count = (size_t)count;
}

int peer_of_socket(int descriptor, struct peer *peer, struct error *error)
{
    struct ucred credentials;
    socklen_t size = sizeof(credentials);

    *peer = (struct peer){0};
    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0)
        return error_set(error, ERROR_DENIED, "the kernel does not say who you are: %s",
                         strerror(errno));
    peer->user = credentials.uid;
    peer->group = credentials.gid;
    if (!groups_of_kernel(descriptor, peer))
        groups_of_database(peer);
    return 0;
}

void peer_free(struct peer *peer)
{
    free(peer->groups);
    *peer = (struct peer){0};
}

bool peer_is_admitted(const struct peer *peer, uid_t own, bool has_group, gid_t group)
{
    if (peer->user == 0 || peer->user == own)
        return true;
    if (!has_group)
        return false;
    if (peer->group == group)
        return true;
    for (size_t i = 0; i < peer->group_count; i++)
        if (peer->groups[i] == group)
            return true;
    return false;
}

char *peer_name(const struct peer *peer)
{
    cleanup(free_pointer)
    char *space = memory_allocate(USER_ROW_BYTES);
    struct passwd row;

    if (find_user(peer->user, &row, space, USER_ROW_BYTES) < 0)
        return text_printf("uid %u", (unsigned)peer->user);
    return text_printf("%s (uid %u)", row.pw_name, (unsigned)peer->user);
}

bool peer_find_group(const char *name, gid_t *group)
{
    cleanup(free_pointer)
    char *space = memory_allocate(USER_ROW_BYTES);
    struct group row;
    struct group *found = NULL;

    if (getgrnam_r(name, &row, space, USER_ROW_BYTES, &found) != 0 || !found)
        return false;
    *group = row.gr_gid;
    return true;
}
