#include "control/control.h"

#include "base/memory.h"
#include "base/systemd.h"
#include "control/commands.h"
#include "control/events.h"
#include "control/listener.h"
#include "control/peer.h"
#include "control/server.h"
#include "net/timer.h"

#include <stdlib.h>
#include <unistd.h>

/* The name of the socket in the unit file (FileDescriptorName=). */
#define SYSTEMD_SOCKET "control"
/* How often those who listen hear how the daemon is: as fresh as a person expects a page to be, and
 * how a listener that has gone is noticed. */
#define TELL_EVERY_MS 5000

struct control {
    struct loop *loop;
    struct control_parts parts;
    struct listener listener; /* of the Unix socket */
    struct server *unix_server;
    struct server *loopback_server; /* NULL where the configuration wants none */
    struct timer tell_timer;
};

/* Looked up each time: the group may be made, or get members, while the daemon runs. */
static int admit(void *context, const struct peer *peer, struct error *error)
{
    gid_t group = 0;
    bool has_group = peer_find_group(PEER_GROUP, &group);

    (void)context;
    if (peer_is_admitted(peer, geteuid(), has_group, group))
        return 0;
    return error_set(error, ERROR_DENIED,
                     "you may not control causewayd: only root and members of the group %s may",
                     PEER_GROUP);
}

static size_t listeners(const struct control *control)
{
    return server_listeners(control->unix_server) +
           (control->loopback_server ? server_listeners(control->loopback_server) : 0);
}

static void tell(struct control *control, const char *text)
{
    server_tell(control->unix_server, text);
    if (control->loopback_server)
        server_tell(control->loopback_server, text);
}

static void on_tell_timer(void *context)
{
    struct control *control = context;

    if (listeners(control) == 0)
        return; /* the next who asks starts it again */
    cleanup(free_pointer)
    char *text = events_of_daemon(&control->parts);

    tell(control, text);
    timer_start(&control->tell_timer, TELL_EVERY_MS);
}

void control_tell(struct control *control, const struct record *record)
{
    if (listeners(control) == 0)
        return;
    cleanup(free_pointer)
    char *text = events_of_record(record);

    tell(control, text);
}

static void handle(void *context, struct exchange *exchange)
{
    struct control *control = context;

    if (!timer_is_running(&control->tell_timer)) /* it may be one who listens */
        timer_start(&control->tell_timer, TELL_EVERY_MS);
    commands_handle(&control->parts, exchange);
}

static int open_unix(struct control *control, const char *path, struct error *error)
{
    int handed_over = systemd_socket(SYSTEMD_SOCKET);
    gid_t group;
    bool has_group = peer_find_group(PEER_GROUP, &group);

    if (handed_over >= 0) {
        if (listener_adopt(&control->listener, handed_over, error) < 0)
            return -1;
    } else if (listener_open_unix(&control->listener, path, has_group ? &group : NULL, error) < 0) {
        return -1;
    }
    struct server_options options = {
        .descriptor = control->listener.descriptor,
        .unix_socket = true,
        .admit = admit,
        .handle = handle,
        .context = control,
    };

    control->unix_server = server_new(control->loop, &options, error);
    return control->unix_server ? 0 : -1;
}

static int open_loopback(struct control *control, const char *address, struct error *error)
{
    struct listener listener;

    if (listener_open_loopback(&listener, address, error) < 0)
        return -1;
    struct server_options options = {
        .descriptor = listener.descriptor,
        .handle = handle,
        .context = control,
    };

    control->loopback_server = server_new(control->loop, &options, error);
    return control->loopback_server ? 0 : -1;
}

struct control *control_new(struct loop *loop, const struct control_parts *parts,
                            struct error *error)
{
    const struct config *config = parts->get_config(parts->context);
    struct control *control = memory_allocate(sizeof(*control));

    control->loop = loop;
    control->parts = *parts;
    control->parts.progress = progress_new(loop, parts->aws);
    control->listener.descriptor = -1;
    timer_init(&control->tell_timer, loop, on_tell_timer, control);
    if (open_unix(control, config->control_socket, error) < 0 ||
        (config->http_listen && open_loopback(control, config->http_listen, error) < 0)) {
        control_free(control);
        return NULL;
    }
    return control;
}

/* The file goes first: who comes now is told that nobody is there, not left waiting. */
void control_stop(struct control *control)
{
    listener_remove(&control->listener);
    server_stop(control->unix_server);
    if (control->loopback_server)
        server_stop(control->loopback_server);
}

bool control_is_quiet(const struct control *control)
{
    return server_is_quiet(control->unix_server) &&
           (!control->loopback_server || server_is_quiet(control->loopback_server));
}

void control_free(struct control *control)
{
    if (!control)
        return;
    timer_stop(&control->tell_timer);
    listener_remove(&control->listener);
    server_free(control->loopback_server);
    server_free(control->unix_server);
    progress_free(control->parts.progress);
    free(control);
}
