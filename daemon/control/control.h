/* The control API of the daemon: HTTP over a Unix socket, for causewayctl and curl --unix-socket,
 * and over a loopback port for those who only look (probes, Prometheus's neighbours, a browser).
 *
 * The Unix socket is systemd's, where one called "control" was handed over, or made at the
 * configuration's listen.control. It admits root, the daemon's own user and members of the group
 * `causeway`, by the kernel's word; what they ask for is logged with their name. The loopback port
 * answers GET only, and shows nothing that is not for every user of the machine: no container
 * environment, no configuration.
 *
 * The requests are in api.def. Asking changes nothing; every change goes through the engine, and is
 * answered when it is committed. */
#ifndef CAUSEWAY_CONTROL_CONTROL_H
#define CAUSEWAY_CONTROL_CONTROL_H

#include "aws/aws.h"
#include "base/error.h"
#include "base/metrics.h"
#include "bridge/bridge.h"
#include "config/config.h"
#include "deploy/engine.h"
#include "deploy/progress.h"
#include "intake/intake.h"
#include "net/loop.h"
#include "store/lease.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

struct control;

/* The parts of the daemon that are asked. They must outlive the control. */
struct control_parts {
    struct loop *loop;
    struct engine *engine;
    struct bridge *bridge;
    struct intake *intake;
    struct store *store;
    struct leases *leases; /* NULL where no other daemon shares the store */
    struct aws *aws;
    struct metrics *metrics;

    /* The configuration in force. Its sockets are those that are opened. */
    struct config *(*get_config)(void *context);

    /* Reloads the configuration now. NULL where it is in force; otherwise why not, in one or more
     * lines that the caller frees, and in *class ERROR_INVALID where the file is wrong or
     * ERROR_CONFLICT where it can't be applied without a restart. */
    char *(*reload)(void *context, enum error_class *class);

    void *context;
    int64_t started_ms; /* wall clock */

    struct progress *progress; /* the control's own */
};

/* Opens the sockets and begins to answer. NULL and an error where one can't be opened: another
 * daemon listens there, the path or the port can't be used. The parts are copied. */
struct control *control_new(struct loop *loop, const struct control_parts *parts,
                            struct error *error);

/* A deployment has changed: those who listen to /v1/events are told. */
void control_tell(struct control *control, const struct record *record);

/* Takes no more connections. What was asked for is still answered. */
void control_stop(struct control *control);

/* Whether no answer is owed. */
bool control_is_quiet(const struct control *control);

/* Closes everything; what is not answered yet is answered with 503. May be called while the engine
 * still has requests of ours in hand: its callbacks, when they come, find nobody and do nothing. */
void control_free(struct control *control);

#endif
