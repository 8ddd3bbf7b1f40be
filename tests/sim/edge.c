/* The clocks and chance, as the daemon sees them. */
#include "base/clock.h"
#include "base/random.h"
#include "sim/fleet.h"

#include <string.h>

int64_t clock_wall_ms(void)
{
    return sim_true_ms() + sim->wall_offset_ms;
}

int64_t clock_monotonic_ms(void)
{
    return fleet_clock_us(sim->running) / US_PER_MS;
}

void random_bytes(void *data, size_t length)
{
    unsigned char *bytes = data;

    for (size_t i = 0; i < length; i++)
        bytes[i] = (unsigned char)chance_bits(&sim->chance, STREAM_DAEMON);
}

double random_fraction(void)
{
    return chance_fraction(&sim->chance, STREAM_DAEMON);
}

void random_hex(char *text, size_t digits)
{
    for (size_t i = 0; i < digits; i++)
        text[i] = "0123456789abcdef"[chance_bits(&sim->chance, STREAM_DAEMON) & 15];
    text[digits] = '\0';
}
