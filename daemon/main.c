/* causewayd: options, wiring, signals. The one file that knows every part.
 *
 * Order of the start: configuration, store, AWS, engine (which takes up what was open), intake,
 * control. The end goes the other way round: nothing new is taken in, what is under way is
 * finished, and what is open goes on at the next start. */
#include "aws/aws.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/footprint.h"
#include "base/json.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/systemd.h"
#include "base/text.h"
#include "base/time.h"
#include "bridge/accounts.h"
#include "bridge/bridge.h"
#include "config/config.h"
#include "control/control.h"
#include "deploy/engine.h"
#include "deploy/holding.h"
#include "deploy/missed.h"
#include "deploy/orphans.h"
#include "intake/intake.h"
#include "net/loop.h"
#include "net/timer.h"
#include "options.h"
#include "store/lease.h"
#include "store/store.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

/* READY is said when the queue has answered, or after this: the daemon is of use without the queue
 * (operators can ask it), and what is missing is in STATUS. */
#define READY_WAIT_MS 10000
/* At the end, what is under way gets this long. Calls that take longer are idempotent. */
#define STOP_WAIT_MS 10000
#define STOP_LOOK_MS 20
/* And giving up what it holds, so that the others need not wait for the lease's end, this long. */
#define LEAVE_WAIT_MS 3000
/* How often it is looked how late the loop runs; what the journal left out is told, and STATUS,
 * which systemctl status reads now and then, is brought up to date. One timer for all: each wakes
 * the processor. */
#define TICK_MS 30000
/* What only the start needed is handed back when the first poll is out: what that needs would have
 * to be read again. */
#define SETTLE_MS 200

/* Exit statuses; systemd restarts on any but 0. */
enum { EXIT_BAD_CONFIG = 2, EXIT_CANNOT_START = 1 };

struct daemon {
    struct options options;
    struct loop *loop;
    struct config *config;
    struct store *store;
    struct store *lease_store; /* where others share it: renewals wait for nothing else */
    struct leases *leases;
    struct aws *aws;
    struct metrics *metrics;
    struct engine *engine;
    struct bridge *bridge;
    struct lease *bridge_lease; /* while it is ours */
    struct missed *missed;
    struct orphans *orphans;
    struct intake *intake;
    struct control *control;
    struct timer ready_timer;
    struct timer watchdog_timer;
    struct timer stop_timer;
    struct timer tick_timer;
    struct timer settle_timer;
    int64_t tick_due_ms; /* monotonic: when the next tick was asked for */
    int64_t started_ms;  /* wall clock */
    int64_t stop_by_ms;  /* monotonic */
    bool ready;
    bool stopping;
    bool leaving;
};

/* All errors, a line each; the caller frees them. */
static char *describe_errors(const struct config_errors *errors)
{
    struct buffer text = BUFFER(65536);

    for (size_t i = 0; i < errors->count; i++) {
        cleanup(free_pointer)
        char *line = config_error_format(&errors->errors[i]);

        buffer_printf(&text, "%s%s", i ? "\n" : "", line);
    }
    if (errors->dropped)
        buffer_printf(&text, "\nand %zu more", errors->dropped);
    return buffer_take(&text);
}

/* ---- status and watchdog ------------------------------------------------------------------- */

static void say_status(struct daemon *daemon)
{
    struct intake_statistics intake = intake_get_statistics(daemon->intake);
    struct engine_statistics engine = engine_get_statistics(daemon->engine);

    if (daemon->stopping)
        systemd_status("Stopping; %" PRIu64 " open deployments go on at the next start",
                       engine.open);
    else if (!store_is_healthy(daemon->store))
        systemd_status("The store cannot be written; not receiving");
    else if (!intake.reachable)
        systemd_status("The queue cannot be read: %s", intake.problem);
    else
        systemd_status("%" PRIu64 " deployments open, %" PRIu64 " succeeded, %" PRIu64
                       " rolled back, %" PRIu64 " failed; %" PRIu64 " messages received",
                       engine.open, engine.ended[STATE_SUCCEEDED], engine.ended[STATE_ROLLED_BACK],
                       engine.ended[STATE_FAILED], intake.received);
}

/* The store has answered, on the loop: both live. */
static void on_store_answer(void *context, const struct error *error)
{
    (void)context;
    (void)error; /* a disk that fails is not a hang: the daemon says so and waits */
    systemd_watchdog_feed();
}

static void ignore_row(void *context, const struct store_row *row)
{
    (void)context;
    (void)row;
}

static void on_watchdog_timer(void *context)
{
    struct daemon *daemon = context;
    const struct store_reader reader = {ignore_row, on_store_answer, daemon};

    store_get(daemon->store, RECORD_KIND, "", &reader);
    timer_start(&daemon->watchdog_timer, systemd_watchdog_ms() / 3);
}

static void become_ready(struct daemon *daemon)
{
    if (daemon->ready)
        return;
    daemon->ready = true;
    timer_stop(&daemon->ready_timer);
    say_status(daemon);
    systemd_ready();
    timer_start(&daemon->settle_timer, SETTLE_MS);
}

static void on_settle_timer(void *context)
{
    (void)context;
    footprint_settle();
}

static void on_queue_answers(void *context)
{
    become_ready(context);
}

static void on_ready_timer(void *context)
{
    become_ready(context);
}

static void on_store_health(void *context, bool healthy, const struct error *error)
{
    struct daemon *daemon = context;
    const struct log_fields fields = {.error = error};

    if (healthy)
        log_message(MESSAGE_STORE_RECOVERED, NULL,
                    "the store can be written again; receiving goes on");
    else
        log_message(
            MESSAGE_STORE_FAILED, &fields,
            "the store cannot be written: %s; nothing is received or acknowledged until it can",
            error ? error->sentence : "");
    say_status(daemon);
}

/* ---- metrics ------------------------------------------------------------------------------- */

static void on_attempt(void *context, const struct aws_attempt *attempt)
{
    struct daemon *daemon = context;
    const char *service = attempt->operation->service->name;

    metrics_observe(
        daemon->metrics, METRIC_AWS_CALLS,
        (metric_labels){service, attempt->operation->name, error_class_name(attempt->class)},
        (double)attempt->elapsed_ms / 1000);
    if (attempt->attempt > 1)
        metrics_add(daemon->metrics, METRIC_AWS_RETRIES, (metric_labels){service}, 1);
}

static void on_commit(void *context, int64_t took_ms)
{
    struct daemon *daemon = context;

    metrics_observe(daemon->metrics, METRIC_STORE_COMMIT_SECONDS, NULL, (double)took_ms / 1000);
}

static void on_event_age(void *context, int64_t age_ms)
{
    struct daemon *daemon = context;

    metrics_observe(daemon->metrics, METRIC_QUEUE_LAG, NULL, (double)age_ms / 1000);
}

/* What CloudTrail recorded, and the canaries of `causewayctl doctor`, are the bridge's. */
static bool on_event(void *context, const cJSON *event, int64_t sent_ms)
{
    struct daemon *daemon = context;

    return bridge_event(daemon->bridge, event, sent_ms);
}

static void on_transition(void *context, const struct record *before, const struct record *record)
{
    struct daemon *daemon = context;

    if (before && before->state != record->state)
        metrics_observe(daemon->metrics, METRIC_STATE_SECONDS,
                        (metric_labels){deployment_state_name(before->state)},
                        (double)(record->entered_ms - before->entered_ms) / 1000);
    if (daemon->control)
        control_tell(daemon->control, record);
}

static void on_tick(void *context)
{
    struct daemon *daemon = context;
    int64_t now_ms = clock_monotonic_ms();

    if (daemon->tick_due_ms)
        metrics_observe(daemon->metrics, METRIC_LOOP_LAG, NULL,
                        (double)(now_ms - daemon->tick_due_ms) / 1000);
    log_tell_dropped();
    if (daemon->ready)
        say_status(daemon);
    daemon->tick_due_ms = now_ms + TICK_MS;
    timer_start(&daemon->tick_timer, TICK_MS);
}

/* ---- reload -------------------------------------------------------------------------------- */

/* The new configuration whole, or the old one as it was. NULL where it is in force, else why not.
 */
static char *reload(void *context, enum error_class *class)
{
    struct daemon *daemon = context;
    struct config_errors errors = {0};
    struct config *wanted = config_load(daemon->options.config, &errors);
    char *why = wanted ? config_reload_refusal(daemon->config, wanted) : describe_errors(&errors);

    *class = wanted ? ERROR_CONFLICT : ERROR_INVALID;
    config_errors_free(&errors);
    if (!wanted || why) {
        config_unref(wanted);
        log_message(MESSAGE_RELOAD_FAILED, NULL,
                    "the configuration was not reloaded, the old one stays in force: %s", why);
        return why;
    }
    struct config *old = daemon->config;
    struct error error;

    daemon->config = wanted;
    if (accounts_set(daemon->aws, wanted, &error) < 0) {
        daemon->config = old;
        config_unref(wanted);
        log_message(MESSAGE_RELOAD_FAILED, &(struct log_fields){.error = &error},
                    "the configuration was not reloaded, the old one stays in force: %s",
                    error.sentence);
        return text_copy(error.sentence);
    }
    engine_set_config(daemon->engine, wanted);
    intake_set_config(daemon->intake, wanted);
    bridge_set_config(daemon->bridge, wanted);
    if (daemon->missed)
        missed_set_config(daemon->missed, wanted);
    orphans_set_config(daemon->orphans, wanted);
    config_unref(old);
    log_message(MESSAGE_RELOADED, NULL, "the configuration %s was reloaded: %zu deployment%s",
                daemon->options.config, wanted->deployment_count,
                wanted->deployment_count == 1 ? "" : "s");
    return NULL;
}

static void on_hangup(void *context)
{
    enum error_class class;

    systemd_reloading();
    free(reload(context, &class)); /* it has been said already */
    systemd_ready();
}

static struct config *get_config(void *context)
{
    const struct daemon *daemon = context;

    return daemon->config;
}

/* ---- the end ------------------------------------------------------------------------------- */

static void on_left(void *context)
{
    struct daemon *daemon = context;

    loop_stop(daemon->loop);
}

static void on_stop_timer(void *context)
{
    struct daemon *daemon = context;
    bool quiet = intake_is_quiet(daemon->intake) && engine_is_quiet(daemon->engine) &&
                 bridge_is_quiet(daemon->bridge) && control_is_quiet(daemon->control);

    bool is_time = clock_monotonic_ms() >= daemon->stop_by_ms;

    if ((quiet || is_time) && daemon->leases && !daemon->leaving) {
        daemon->leaving = true;
        leases_leave(daemon->leases, on_left, daemon);
        timer_start(&daemon->stop_timer, LEAVE_WAIT_MS);
    } else if (quiet || is_time)
        loop_stop(daemon->loop);
    else
        timer_start(&daemon->stop_timer, STOP_LOOK_MS);
}

static void on_terminate(void *context)
{
    struct daemon *daemon = context;

    if (daemon->stopping)
        return;
    daemon->stopping = true;
    systemd_stopping();
    say_status(daemon);
    intake_stop(daemon->intake);
    if (daemon->missed)
        missed_stop(daemon->missed);
    orphans_stop(daemon->orphans);
    engine_stop(daemon->engine);
    bridge_stop(daemon->bridge);
    control_stop(daemon->control);
    daemon->stop_by_ms = clock_monotonic_ms() + STOP_WAIT_MS;
    on_stop_timer(daemon);
}

/* ---- several daemons ------------------------------------------------------------------------ */

/* What one daemon does for all: the bridge, with its heartbeat, and the search for what EventBridge
 * did not deliver. */
static void on_bridge_gained(void *context, struct lease *lease)
{
    struct daemon *daemon = context;

    daemon->bridge_lease = lease;
    if (!daemon->stopping)
        bridge_start(daemon->bridge);
}

static void on_bridge_lost(void *context, struct lease *lease)
{
    struct daemon *daemon = context;

    (void)lease;
    daemon->bridge_lease = NULL;
    bridge_stop(daemon->bridge);
}

/* A pause, or a clock that stood still: what is past is not known to be ours any more. */
static bool may_bridge_call(void *context)
{
    const struct daemon *daemon = context;

    return daemon->bridge_lease && lease_is_held(daemon->bridge_lease);
}

static bool may_release_bridge(void *context, const struct lease *lease)
{
    const struct daemon *daemon = context;

    (void)lease;
    return bridge_is_quiet(daemon->bridge);
}

static void on_search_gained(void *context, struct lease *lease)
{
    struct daemon *daemon = context;

    (void)lease;
    daemon->missed =
        missed_new(daemon->loop, daemon->aws, daemon->store, daemon->engine, daemon->config);
}

static void on_search_lost(void *context, struct lease *lease)
{
    struct daemon *daemon = context;

    (void)lease;
    missed_free(steal_pointer(daemon->missed));
}

static void share_tasks(struct daemon *daemon)
{
    bridge_stop(daemon->bridge); /* until it is ours */
    bridge_fence(daemon->bridge, may_bridge_call, daemon);
    leases_want(
        daemon->leases, "task/bridge",
        &(struct lease_owner){on_bridge_gained, on_bridge_lost, may_release_bridge, daemon});
    leases_want(daemon->leases, "task/search",
                &(struct lease_owner){on_search_gained, on_search_lost, NULL, daemon});
}

/* ---- the beginning ------------------------------------------------------------------------- */

static int open_store(struct daemon *daemon, struct error *error)
{
    const struct config *config = daemon->config;

    daemon->store = accounts_open_store(daemon->loop, daemon->aws, config, error);
    if (!daemon->store)
        return -1;
    if (!config->store_dynamodb)
        return 0;
    daemon->lease_store = accounts_open_store(daemon->loop, daemon->aws, config, error);
    if (!daemon->lease_store)
        return -1;
    daemon->leases = leases_new(daemon->loop, daemon->lease_store,
                                &(struct leases_settings){.lease_ms = config->store_lease_ms});
    return 0;
}

static int open_parts(struct daemon *daemon, struct error *error)
{
    daemon->loop = loop_new();
    daemon->metrics = metrics_new();
    timer_init(&daemon->ready_timer, daemon->loop, on_ready_timer, daemon);
    timer_init(&daemon->watchdog_timer, daemon->loop, on_watchdog_timer, daemon);
    timer_init(&daemon->tick_timer, daemon->loop, on_tick, daemon);
    timer_init(&daemon->stop_timer, daemon->loop, on_stop_timer, daemon);
    timer_init(&daemon->settle_timer, daemon->loop, on_settle_timer, daemon);
    daemon->aws = accounts_open(daemon->loop, daemon->config, error);
    if (!daemon->aws)
        return -1;
    aws_observe(daemon->aws, on_attempt, daemon);
    if (open_store(daemon, error) < 0)
        return -1;
    store_on_health(daemon->store, on_store_health, daemon);
    store_on_commit(daemon->store, on_commit, daemon);
    daemon->engine = engine_new(daemon->loop, daemon->aws, daemon->store, daemon->config);
    engine_observe(daemon->engine, on_transition, daemon);
    if (daemon->leases)
        engine_share(daemon->engine, daemon->leases);
    if (engine_load(daemon->engine, error) < 0)
        return -1;
    daemon->bridge = bridge_new(daemon->loop, daemon->aws, daemon->store, daemon->config);
    if (daemon->leases)
        share_tasks(daemon);
    else
        on_search_gained(daemon, NULL); /* nobody else does */
    daemon->orphans = orphans_new(daemon->loop, daemon->aws, daemon->engine, daemon->config);
    daemon->intake =
        intake_new(daemon->loop, daemon->aws, daemon->store, daemon->engine, daemon->config);
    intake_on_event(daemon->intake, on_event, daemon);
    intake_observe_age(daemon->intake, on_event_age, daemon);
    const struct control_parts parts = {
        .loop = daemon->loop,
        .engine = daemon->engine,
        .bridge = daemon->bridge,
        .intake = daemon->intake,
        .store = daemon->store,
        .leases = daemon->leases,
        .aws = daemon->aws,
        .metrics = daemon->metrics,
        .get_config = get_config,
        .reload = reload,
        .context = daemon,
        .started_ms = daemon->started_ms,
    };

    daemon->control = control_new(daemon->loop, &parts, error);
    return daemon->control ? 0 : -1;
}

static void close_parts(struct daemon *daemon)
{
    timer_stop(&daemon->ready_timer);
    timer_stop(&daemon->watchdog_timer);
    timer_stop(&daemon->stop_timer);
    timer_stop(&daemon->tick_timer);
    timer_stop(&daemon->settle_timer);
    if (daemon->store)
        store_close(daemon->store); /* first: it calls back for the commits that it finishes */
    if (daemon->lease_store)
        store_close(daemon->lease_store);
    if (daemon->control)
        control_free(steal_pointer(daemon->control));
    if (daemon->intake)
        intake_free(daemon->intake);
    bridge_free(daemon->bridge);
    missed_free(daemon->missed);
    orphans_free(daemon->orphans);
    if (daemon->engine)
        engine_free(daemon->engine);
    leases_free(daemon->leases);
    if (daemon->aws)
        aws_free(daemon->aws);
    metrics_free(daemon->metrics);
    loop_free(daemon->loop);
}

static void run(struct daemon *daemon)
{
    struct engine_statistics statistics = engine_get_statistics(daemon->engine);

    loop_on_signal(daemon->loop, SIGTERM, on_terminate, daemon);
    loop_on_signal(daemon->loop, SIGINT, on_terminate, daemon);
    loop_on_signal(daemon->loop, SIGHUP, on_hangup, daemon);
    log_message(MESSAGE_STARTED, NULL,
                "causewayd " CAUSEWAY_VERSION " has started: %zu deployment%s configured, %" PRIu64
                " open taken up",
                daemon->config->deployment_count, daemon->config->deployment_count == 1 ? "" : "s",
                statistics.open);
    intake_start(daemon->intake, on_queue_answers, daemon);
    if (!daemon->leases)
        bridge_start(daemon->bridge);
    on_tick(daemon);
    timer_start(&daemon->ready_timer, READY_WAIT_MS);
    if (systemd_watchdog_ms() > 0)
        on_watchdog_timer(daemon);
    loop_run(daemon->loop);
    log_message(MESSAGE_STOPPED, NULL,
                "causewayd has stopped; %" PRIu64 " open deployments go on at the next start",
                engine_get_statistics(daemon->engine).open);
}

static struct config *load_config(const struct options *options)
{
    struct config_errors errors = {0};
    struct config *config = config_load(options->config, &errors);

    for (size_t i = 0; i < errors.count; i++) {
        cleanup(free_pointer)
        char *line = config_error_format(&errors.errors[i]);

        if (options->check)
            fprintf(stderr, "%s\n", line);
        else
            log_message(MESSAGE_START_FAILED, NULL, "%s", line);
    }
    if (errors.dropped && options->check)
        fprintf(stderr, "and %zu more\n", errors.dropped);
    config_errors_free(&errors);
    return config;
}

int main(int argc, char **argv)
{
    struct daemon daemon = {.started_ms = clock_wall_ms()};
    int status = options_parse(argc, argv, &daemon.options);

    if (status >= 0)
        return status;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN); /* until the loop takes it: what is read at the start is new enough */
    footprint_prepare();
    prctl(PR_SET_DUMPABLE, 0); /* keys are in memory: no core dumps, no tracing by our own user */
    json_initialise();
    log_open(daemon.options.log_format, daemon.options.log_level);
    daemon.config = load_config(&daemon.options);
    if (!daemon.config)
        return EXIT_BAD_CONFIG;
    if (daemon.options.check) {
        config_unref(daemon.config);
        return EXIT_SUCCESS;
    }
    struct error error;

    status = EXIT_SUCCESS;
    if (open_parts(&daemon, &error) < 0) {
        log_message(MESSAGE_START_FAILED, &(struct log_fields){.error = &error},
                    "causewayd could not start: %s", error.sentence);
        status = EXIT_CANNOT_START;
    } else {
        run(&daemon);
    }
    close_parts(&daemon);
    config_unref(daemon.config);
    return status;
}
