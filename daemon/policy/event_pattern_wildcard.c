/* Wildcards: their escapes, their matching, and how complex EventBridge would find them. */
#include "policy/event_pattern_internal.h"

#include <string.h>

int pattern_read_wildcard(const struct pattern_reading *reading, const char *place,
                          const char *text, struct pattern_wildcard *wildcard)
{
    size_t length = strlen(text);
    struct pattern_text *pieces = arena_allocate_array(reading->arena, length + 1, sizeof(*pieces));
    char *bytes = arena_allocate(reading->arena, length + 1);

    pieces[0].bytes = bytes;
    wildcard->pieces = pieces;
    wildcard->count = 1;
    for (const char *at = text; *at; at++) {
        if (*at == '*') {
            if (at[1] == '*')
                return pattern_refuse(reading, place, "two stars stand side by side");
            pieces[wildcard->count++].bytes = bytes;
            continue;
        }
        if (*at == '\\') {
            at++;
            if (*at != '*' && *at != '\\')
                return pattern_refuse(reading, place,
                                      "a backslash stands before neither a star nor a backslash");
        }
        *bytes++ = *at;
        pieces[wildcard->count - 1].length++;
    }
    return 0;
}

bool pattern_wildcard_matches(const struct pattern_wildcard *wildcard, const char *text,
                              size_t length)
{
    const struct pattern_text *first = &wildcard->pieces[0];
    const struct pattern_text *last = &wildcard->pieces[wildcard->count - 1];

    if (length < first->length || memcmp(text, first->bytes, first->length) != 0)
        return false;
    if (wildcard->count == 1)
        return length == first->length;
    text += first->length;
    length -= first->length;
    if (length < last->length ||
        memcmp(text + length - last->length, last->bytes, last->length) != 0)
        return false;
    length -= last->length;
    for (const struct pattern_text *piece = first + 1; piece < last; piece++) {
        const char *found = memmem(text, length, piece->bytes, piece->length);

        if (!found)
            return false;
        found += piece->length;
        length -= (size_t)(found - text);
        text = found;
    }
    return true;
}

/* ---- Complexity ----
 *
 * The wildcards of one field run as one automaton over the value between its quotes. A state is the
 * set of places that the value read so far may have brought it to; the largest set is the
 * complexity. All sets are visited once, as long as they are few. */

enum {
    STAR = -1,
    SPREAD_MAXIMUM = 32,    /* places in a set that is looked at; above any limit asked for */
    SPREADS_MAXIMUM = 4096, /* sets; what has more is let through: only EventBridge minds */
    SLOTS = 2 * SPREADS_MAXIMUM,
};

/* Places that were just passed, in order. */
struct spread {
    uint32_t places[SPREAD_MAXIMUM];
    size_t count;
};

struct automaton {
    int16_t *tokens; /* a byte or STAR, all wildcards behind each other, each within quotes */
    bool *is_last;
    uint32_t count;
    unsigned char bytes[256]; /* that stand in tokens, and one that does not */
    size_t byte_count;
    struct spread *spreads;
    size_t spread_count;
    uint32_t slots[SLOTS]; /* number of a spread, from 1 */
    size_t limit;
};

static void add_token(struct automaton *automaton, int token)
{
    automaton->tokens[automaton->count++] = (int16_t)token;
}

static void add_wildcard(struct automaton *automaton, const struct pattern_wildcard *wildcard)
{
    add_token(automaton, '"');
    for (size_t i = 0; i < wildcard->count; i++) {
        if (i > 0)
            add_token(automaton, STAR);
        for (size_t j = 0; j < wildcard->pieces[i].length; j++)
            add_token(automaton, (unsigned char)wildcard->pieces[i].bytes[j]);
    }
    add_token(automaton, '"');
    automaton->is_last[automaton->count - 1] = true;
}

static void collect_bytes(struct automaton *automaton)
{
    bool seen[256] = {false};
    int other = -1;

    for (uint32_t i = 0; i < automaton->count; i++)
        if (automaton->tokens[i] != STAR)
            seen[automaton->tokens[i]] = true;
    for (int byte = 0; byte < 256; byte++) {
        if (seen[byte])
            automaton->bytes[automaton->byte_count++] = (unsigned char)byte;
        else
            other = byte;
    }
    if (other >= 0)
        automaton->bytes[automaton->byte_count++] = (unsigned char)other;
}

static void add_place(struct spread *spread, uint32_t place)
{
    size_t at = spread->count;

    while (at > 0 && spread->places[at - 1] > place)
        at--;
    if ((at > 0 && spread->places[at - 1] == place) || spread->count == SPREAD_MAXIMUM)
        return;
    memmove(spread->places + at + 1, spread->places + at,
            (spread->count - at) * sizeof(spread->places[0]));
    spread->places[at] = place;
    spread->count++;
}

static struct spread step(const struct automaton *automaton, const struct spread *spread, int byte)
{
    const int16_t *tokens = automaton->tokens;
    struct spread next = {.count = 0};

    for (size_t i = 0; i < spread->count; i++) {
        uint32_t place = spread->places[i];

        if (automaton->is_last[place])
            continue;
        if (tokens[place] == STAR) {
            add_place(&next, place);
        } else if (tokens[place + 1] == STAR) {
            add_place(&next, place + 1);
            place++; /* a star may stand for nothing */
        }
        if (tokens[place + 1] == byte)
            add_place(&next, place + 1);
    }
    return next;
}

/* What has been passed, and the stars behind it that have not, but might as well have been. */
static size_t spread_size(const struct automaton *automaton, const struct spread *spread)
{
    size_t size = spread->count;

    for (size_t i = 0; i < spread->count; i++) {
        uint32_t place = spread->places[i];
        bool star_follows = automaton->tokens[place] != STAR && !automaton->is_last[place] &&
                            automaton->tokens[place + 1] == STAR;

        size += star_follows && (i + 1 == spread->count || spread->places[i + 1] != place + 1);
    }
    return size;
}

/* Remembers the spread for a visit, unless it is known or there are too many. */
static void remember(struct automaton *automaton, const struct spread *spread)
{
    size_t hash = 1469598103934665603u;

    for (size_t i = 0; i < spread->count; i++)
        hash = (hash ^ spread->places[i]) * 1099511628211u;
    for (size_t slot = hash % SLOTS;; slot = (slot + 1) % SLOTS) {
        if (automaton->slots[slot] == 0) {
            if (automaton->spread_count == SPREADS_MAXIMUM)
                return;
            automaton->spreads[automaton->spread_count++] = *spread;
            automaton->slots[slot] = (uint32_t)automaton->spread_count;
            return;
        }
        const struct spread *known = &automaton->spreads[automaton->slots[slot] - 1];

        if (known->count == spread->count &&
            memcmp(known->places, spread->places, spread->count * sizeof(spread->places[0])) == 0)
            return;
    }
}

static size_t largest_spread(struct automaton *automaton)
{
    struct spread start = {.count = 0};
    size_t largest = 0;

    for (uint32_t i = 0; i < automaton->count; i++)
        if (i == 0 || automaton->is_last[i - 1])
            add_place(&start, i); /* behind the opening quote */
    remember(automaton, &start);
    for (size_t i = 0; i < automaton->spread_count; i++) {
        struct spread spread = automaton->spreads[i];
        size_t size = spread_size(automaton, &spread);

        largest = size > largest ? size : largest;
        if (largest > automaton->limit)
            return automaton->limit + 1;
        for (size_t j = 0; j < automaton->byte_count; j++) {
            struct spread next = step(automaton, &spread, automaton->bytes[j]);

            if (next.count > 0)
                remember(automaton, &next);
        }
    }
    return largest;
}

size_t pattern_wildcard_complexity(const struct pattern_wildcard *const *wildcards, size_t count,
                                   size_t limit)
{
    size_t tokens = 0;

    for (size_t i = 0; i < count; i++) {
        tokens += 1 + wildcards[i]->count;
        for (size_t j = 0; j < wildcards[i]->count; j++)
            tokens += wildcards[i]->pieces[j].length;
    }
    cleanup(free_pointer)
    struct automaton *automaton = memory_allocate(sizeof(*automaton));
    cleanup(free_pointer)
    int16_t *token_places = memory_allocate_array(tokens, sizeof(int16_t));
    cleanup(free_pointer)
    bool *is_last = memory_allocate_array(tokens, sizeof(bool));
    cleanup(free_pointer)
    struct spread *spreads = memory_allocate_array(SPREADS_MAXIMUM, sizeof(*spreads));

    automaton->tokens = token_places;
    automaton->is_last = is_last;
    automaton->spreads = spreads;
    automaton->limit = limit < SPREAD_MAXIMUM ? limit : SPREAD_MAXIMUM - 1;
    for (size_t i = 0; i < count; i++)
        add_wildcard(automaton, wildcards[i]);
    collect_bytes(automaton);
    return largest_spread(automaton);
}
