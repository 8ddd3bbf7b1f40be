#include "sim/known.h"

#include "base/text.h"
#include "deploy/lineage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What an endpoint's deployments share. */
struct place {
    const char *endpoint;
    int64_t written_us; /* last, of any of them */
};

static struct place places[64];
static size_t place_count;
static struct map by_id;
static struct known **all;
static size_t count;
static size_t capacity;

/* The value of a text field of the record; its first occurrence is the record's own, since texts
 * stand before documents. "" where there is none. */
static void read_field(const char *bytes, const char *field, char *value, size_t size)
{
    char name[64];
    int length = snprintf(name, sizeof(name), "\"%s\":\"", field);
    const char *start = strstr(bytes, name);

    value[0] = '\0';
    if (!start)
        return;
    start += length;
    size_t used = strcspn(start, "\"");

    if (used >= size)
        used = size - 1;
    memcpy(value, start, used);
    value[used] = '\0';
}

static bool has_number(const char *bytes, const char *field)
{
    char name[64];

    snprintf(name, sizeof(name), "\"%s\":1", field);
    return strstr(bytes, name) != NULL;
}

void known_field(const struct known *known, const char *field, char *text, size_t size)
{
    read_field(known->row->row.bytes, field, text, size);
}

bool known_has_field(const struct known *known, const char *field, const char *value)
{
    char there[1024];

    read_field(known->row->row.bytes, field, there, sizeof(there));
    return text_equal(there, value);
}

int64_t known_number(const struct known *known, const char *field)
{
    char name[64];
    int length = snprintf(name, sizeof(name), "\"%s\":", field);
    const char *start = strstr(known->row->row.bytes, name);

    return start ? strtoll(start + length, NULL, 10) : 0;
}

static enum deployment_step step_of(const char *name)
{
    for (unsigned i = 0; i < DEPLOYMENT_STEPS; i++)
        if (text_equal(deployment_step_name((enum deployment_step)i), name))
            return (enum deployment_step)i;
    return STEP_ACCEPTED;
}

static struct place *place_of(const char *endpoint)
{
    for (size_t i = 0; i < place_count; i++)
        if (text_equal(places[i].endpoint, endpoint))
            return &places[i];
    if (place_count == array_length(places))
        abort();
    places[place_count].endpoint = text_copy(endpoint);
    return &places[place_count++];
}

static struct known *make(const struct disk_row *row)
{
    struct known *known = memory_allocate(sizeof(*known));
    char text[256];

    known->id = row->row.key;
    known->row = row;
    known->place = place_of(row->row.group);
    known->endpoint = known->place->endpoint;
    read_field(row->row.bytes, "event_id", text, sizeof(text));
    known->release = staging_find(text);
    read_field(row->row.bytes, "retry_of", text, sizeof(text));
    known->retried = text[0] != '\0';
    read_field(row->row.bytes, "restores", text, sizeof(text));
    known->retried = known->retried || text[0] != '\0';
    read_field(row->row.bytes, "job", known->job, sizeof(known->job));
    read_field(row->row.bytes, "result_bus", text, sizeof(text));
    known->has_bus = text[0] != '\0';
    if (count == capacity) {
        capacity = capacity ? capacity * 2 : 128;
        all = memory_resize_array(all, capacity, sizeof(struct known *));
    }
    all[count++] = known;
    map_put(&by_id, known->id, known);
    return known;
}

const struct known *known_learn(const struct disk_row *row)
{
    struct known *known = map_get(&by_id, row->row.key);
    const char *bytes = row->row.bytes;
    char text[64];

    if (!known) {
        known = make(row);
        known->learned_us = sim->now_us;
    }
    read_field(bytes, "state", text, sizeof(text));
    deployment_state_from_name(text, &known->state);
    read_field(bytes, "step", text, sizeof(text));
    known->step = step_of(text);
    known->place->written_us = sim->now_us;
    known->open = row->row.open;
    known->turn = has_number(bytes, "turn");
    if (!known->open)
        known->left_undone = strstr(bytes, "left undone") != NULL;
    return known;
}

const struct known *known_find(const char *id)
{
    return map_get(&by_id, id);
}

void known_each(void (*each)(void *context, const struct known *known), void *context)
{
    for (size_t i = 0; i < count; i++)
        each(context, all[i]);
}

const struct known *known_of_release(const struct release *release)
{
    for (size_t i = 0; i < count; i++)
        if (all[i]->release == release)
            return all[i];
    return NULL;
}

unsigned known_count_of(const struct release *release)
{
    unsigned found = 0;

    for (size_t i = 0; i < count; i++)
        found += all[i]->release == release && !all[i]->retried;
    return found;
}

const struct known *known_with_turn(const char *endpoint)
{
    for (size_t i = 0; i < count; i++)
        if (all[i]->turn && text_equal(all[i]->endpoint, endpoint))
            return all[i];
    return NULL;
}

int64_t known_last_written_us(const struct known *known)
{
    return known->place->written_us;
}

bool known_left_undone(const char *endpoint)
{
    for (size_t i = 0; i < count; i++)
        if (all[i]->left_undone && (!endpoint || text_equal(all[i]->endpoint, endpoint)))
            return true;
    return false;
}

cJSON *known_lineage(const char *endpoint)
{
    const struct disk_row *row = disk_find(sim->disk, LINEAGE_KIND, endpoint);
    struct error error;

    return row ? json_parse(row->row.bytes, row->row.length, row->row.length, &error) : NULL;
}

const char *known_newest_proved(const cJSON *lineage)
{
    const cJSON *entry;

    cJSON_ArrayForEach(entry, lineage)
    {
        if (!json_get_bool(entry, "left", false))
            return json_get_text(entry, "config");
    }
    return NULL;
}
