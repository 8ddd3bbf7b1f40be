#include "store/lease.h"

#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"
#include "store/lease_internal.h"
#include "store/share.h"

#include <stdlib.h>
#include <unistd.h>

/* Eight looks a lease: what is free is taken soon after it can be known to be. No more often than
 * that, and no less often than people would wait. */
enum { LOOKS_A_LEASE = 8, LOOK_LEAST_MS = 200, LOOK_MOST_MS = 2000 };

static char *name_of_process(void)
{
    char host[256] = "";

    gethostname(host, sizeof(host) - 1);
    return text_printf("%s (%ld)", host, (long)getpid());
}

struct leases *leases_new(struct loop *loop, struct store *store,
                          const struct leases_settings *settings)
{
    struct leases *leases = memory_allocate(sizeof(*leases));
    int64_t look_ms = settings->lease_ms / LOOKS_A_LEASE;

    leases->loop = loop;
    leases->store = store;
    leases->name = settings->name ? text_copy(settings->name) : name_of_process();
    leases->lease_ms = settings->lease_ms;
    leases->look_ms = look_ms < LOOK_LEAST_MS  ? LOOK_LEAST_MS
                      : look_ms > LOOK_MOST_MS ? LOOK_MOST_MS
                                               : look_ms;
    leases->started_ms = clock_wall_ms();
    list_init(&leases->peers);
    timer_init(&leases->renew, loop, daemon_renew, leases);
    timer_init(&leases->look, loop, daemon_look, leases);
    return leases;
}

static void free_all(struct leases *leases)
{
    struct peer *peer;
    size_t position = 0;
    void *value;

    list_each(peer, &leases->peers, link)
    {
        free(peer->id);
        free(peer->name);
        free(peer);
    }
    while (map_each(&leases->leases, &position, NULL, &value)) {
        struct lease *lease = value;

        free(lease->name);
        free(lease->holder);
        free(lease);
    }
    map_free(&leases->leases);
    free(leases->name);
    free(leases);
}

void leases_free(struct leases *leases)
{
    if (!leases)
        return;
    timer_stop(&leases->renew);
    timer_stop(&leases->look);
    leases->freed = true;
    if (leases->asked == 0)
        free_all(leases);
}

bool leases_answered(struct leases *leases)
{
    leases->asked--;
    if (!leases->freed)
        return true;
    if (leases->asked == 0)
        free_all(leases);
    return false;
}

void leases_start(struct leases *leases, const struct leases_listener *listener)
{
    leases->listener = *listener;
    leases->started = true;
    daemon_renew(leases);
}

void leases_drain(struct leases *leases, bool draining)
{
    leases->draining = draining;
    /* Said at once, so that the others choose among themselves. */
    leases->renew_again = leases->renewing;
    if (leases->version && !leases->renewing && !leases->leaving)
        daemon_renew(leases);
    leases_look(leases);
}

void leases_leave(struct leases *leases, void (*left)(void *context), void *context)
{
    leases->draining = true;
    leases->leaving = true;
    leases->left = left;
    leases->left_context = context;
    timer_stop(&leases->renew);
    timer_stop(&leases->look);
    leases_lose_all(leases);
    if (!leases->renewing)
        daemon_leave(leases);
}

/* ---- named leases ---------------------------------------------------------------------------- */

struct lease *lease_find(struct leases *leases, const char *name)
{
    struct lease *lease = map_get(&leases->leases, name);

    if (!lease) {
        lease = memory_allocate(sizeof(*lease));
        lease->leases = leases;
        lease->name = text_copy(name);
        lease->holder = text_copy("");
        map_put(&leases->leases, name, lease);
    }
    return lease;
}

void lease_see(struct lease *lease, const char *holder, int64_t since_ms)
{
    lease->since_ms = since_ms;
    if (text_equal(lease->holder, holder))
        return;
    free(lease->holder);
    lease->holder = text_copy(holder);
}

struct lease *leases_want(struct leases *leases, const char *name, const struct lease_owner *owner)
{
    struct lease *lease = lease_find(leases, name);

    if (!lease->wanted) {
        lease->wanted = true;
        lease->owner = *owner;
        leases_look(leases);
    }
    return lease;
}

void leases_lose_all(struct leases *leases)
{
    size_t position = 0;
    void *value;

    while (map_each(&leases->leases, &position, NULL, &value)) {
        struct lease *lease = value;
        bool held = lease->state == LEASE_HELD;

        lease->state = LEASE_IDLE;
        if (held)
            lease->owner.lost(lease->owner.context, lease);
    }
}

bool lease_is_held(const struct lease *lease)
{
    return lease->state == LEASE_HELD && clock_monotonic_ms() < lease->leases->valid_until_ms;
}

const char *lease_name(const struct lease *lease)
{
    return lease->name;
}

int64_t lease_number(const struct lease *lease)
{
    return lease->number;
}

struct store_write lease_check(const struct lease *lease)
{
    return (struct store_write){
        .kind = LEASE_KIND, .key = lease->name, .check = true, .expected = lease->claimed_version};
}

void leases_look(struct leases *leases)
{
    if (!leases->started || leases->leaving || !leases->version)
        return;
    if (leases->looking)
        leases->look_again = true;
    else
        timer_start(&leases->look, 0);
}

/* ---- status ---------------------------------------------------------------------------------- */

void leases_each_daemon(const struct leases *leases,
                        void (*each)(void *context, const struct lease_daemon *daemon),
                        void *context)
{
    struct peer *peer;
    int64_t now_ms = clock_monotonic_ms();

    list_each(peer, &leases->peers, link)
    {
        const struct lease_daemon daemon = {.id = peer->id,
                                            .name = peer->name,
                                            .self = text_equal(peer->id, leases->id),
                                            .renewed_ago_ms = now_ms - peer->seen_ms};

        each(context, &daemon);
    }
}

void leases_each_holding(const struct leases *leases,
                         void (*each)(void *context, const struct lease_holding *holding),
                         void *context)
{
    size_t position = 0;
    void *value;

    while (map_each(&leases->leases, &position, NULL, &value)) {
        const struct lease *lease = value;
        const struct peer *peer = daemon_find(leases, lease->holder);
        const struct lease_holding holding = {.name = lease->name,
                                              .holder = lease->holder,
                                              .holder_name = peer ? peer->name : "",
                                              .self = lease_is_held(lease),
                                              .since_ms = lease->since_ms};

        each(context, &holding);
    }
}
