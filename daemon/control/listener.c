#include "control/listener.h"

#include "base/log.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    SOCKET_MODE = 0660,
    /* Asks that wait to be accepted; beyond it, connect(2) says EAGAIN. */
    BACKLOG = 128,
};

static void close_descriptor(const int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
}

static int make_address(const char *path, struct sockaddr_un *address, struct error *error)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (!text_fill(address->sun_path, sizeof(address->sun_path), path))
        return error_set(error, ERROR_INVALID,
                         "the path of the control socket is longer than the %zu bytes that unix(7) "
                         "allows: %s",
                         sizeof(address->sun_path) - 1, path);
    return 0;
}

/* Whether the socket at the address may be replaced: it is a socket, and nobody listens there. */
static int remove_stale(const struct sockaddr_un *address, struct error *error)
{
    const char *path = address->sun_path;
    struct stat status;

    if (lstat(path, &status) < 0)
        return errno == ENOENT ? 0
                               : error_set(error, ERROR_INVALID, "%s: %s", path, strerror(errno));
    if (!S_ISSOCK(status.st_mode))
        return error_set(error, ERROR_CONFLICT,
                         "%s is in the way of the control socket and is not a socket; move it or "
                         "set listen.control to another path",
                         path);
    cleanup(close_descriptor)
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (probe < 0)
        return error_set(error, ERROR_TRANSIENT, "could not make a socket: %s", strerror(errno));
    if (connect(probe, (const struct sockaddr *)address, sizeof(*address)) == 0)
        return error_set(error, ERROR_CONFLICT,
                         "another daemon listens at %s; stop it, or set listen.control to another "
                         "path",
                         path);
    if (errno != ECONNREFUSED)
        return error_set(error, ERROR_CONFLICT, "%s: %s", path, strerror(errno));
    if (unlink(path) < 0 && errno != ENOENT)
        return error_set(error, ERROR_DENIED, "could not remove the stale socket %s: %s", path,
                         strerror(errno));
    return 0;
}

/* Nobody can connect between bind(2) and listen(2), so the rights are in place before anybody does.
 */
static int set_rights_and_listen(int descriptor, const char *path, const gid_t *group,
                                 struct stat *status, struct error *error)
{
    if (chmod(path, SOCKET_MODE) < 0)
        return error_set(error, ERROR_DENIED, "could not set the mode of %s: %s", path,
                         strerror(errno));
    if (group && lchown(path, (uid_t)-1, *group) < 0)
        log_debug(NULL, "the socket %s could not be given to its group: %s", path, strerror(errno));
    if (lstat(path, status) < 0 || listen(descriptor, BACKLOG) < 0)
        return error_set(error, ERROR_TRANSIENT, "could not listen at %s: %s", path,
                         strerror(errno));
    return 0;
}

int listener_open_unix(struct listener *listener, const char *path, const gid_t *group,
                       struct error *error)
{
    struct sockaddr_un address;
    struct stat status;

    *listener = (struct listener){.descriptor = -1};
    if (make_address(path, &address, error) < 0 || remove_stale(&address, error) < 0)
        return -1;
    cleanup(close_descriptor)
    int made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (made < 0)
        return error_set(error, ERROR_TRANSIENT, "could not make a socket: %s", strerror(errno));
    if (bind(made, (const struct sockaddr *)&address, sizeof(address)) < 0)
        return error_set(error, ERROR_INVALID, "could not make the control socket at %s: %s", path,
                         strerror(errno));
    if (set_rights_and_listen(made, path, group, &status, error) < 0) {
        unlink(path);
        return -1;
    }
    listener->descriptor = made;
    listener->path = text_copy(path);
    listener->device = status.st_dev;
    listener->inode = status.st_ino;
    listener->changed = status.st_ctim;
    made = -1;
    return 0;
}

int listener_adopt(struct listener *listener, int descriptor, struct error *error)
{
    int flags = fcntl(descriptor, F_GETFL);

    *listener = (struct listener){.descriptor = -1};
    if (flags < 0 || fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) < 0 ||
        fcntl(descriptor, F_SETFD, FD_CLOEXEC) < 0)
        return error_set(error, ERROR_INVALID,
                         "the socket that systemd handed over can't be used: %s", strerror(errno));
    listener->descriptor = descriptor;
    return 0;
}

union any_address {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
};

/* "HOST:PORT" with a loopback host; 127.0.0.0/8 is loopback as a whole (RFC 1122, 3.2.1.3). */
static int parse_loopback(const char *text, union any_address *address, socklen_t *size,
                          struct error *error)
{
    const char *colon = strrchr(text, ':');
    cleanup(free_pointer)
    char *host = memory_copy_text(text, colon ? (size_t)(colon - text) : strlen(text));
    uint64_t port;

    *address = (union any_address){0};
    if (!colon || !text_to_u64(colon + 1, &port) || port > UINT16_MAX)
        return error_set(error, ERROR_INVALID,
                         "listen.http \"%s\" is not HOST:PORT, as in 127.0.0.1:9464", text);
    if (text_equal(host, "[::1]")) {
        address->six = (struct sockaddr_in6){.sin6_family = AF_INET6,
                                             .sin6_port = htons((uint16_t)port),
                                             .sin6_addr = IN6ADDR_LOOPBACK_INIT};
        *size = sizeof(address->six);
        return 0;
    }
    address->four.sin_family = AF_INET;
    address->four.sin_port = htons((uint16_t)port);
    *size = sizeof(address->four);
    if (text_equal(host, "localhost"))
        address->four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    else if (inet_pton(AF_INET, host, &address->four.sin_addr) != 1 ||
             ntohl(address->four.sin_addr.s_addr) >> 24 != IN_LOOPBACKNET)
        return error_set(error, ERROR_INVALID,
                         "listen.http \"%s\" is not a loopback address; whoever is to read it from "
                         "elsewhere needs a proxy that knows them",
                         text);
    return 0;
}

int listener_open_loopback(struct listener *listener, const char *text, struct error *error)
{
    union any_address address;
    socklen_t size;

    *listener = (struct listener){.descriptor = -1};
    if (parse_loopback(text, &address, &size, error) < 0)
        return -1;
    cleanup(close_descriptor)
    int made = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int yes = 1;

    /* Connections of the daemon before us may be in TIME_WAIT. */
    if (made < 0 || setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0 ||
        bind(made, &address.any, size) < 0 || listen(made, BACKLOG) < 0)
        return error_set(error, errno == EADDRINUSE ? ERROR_CONFLICT : ERROR_INVALID,
                         "could not listen at %s (listen.http): %s", text, strerror(errno));
    listener->descriptor = made;
    made = -1;
    return 0;
}

void listener_remove(struct listener *listener)
{
    struct stat status;

    if (listener->path && lstat(listener->path, &status) == 0 &&
        status.st_dev == listener->device && status.st_ino == listener->inode &&
        status.st_ctim.tv_sec == listener->changed.tv_sec &&
        status.st_ctim.tv_nsec == listener->changed.tv_nsec)
        unlink(listener->path);
    free(listener->path);
    listener->path = NULL;
}
