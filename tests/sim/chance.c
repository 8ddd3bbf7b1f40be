#include "sim/chance.h"

#include "base/memory.h"

#include <string.h>

static const struct {
    const char *name;
    enum fault_kind kind;
    double probability;
    const char *text;
} faults[] = {
#define FAULT(enumerator, name_, kind_, probability_, text_) \
    [enumerator] = {                                         \
        .name = (name_), .kind = (kind_), .probability = (probability_), .text = (text_)},
#include "sim/bridge_faults.def"
#include "sim/faults.def"
#include "sim/fleet_faults.def"
#undef FAULT
};

/* The finaliser of splitmix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number
 * generators"). */
static uint64_t mix(uint64_t bits)
{
    bits = (bits ^ (bits >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    bits = (bits ^ (bits >> 27)) * UINT64_C(0x94d049bb133111eb);
    return bits ^ (bits >> 31);
}

/* Streams and faults by numbers that stay when the bridge or fleets get more faults: a seed's
 * deployments are the same then. */
enum { FIRST_OF_BRIDGE = 1000, WEATHER_OF_BRIDGE = 2000 };

static unsigned number_of(unsigned stream)
{
    if (stream < FAULTS_OF_DEPLOYMENTS)
        return stream;
    if (stream < FAULTS)
        return FIRST_OF_BRIDGE + stream;
    return stream - (FAULTS - FAULTS_OF_DEPLOYMENTS);
}

/* Weather is drawn by the number 0, which no stream has: the last stream may stand where it began.
 */
static unsigned weather_of(unsigned fault)
{
    return fault < FAULTS_OF_DEPLOYMENTS ? number_of(STREAM_FLEET) + fault
                                         : WEATHER_OF_BRIDGE + fault;
}

static uint64_t bits_of(const struct chance *chance, unsigned stream, uint32_t number)
{
    return mix(mix(chance->seed * UINT64_C(0x9e3779b97f4a7c15) + stream + 1) +
               number * UINT64_C(0x9e3779b97f4a7c15));
}

static double fraction_of(uint64_t bits)
{
    return (double)(bits >> 11) / 9007199254740992.0; /* 2^53 */
}

void chance_begin(struct chance *chance, uint64_t seed)
{
    static const double weathers[] = {0, 0.3, 1, 3};

    chance->seed = seed;
    chance->calm = seed % 4 == 0;
    for (unsigned i = 0; i < FAULTS; i++) {
        chance->weather[i] = weathers[bits_of(chance, weather_of(i), 0) & 3];
        if (chance->calm && faults[i].kind == LOSING)
            chance->weather[i] = 0;
    }
}

static bool is_left_out(const struct chance *chance, enum fault fault, uint32_t number)
{
    if (chance->without[fault])
        return true;
    if (!chance->only)
        return false;
    for (size_t i = 0; i < chance->only_count; i++)
        if (chance->only[i].fault == fault && chance->only[i].number == number)
            return false;
    return true;
}

bool chance_strikes(struct chance *chance, enum fault fault)
{
    uint32_t number = ++chance->numbers[fault];

    if (chance->faults_are_over ||
        fraction_of(bits_of(chance, number_of(fault), number)) >=
            faults[fault].probability * chance->weather[fault] ||
        is_left_out(chance, fault, number))
        return false;
    if (chance->strike_count < STRIKES_MAX)
        chance->strikes[chance->strike_count++] = (struct strike){fault, number};
    chance->strikes_total++;
    chance->struck[fault]++;
    return true;
}

uint64_t chance_bits(struct chance *chance, enum stream stream)
{
    return bits_of(chance, number_of(stream), ++chance->numbers[stream]);
}

uint64_t chance_below(struct chance *chance, enum stream stream, uint64_t below)
{
    return chance_bits(chance, stream) % below;
}

int64_t chance_between(struct chance *chance, enum stream stream, int64_t from, int64_t to)
{
    return from + (int64_t)chance_below(chance, stream, (uint64_t)(to - from) + 1);
}

double chance_fraction(struct chance *chance, enum stream stream)
{
    return fraction_of(chance_bits(chance, stream));
}

const char *fault_name(enum fault fault)
{
    return faults[fault].name;
}

const char *fault_text(enum fault fault)
{
    return faults[fault].text;
}

enum fault fault_from_name(const char *name, size_t length)
{
    for (unsigned i = 0; i < FAULTS; i++)
        if (strlen(faults[i].name) == length && memcmp(faults[i].name, name, length) == 0)
            return (enum fault)i;
    return FAULTS;
}
