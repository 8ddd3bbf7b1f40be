/* What the disk's deployment records say, kept beside it so that not every check must read JSON. */
#ifndef CAUSEWAY_TESTS_SIM_KNOWN_H
#define CAUSEWAY_TESTS_SIM_KNOWN_H

#include "deploy/record.h"
#include "sim/disk.h"
#include "sim/world.h"

struct place;

struct known {
    const char *id;
    const struct disk_row *row;
    const char *endpoint;
    struct place *place;           /* the endpoint's */
    const struct release *release; /* NULL where it is none of ours */
    enum deployment_state state;
    enum deployment_step step;
    char job[32]; /* that waits for its result; or "" */
    int64_t learned_us;
    bool open;
    bool turn;
    bool retried;     /* made by an operator's retry or rollback */
    bool has_bus;     /* its end is to be announced */
    bool left_undone; /* says so of itself */
};

/* Takes in a row that was written. */
const struct known *known_learn(const struct disk_row *row);

const struct known *known_find(const char *id);
void known_each(void (*each)(void *context, const struct known *known), void *context);

/* One that the event started, or NULL; and how many there are without retries. */
const struct known *known_of_release(const struct release *release);
unsigned known_count_of(const struct release *release);

/* The one that has the endpoint's turn, or NULL. */
const struct known *known_with_turn(const char *endpoint);

/* When a deployment of the same endpoint was written last. */
int64_t known_last_written_us(const struct known *known);

/* Whether one of the endpoint (NULL: of any) could not tidy up and says so. */
bool known_left_undone(const char *endpoint);

/* What the endpoint's lineage says on the disk; NULL where there is none. The caller frees it. */
cJSON *known_lineage(const char *endpoint);
/* The newest configuration in it that was proved; NULL where nothing has succeeded yet. */
const char *known_newest_proved(const cJSON *lineage);

/* Its number of that name, 0 where there is none. */
int64_t known_number(const struct known *known, const char *field);

/* The record's text field, "" where it has none. */
void known_field(const struct known *known, const char *field, char *text, size_t size);
/* Whether the record's text field has that value. */
bool known_has_field(const struct known *known, const char *field, const char *value);

#endif
