/* Listening sockets of the control API: the Unix socket, from systemd or made by ourselves, and the
 * loopback one. */
#ifndef CAUSEWAY_CONTROL_LISTENER_H
#define CAUSEWAY_CONTROL_LISTENER_H

#include "base/error.h"

#include <sys/types.h>
#include <time.h>

struct listener {
    int descriptor; /* -1 while there is none; non-blocking, close-on-exec */
    char *path;     /* of a Unix socket that we made, else NULL */
    /* Which file that is, so that another's is not removed; inode numbers are used again. */
    dev_t device;
    ino_t inode;
    struct timespec changed;
};

/* Makes a Unix socket at path with mode 0660 and, where it is not NULL, that group (where we may
 * not give it away, it stays ours: root and our own user are admitted anyway). A socket there on
 * which nobody listens is replaced; -1 where somebody does, where the path is something else, or
 * where it can't be made. */
int listener_open_unix(struct listener *listener, const char *path, const gid_t *group,
                       struct error *error);

/* Takes a socket that the service manager handed over. */
int listener_adopt(struct listener *listener, int descriptor, struct error *error);

/* Listens at "127.0.0.1:9464", "[::1]:9464" or "localhost:9464"; any other host is ERROR_INVALID.
 * Port 0 lets the kernel choose. */
int listener_open_loopback(struct listener *listener, const char *text, struct error *error);

/* Removes the socket's file if it is still the one that we made. The descriptor belongs to whoever
 * serves it. */
void listener_remove(struct listener *listener);

#endif
