#include "aws/credentials.h"

#include "aws/credentials_internal.h"
#include "base/clock.h"
#include "base/list.h"
#include "base/log.h"
#include "base/random.h"
#include "base/text.h"

#include <stdlib.h>

enum {
    MINUTE_MS = 60000,
    ADVISORY_MS = 15 * MINUTE_MS,
    MANDATORY_MS = 10 * MINUTE_MS,
    /* A refresh that failed while the keys are good is tried again after this. */
    PAUSE_MS = MINUTE_MS,
    /* And where they have expired and are kept, after 5 to 10 minutes (SDKs' static stability). */
    EXPIRED_PAUSE_MS = 5 * MINUTE_MS,
};

struct credentials_wait {
    struct list link;
    struct credentials *credentials;
    credentials_done *done;
    void *context;
};

struct credentials {
    unsigned owners;
    struct source *source;
    struct list waits;
    struct poke look;
    struct credentials_set set;
    int64_t came_ms;  /* wall clock: when the set came */
    int64_t pause_ms; /* monotonic: no refresh of keys that can be used before this */
    bool has_set;
    bool is_invalid; /* someone was told that the set is no good */
    bool fetching;
    bool failed; /* and those who wait have not been told yet */
    struct error error;
};

enum freshness { FRESH, ADVISORY, MANDATORY, EXPIRED };

static void look(void *context);

struct credentials *credentials_new(struct loop *loop, struct source *source)
{
    struct credentials *credentials = memory_allocate(sizeof(*credentials));

    credentials->owners = 1;
    credentials->source = source;
    source->credentials = credentials;
    list_init(&credentials->waits);
    poke_init(&credentials->look, loop, look, credentials);
    return credentials;
}

struct credentials *credentials_retain(struct credentials *credentials)
{
    credentials->owners++;
    return credentials;
}

void credentials_free(struct credentials *credentials)
{
    if (!credentials || --credentials->owners > 0)
        return;
    struct credentials_wait *wait;

    list_each(wait, &credentials->waits, link)
    {
        credentials_cancel(wait);
    }
    poke_cancel(&credentials->look);
    if (credentials->fetching)
        credentials->source->kind->cancel(credentials->source);
    free(credentials->source->name);
    credentials->source->kind->free(credentials->source);
    credentials_set_wipe(&credentials->set);
    free(credentials);
}

/* ---- what the set is worth ------------------------------------------------------------------- */

static int64_t at_most(int64_t value, int64_t limit)
{
    return value < limit ? value : limit;
}

static enum freshness freshness(const struct credentials *credentials)
{
    const int64_t expiry_ms = credentials->set.expiry_ms;
    const int64_t life_ms = expiry_ms - credentials->came_ms;
    const int64_t left_ms = expiry_ms - clock_wall_ms();

    if (expiry_ms == 0)
        return FRESH;
    if (left_ms <= 0)
        return EXPIRED;
    if (left_ms <= at_most(MANDATORY_MS, life_ms / 6))
        return MANDATORY;
    return left_ms <= at_most(ADVISORY_MS, life_ms / 4) ? ADVISORY : FRESH;
}

static bool is_paused(const struct credentials *credentials)
{
    return clock_monotonic_ms() < credentials->pause_ms;
}

/* Whether the set may be used at all, if need be. */
static bool is_usable(const struct credentials *credentials)
{
    return credentials->has_set && !credentials->is_invalid &&
           (freshness(credentials) != EXPIRED || credentials->source->kind->outlives_expiry);
}

/* Whether nobody needs to wait for a newer one. */
static bool is_good_now(const struct credentials *credentials)
{
    return is_usable(credentials) && (freshness(credentials) <= ADVISORY || is_paused(credentials));
}

/* Whether it is time to get a newer one while this one is used. */
static bool is_to_be_refreshed(const struct credentials *credentials)
{
    return is_usable(credentials) && freshness(credentials) != FRESH && !is_paused(credentials);
}

/* ---- fetching -------------------------------------------------------------------------------- */

static void fetch(struct credentials *credentials)
{
    credentials->fetching = true;
    credentials->failed = false;
    credentials->source->kind->fetch(credentials->source);
}

static void pause_refreshing(struct credentials *credentials)
{
    int64_t pause_ms = PAUSE_MS;

    if (freshness(credentials) == EXPIRED) {
        pause_ms = EXPIRED_PAUSE_MS + (int64_t)(random_fraction() * EXPIRED_PAUSE_MS);
        log_message(
            MESSAGE_WARNING, &(struct log_fields){.error = &credentials->error},
            "credentials (%s) have expired and are used on while no new ones can be got: %s",
            credentials->source->name, credentials->error.sentence);
    } else {
        log_debug(NULL, "credentials (%s) are used on; they could not be refreshed: %s",
                  credentials->source->name, credentials->error.sentence);
    }
    credentials->pause_ms = clock_monotonic_ms() + pause_ms;
}

void source_succeeded(struct source *source, struct credentials_set *set)
{
    struct credentials *credentials = source->credentials;

    credentials->fetching = false;
    credentials_set_wipe(&credentials->set);
    credentials->set = *set;
    *set = (struct credentials_set){0};
    credentials->has_set = true;
    credentials->is_invalid = false;
    credentials->came_ms = clock_wall_ms();
    credentials->pause_ms = 0;
    credentials->error = (struct error){0};
    /* The instance's endpoint may hand out expired keys itself while it cannot get others. */
    if (freshness(credentials) == EXPIRED) {
        error_set(&credentials->error, ERROR_EXPIRED,
                  "the keys that came from it (%s) have expired already", source->name);
        credentials->failed = !source->kind->outlives_expiry;
        if (source->kind->outlives_expiry)
            pause_refreshing(credentials);
    }
    poke(&credentials->look);
}

void source_failed(struct source *source, const struct error *error)
{
    struct credentials *credentials = source->credentials;

    credentials->fetching = false;
    credentials->error = *error;
    if (is_usable(credentials))
        pause_refreshing(credentials);
    else
        credentials->failed = true;
    poke(&credentials->look);
}

/* ---- handing out ----------------------------------------------------------------------------- */

static void hand_out(struct credentials *credentials, struct credentials_wait *wait)
{
    const struct credentials_set *set = &credentials->set;
    const struct aws_keys keys = {set->access_key_id, set->secret_access_key, set->session_token};
    const struct error error = credentials->error;
    const struct credentials_wait answered = *wait;
    const bool good = is_good_now(credentials);

    credentials_cancel(wait); /* takes it out of its list, which the analyzer does not follow */
    answered.done(answered.context, good ? &keys : NULL, good ? NULL : &error);
}

/* All who wait now; whoever asks again when told means a new attempt. */
static void tell_of_failure(struct credentials *credentials)
{
    struct list told;
    struct credentials_wait *wait;

    list_init(&told);
    list_append(&credentials->waits, &told);
    list_remove(&credentials->waits);
    credentials->failed = false;
    while (credentials->owners > 1 && (wait = list_first(&told, struct credentials_wait, link)))
        hand_out(credentials, wait); // NOLINT(clang-analyzer-unix.Malloc)
    list_each(wait, &told, link)
    {
        credentials_cancel(wait);
    }
}

/* Those who wait are told what there is, one by one since each may change what there is; where
 * there is nothing yet, it is fetched. */
static void look(void *context)
{
    /* One owner more, so that all others may go meanwhile. */
    struct credentials *credentials = credentials_retain(context);
    struct credentials_wait *wait;

    if (credentials->failed)
        tell_of_failure(credentials);
    while (credentials->owners > 1 && is_good_now(credentials) &&
           (wait = list_first(&credentials->waits, struct credentials_wait, link)))
        hand_out(credentials, wait); // NOLINT(clang-analyzer-unix.Malloc)
    if (credentials->owners > 1 && !credentials->fetching &&
        (!list_is_empty(&credentials->waits) || is_to_be_refreshed(credentials)))
        fetch(credentials);
    credentials_free(credentials);
}

struct credentials_wait *credentials_get(struct credentials *credentials, credentials_done *done,
                                         void *context)
{
    struct credentials_wait *wait = memory_allocate(sizeof(*wait));

    wait->credentials = credentials;
    wait->done = done;
    wait->context = context;
    list_append(&credentials->waits, &wait->link);
    poke(&credentials->look);
    return wait;
}

bool credentials_at_hand(struct credentials *credentials, struct aws_keys *keys)
{
    const struct credentials_set *set = &credentials->set;

    if (!is_good_now(credentials))
        return false;
    if (is_to_be_refreshed(credentials))
        poke(&credentials->look);
    *keys = (struct aws_keys){set->access_key_id, set->secret_access_key, set->session_token};
    return true;
}

void credentials_cancel(struct credentials_wait *wait)
{
    if (!wait)
        return;
    list_remove(&wait->link);
    free(wait);
}

void credentials_invalidate(struct credentials *credentials, const char *access_key_id)
{
    if (credentials->has_set && text_equal(credentials->set.access_key_id, access_key_id))
        credentials->is_invalid = true;
}

const char *credentials_source(const struct credentials *credentials)
{
    return credentials->source->name;
}

int64_t credentials_expiry_ms(const struct credentials *credentials)
{
    return credentials->set.expiry_ms;
}
