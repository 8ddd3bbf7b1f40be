/* Chance: everything that is drawn, from one seed.
 *
 * Each kind of decision has a stream of its own, numbered from 1, so that leaving one fault out
 * moves the others as little as possible: that is what makes a failing seed small. */
#ifndef CAUSEWAY_TESTS_SIM_CHANCE_H
#define CAUSEWAY_TESTS_SIM_CHANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fault_kind { SURVIVABLE, LOSING };

enum fault {
#define FAULT(enumerator, name, kind, probability, text) enumerator,
#include "sim/faults.def"
    FAULTS_OF_DEPLOYMENTS, /* no fault: the bridge's own follow */
    FAULT_BEFORE_BRIDGE = FAULTS_OF_DEPLOYMENTS - 1,
#include "sim/bridge_faults.def"
#include "sim/fleet_faults.def"
#undef FAULT
    FAULTS,
};

/* What is drawn besides. */
enum stream {
    STREAM_DAEMON = FAULTS, /* what the daemon itself draws */
    STREAM_ORDER,           /* of what happens in the same millisecond */
    STREAM_LATENCY,
    STREAM_WORLD,
    STREAM_STAGING,
    STREAM_OPERATORS,
    STREAM_PICK,
    STREAM_CONFIG,
    STREAM_FLEET,
    STREAMS,
};

/* One occasion at which a fault struck: the number-th of its kind. */
struct strike {
    uint32_t fault;
    uint32_t number;
};

enum { STRIKES_MAX = 8192 };

struct chance {
    uint64_t seed;
    bool calm; /* no LOSING faults */
    bool faults_are_over;
    bool without[FAULTS];
    const struct strike *only; /* NULL: all may strike */
    size_t only_count;
    double weather[FAULTS];
    uint32_t numbers[STREAMS];
    struct strike strikes[STRIKES_MAX]; /* those that struck, as far as there is room */
    size_t strike_count;
    uint64_t strikes_total;
    uint64_t struck[FAULTS];
};

/* without and only are set by the caller before. */
void chance_begin(struct chance *chance, uint64_t seed);

/* Whether the fault strikes on this occasion. */
bool chance_strikes(struct chance *chance, enum fault fault);

uint64_t chance_bits(struct chance *chance, enum stream stream);
/* In [0, below). */
uint64_t chance_below(struct chance *chance, enum stream stream, uint64_t below);
/* In [from, to]. */
int64_t chance_between(struct chance *chance, enum stream stream, int64_t from, int64_t to);
double chance_fraction(struct chance *chance, enum stream stream);

const char *fault_name(enum fault fault);
const char *fault_text(enum fault fault);
/* FAULTS where there is none of that name. */
enum fault fault_from_name(const char *name, size_t length);

#endif
