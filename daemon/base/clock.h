/* The two clocks. Only the edge calls them; decisions are handed a time. */
#ifndef CAUSEWAY_BASE_CLOCK_H
#define CAUSEWAY_BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds since 1970-01-01T00:00:00Z, as the machine believes. May jump. */
int64_t clock_wall_ms(void);

/* Milliseconds since some moment in the past; never runs backwards. */
int64_t clock_monotonic_ms(void);

#endif
