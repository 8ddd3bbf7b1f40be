#include "control/usual.h"

#include "base/text.h"

#include <stdlib.h>

void usual_free(struct usual *usual)
{
    for (size_t i = 0; i < usual->count; i++)
        cJSON_Delete(usual->ways[i]);
    *usual = (struct usual){0};
}

void usual_take(struct usual *usual, const cJSON *view)
{
    if (usual->count == USUAL_FROM || !text_equal(json_get_text(view, "state"), "succeeded") ||
        json_get_integer(view, "unchanged", 0) || !json_get_integer(view, "ended_ms", 0))
        return;
    cJSON *way = cJSON_CreateObject();

    json_add_integer(way, "accepted_ms", json_get_integer(view, "accepted_ms", 0));
    json_add_integer(way, "ended_ms", json_get_integer(view, "ended_ms", 0));
    if (json_get(view, "history"))
        json_put(way, "history", cJSON_Duplicate(json_get(view, "history"), true));
    usual->ways[usual->count++] = way;
}

static int by_size(const void *a, const void *b)
{
    const int64_t left = *(const int64_t *)a;
    const int64_t right = *(const int64_t *)b;

    return left < right ? -1 : left > right;
}

static int64_t median(int64_t *times, size_t count)
{
    if (count == 0)
        return 0;
    qsort(times, count, sizeof(*times), by_size);
    return times[count / 2];
}

int64_t usual_whole(const struct usual *usual)
{
    int64_t times[USUAL_FROM];

    for (size_t i = 0; i < usual->count; i++)
        times[i] = json_get_integer(usual->ways[i], "ended_ms", 0) -
                   json_get_integer(usual->ways[i], "accepted_ms", 0);
    return median(times, usual->count);
}

/* A state can be come back to: all of it counts. */
static int64_t time_in(const cJSON *way, const char *state)
{
    const cJSON *entry;
    int64_t total_ms = 0;

    cJSON_ArrayForEach(entry, json_get(way, "history"))
    {
        const int64_t end_ms = entry->next ? json_get_integer(entry->next, "at_ms", 0)
                                           : json_get_integer(way, "ended_ms", 0);

        if (text_equal(json_get_text(entry, "state"), state))
            total_ms += end_ms - json_get_integer(entry, "at_ms", end_ms);
    }
    return total_ms;
}

int64_t usual_state(const struct usual *usual, const char *state)
{
    int64_t times[USUAL_FROM];
    size_t count = 0;

    for (size_t i = 0; i < usual->count; i++) {
        times[count] = time_in(usual->ways[i], state);
        count += times[count] > 0;
    }
    return median(times, count);
}

void usual_add(const struct usual *usual, cJSON *view)
{
    const int64_t whole_ms = usual_whole(usual);
    const int64_t state_ms = usual_state(usual, json_get_text(view, "state"));

    if (whole_ms > 0)
        json_add_integer(view, "usual_ms", whole_ms);
    if (state_ms > 0)
        json_add_integer(view, "usual_state_ms", state_ms);
}
