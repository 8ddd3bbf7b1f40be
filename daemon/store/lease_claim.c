/* Named leases: claimed where they are free and ours to take, released where they are another's. */
#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "store/lease_internal.h"
#include "store/share.h"

#include <stdlib.h>
#include <string.h>

/* ---- writing --------------------------------------------------------------------------------- */

static char *print_row(const char *holder, int64_t number)
{
    cleanup(json_free)
    cJSON *document = cJSON_CreateObject();

    json_add_text(document, "holder", holder);
    json_add_integer(document, "number", number);
    return json_print(document);
}

static struct store_write row_of(const struct lease *lease, const char *holder, const char *bytes)
{
    return (struct store_write){
        .kind = LEASE_KIND,
        .key = lease->name,
        .group = *holder ? holder : NULL,
        .order_ms = clock_wall_ms(),
        .open = *holder != '\0',
        .expected = lease->version,
        .format = LEASE_FORMAT,
        .bytes = bytes,
        .length = strlen(bytes),
    };
}

/* ---- claiming -------------------------------------------------------------------------------- */

static void on_claimed(void *context, enum store_outcome outcome, size_t conflict,
                       const struct error *error)
{
    struct lease *lease = context;
    struct leases *leases = lease->leases;

    (void)conflict;
    (void)error;
    if (!leases_answered(leases))
        return;
    if (lease->state != LEASE_CLAIMING)
        return; /* we were removed meanwhile, or leave: the others see to it */
    lease->state = LEASE_IDLE;
    if (outcome != STORE_COMMITTED || !text_equal(lease->id, leases->id))
        return;
    lease->state = LEASE_HELD;
    lease->version++;
    lease->number++;
    lease->claimed_version = lease->version;
    lease_see(lease, leases->id, clock_wall_ms());
    lease->owner.gained(lease->owner.context, lease);
}

static void read_row(void *context, const struct store_row *row)
{
    struct lease *lease = context;
    struct error error;
    cleanup(json_free)
    cJSON *document = json_parse(row->bytes, row->length, LIMIT_RECORD_BYTES, &error);

    lease->version = row->version;
    lease->number = json_get_integer(document, "number", 0);
    lease_see(lease, row->group, row->order_ms);
}

/* The row as it is now: who is not there any more cannot come back, since ids are never used twice.
 */
static void on_row(void *context, const struct error *error)
{
    struct lease *lease = context;
    struct leases *leases = lease->leases;
    bool ours = text_equal(lease->holder, leases->id);

    if (!leases_answered(leases))
        return;
    if (lease->state != LEASE_CLAIMING)
        return;
    if (error || (!ours && (leases->draining || daemon_is_known(leases, lease->holder)))) {
        lease->state = LEASE_IDLE;
        return;
    }
    text_fill(lease->id, sizeof(lease->id), leases->id);
    cleanup(free_pointer)
    char *bytes = print_row(leases->id, lease->number + 1);
    struct store_write writes[2] = {row_of(lease, leases->id, bytes)};
    size_t count = 1;

    if (*lease->holder && !ours)
        writes[count++] = (struct store_write){
            .kind = DAEMON_KIND, .key = lease->holder, .check = true, .expected = STORE_ABSENT};
    leases->asked++;
    store_commit(leases->store, writes, count, on_claimed, lease);
}

static void claim(struct lease *lease)
{
    lease->state = LEASE_CLAIMING;
    lease->version = STORE_ABSENT;
    lease->number = 0;
    lease_see(lease, "", 0);
    lease->leases->asked++;
    store_get(lease->leases->store, LEASE_KIND, lease->name,
              &(struct store_reader){read_row, on_row, lease});
}

/* ---- releasing ------------------------------------------------------------------------------- */

static void on_released(void *context, enum store_outcome outcome, size_t conflict,
                        const struct error *error)
{
    struct lease *lease = context;

    (void)outcome; /* where it failed, the row still says that it is ours, and the next look sees */
    (void)conflict;
    (void)error;
    if (!leases_answered(lease->leases))
        return;
    if (lease->state == LEASE_RELEASING)
        lease->state = LEASE_IDLE;
    if (outcome == STORE_COMMITTED)
        lease_see(lease, "", 0);
}

/* Nothing is begun from here on, and then it is written. */
static void release(struct lease *lease)
{
    bool held = lease->state == LEASE_HELD;

    lease->state = LEASE_RELEASING;
    if (held)
        lease->owner.lost(lease->owner.context, lease);
    cleanup(free_pointer)
    char *bytes = print_row("", lease->number);
    struct store_write write = row_of(lease, "", bytes);

    lease->leases->asked++;
    store_commit(lease->leases->store, &write, 1, on_released, lease);
}

static bool may_release(const struct lease *lease)
{
    return lease->state != LEASE_HELD || !lease->owner.may_release ||
           lease->owner.may_release(lease->owner.context, lease);
}

/* ---- looking --------------------------------------------------------------------------------- */

/* Those who are there and take something on, as share_choose() has them; the caller frees the
 * array.
 */
static const char **list_ids(const struct leases *leases, size_t *count)
{
    struct peer *peer;
    size_t there = 0;

    list_each(peer, &leases->peers, link) there++;
    const char **ids = memory_allocate_array(there + 1, sizeof(*ids));

    *count = 0;
    list_each(peer, &leases->peers, link)
    {
        if (!peer->draining)
            ids[(*count)++] = peer->id;
    }
    return ids;
}

static enum share_action decide(const struct lease *lease, const char *const *ids, size_t count)
{
    const struct leases *leases = lease->leases;
    bool ours = text_equal(lease->holder, leases->id);
    const struct share_view view = {
        .held = lease->state == LEASE_HELD,
        .ours = ours,
        .holder_lives = !ours && daemon_is_known(leases, lease->holder),
        .chosen = lease->wanted && count > 0 &&
                  text_equal(ids[share_choose(ids, count, lease->name)], leases->id),
        .draining = leases->draining,
    };

    if (lease->state == LEASE_CLAIMING || lease->state == LEASE_RELEASING)
        return SHARE_NOTHING;
    return share_decide(&view);
}

void claims_look(struct leases *leases)
{
    size_t count = 0;
    size_t to_move = 0;
    size_t position = 0;
    void *value;
    const char **ids = list_ids(leases, &count);

    /* Before our own row is seen, everybody's choice is another than ours. */
    bool is_seen = daemon_is_known(leases, leases->id);

    while (is_seen && map_each(&leases->leases, &position, NULL, &value))
        to_move += decide(value, ids, count) == SHARE_RELEASE;
    size_t moves = leases->draining ? to_move : share_moves(to_move);

    position = 0;
    while (is_seen && map_each(&leases->leases, &position, NULL, &value)) {
        struct lease *lease = value;
        enum share_action action = decide(lease, ids, count);

        /* Ours by its row, and we do not know since which version: claimed anew, to be released. */
        bool lost_track = action == SHARE_RELEASE && lease->state == LEASE_IDLE;

        if (action == SHARE_CLAIM || lost_track) {
            claim(lease);
        } else if (action == SHARE_RELEASE && !lost_track && moves > 0 && may_release(lease)) {
            moves--;
            release(lease);
        }
    }
    free(ids);
}
