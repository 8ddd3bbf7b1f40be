/* This daemon's row, and what is seen of the others'. */
#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/random.h"
#include "base/text.h"
#include "store/lease_internal.h"
#include "store/share.h"

#include <stdlib.h>
#include <string.h>

/* A renewal that failed is asked for again this soon: the lease goes on meanwhile. */
enum { RENEWALS_A_LEASE = 5, RETRIES_A_LEASE = 20 };

const struct peer *daemon_find(const struct leases *leases, const char *id)
{
    struct peer *peer;

    list_each(peer, &leases->peers, link)
    {
        if (text_equal(peer->id, id))
            return peer;
    }
    return NULL;
}

bool daemon_is_known(const struct leases *leases, const char *id)
{
    return daemon_find(leases, id) != NULL;
}

/* ---- our own --------------------------------------------------------------------------------- */

static void on_left(void *context, enum store_outcome outcome, size_t conflict,
                    const struct error *error)
{
    struct leases *leases = context;

    (void)outcome;
    (void)conflict;
    (void)error; /* then the others wait for the lease's end */
    if (leases_answered(leases))
        leases->left(leases->left_context);
}

void daemon_leave(struct leases *leases)
{
    const struct store_write write = {
        .kind = DAEMON_KIND, .key = leases->id, .remove = true, .expected = leases->version};

    leases->asked++;
    if (leases->version)
        store_commit(leases->store, &write, 1, on_left, leases);
    else
        store_commit(leases->store, NULL, 0, on_left, leases);
}

/* The others took us for dead. */
static void begin_anew(struct leases *leases)
{
    bool was_there = leases->version != 0;

    leases->version = 0;
    leases->valid_until_ms = 0;
    leases_lose_all(leases);
    if (was_there && leases->listener.removed)
        leases->listener.removed(leases->listener.context);
}

static void on_renewed(void *context, enum store_outcome outcome, size_t conflict,
                       const struct error *error)
{
    struct leases *leases = context;
    bool first = leases->version == 0;
    int64_t next_ms = leases->lease_ms / RENEWALS_A_LEASE;

    (void)conflict;
    (void)error; /* the store says itself when it is not well */
    if (!leases_answered(leases))
        return;
    leases->renewing = false;
    switch (outcome) {
    case STORE_COMMITTED:
        leases->version++;
        leases->valid_until_ms = leases->asked_ms + share_own_ms(leases->lease_ms);
        break;
    case STORE_CONFLICT:
        begin_anew(leases);
        next_ms = 0;
        break;
    case STORE_FAILED:
        next_ms = leases->lease_ms / RETRIES_A_LEASE;
        break;
    }
    if (leases->leaving) {
        daemon_leave(leases);
        return;
    }
    timer_start(&leases->renew, leases->renew_again ? 0 : next_ms);
    leases->renew_again = false;
    if (first)
        leases_look(leases);
}

void daemon_renew(void *context)
{
    struct leases *leases = context;
    cleanup(json_free)
    cJSON *document = cJSON_CreateObject();

    if (leases->version == 0)
        random_hex(leases->id, ID_SIZE - 1);
    json_add_text(document, "name", leases->name);
    json_add_integer(document, "lease_ms", leases->lease_ms);
    json_add_integer(document, "started_ms", leases->started_ms);
    json_add_bool(document, "draining", leases->draining);
    cleanup(free_pointer)
    char *bytes = json_print(document);
    const struct store_write write = {
        .kind = DAEMON_KIND,
        .key = leases->id,
        .order_ms = leases->started_ms,
        .open = true,
        .expected = leases->version,
        .format = LEASE_FORMAT,
        .bytes = bytes,
        .length = strlen(bytes),
    };

    leases->asked_ms = clock_monotonic_ms();
    leases->renewing = true;
    leases->asked++;
    store_commit(leases->store, &write, 1, on_renewed, leases);
}

/* ---- the others ------------------------------------------------------------------------------ */

static void forget(struct peer *peer)
{
    list_remove(&peer->link);
    free(peer->id);
    free(peer->name);
    free(peer);
}

static void see(void *context, const struct store_row *row)
{
    struct leases *leases = context;
    struct peer *peer = (struct peer *)daemon_find(leases, row->key);
    struct error error;
    cleanup(json_free)
    cJSON *document = json_parse(row->bytes, row->length, LIMIT_RECORD_BYTES, &error);
    const char *name = json_get_text(document, "name");

    if (!peer) {
        peer = memory_allocate(sizeof(*peer));
        peer->id = text_copy(row->key);
        peer->name = text_copy(name ? name : row->key);
        peer->lease_ms = json_get_integer(document, "lease_ms", leases->lease_ms);
        list_append(&leases->peers, &peer->link);
    }
    if (peer->version != row->version) {
        peer->version = row->version;
        peer->seen_ms = clock_monotonic_ms();
    }
    peer->draining = json_get_bool(document, "draining", false);
    peer->listed = true;
}

/* Removed by us or by another, or alive after all: the next look says which. */
static void on_removed(void *context, enum store_outcome outcome, size_t conflict,
                       const struct error *error)
{
    struct leases *leases = context;

    (void)outcome;
    (void)conflict;
    (void)error;
    if (leases_answered(leases))
        leases_look(leases);
}

static void remove_dead(struct leases *leases)
{
    struct peer *peer;
    int64_t now_ms = clock_monotonic_ms();

    list_each(peer, &leases->peers, link)
    {
        if (text_equal(peer->id, leases->id) ||
            now_ms - peer->seen_ms <= share_others_ms(peer->lease_ms))
            continue;
        const struct store_write write = {
            .kind = DAEMON_KIND, .key = peer->id, .remove = true, .expected = peer->version};

        leases->asked++;
        store_commit(leases->store, &write, 1, on_removed, leases);
    }
}

static void end_look(struct leases *leases)
{
    leases->looking = false;
    if (!leases->leaving && leases->version)
        timer_start(&leases->look, leases->look_again ? 0 : leases->look_ms);
    leases->look_again = false;
}

static void on_leases_seen(void *context, const struct error *error)
{
    struct leases *leases = context;
    size_t position = 0;
    void *value;

    if (!leases_answered(leases))
        return;
    end_look(leases);
    if (error || leases->leaving || !leases->version)
        return;
    while (map_each(&leases->leases, &position, NULL, &value)) {
        struct lease *lease = value;

        if (!lease->listed)
            lease_see(lease, "", 0);
    }
    claims_look(leases);
    if (leases->listener.looked)
        leases->listener.looked(leases->listener.context);
}

static void see_lease(void *context, const struct store_row *row)
{
    struct lease *lease = lease_find(context, row->key);

    lease_see(lease, row->group, row->order_ms);
    lease->listed = true;
}

static void on_daemons_seen(void *context, const struct error *error)
{
    struct leases *leases = context;
    struct peer *peer;
    size_t position = 0;
    void *value;

    if (!leases_answered(leases))
        return;
    if (error) {
        end_look(leases);
        return;
    }
    list_each(peer, &leases->peers, link)
    {
        if (!peer->listed)
            forget(peer);
    }
    remove_dead(leases);
    while (map_each(&leases->leases, &position, NULL, &value))
        ((struct lease *)value)->listed = false;
    leases->asked++;
    store_list_open(leases->store, LEASE_KIND, NULL, STORE_KEYS,
                    &(struct store_reader){see_lease, on_leases_seen, leases});
}

/* Daemons first: whoever holds a lease seen after that, and was not there before, is new, and is
 * taken for nobody's business until the next look. */
void daemon_look(void *context)
{
    struct leases *leases = context;
    struct peer *peer;

    if (leases->looking)
        return;
    leases->looking = true;
    list_each(peer, &leases->peers, link) peer->listed = false;
    leases->asked++;
    store_list_open(leases->store, DAEMON_KIND, NULL, STORE_WHOLE,
                    &(struct store_reader){see, on_daemons_seen, leases});
}
