/* Numbers as event-ruler's ComparableNumber takes them: those whose shortest double is exactly what
 * was written. Account ids are; 20 digits are not, and are told by their spelling alone. */
#include "policy/event_pattern_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DIGITS_MAXIMUM = 17, /* no double needs more */
    EXPONENT_MAXIMUM = 100000,
};

/* 0.DIGITS x 10^exponent, without zeros at either end; "" is zero. */
struct decimal {
    char digits[DIGITS_MAXIMUM + 1];
    size_t count;
    long exponent;
};

static long read_exponent(const char *text)
{
    long exponent = strtol(text, NULL, 10);

    if (exponent > EXPONENT_MAXIMUM)
        return EXPONENT_MAXIMUM;
    return exponent < -EXPONENT_MAXIMUM ? -EXPONENT_MAXIMUM : exponent;
}

/* The text is a JSON number without its sign. False where it has more digits than a double can. */
static bool read_decimal(const char *text, struct decimal *decimal)
{
    size_t zeros = 0; /* seen since the last other digit: they count once another follows */
    bool behind_point = false;

    memset(decimal, 0, sizeof(*decimal));
    for (; *text && *text != 'e' && *text != 'E'; text++) {
        if (*text == '.') {
            behind_point = true;
            continue;
        }
        if (*text == '0') {
            zeros += decimal->count > 0;
        } else {
            if (decimal->count + zeros >= DIGITS_MAXIMUM)
                return false;
            memset(decimal->digits + decimal->count, '0', zeros);
            decimal->count += zeros;
            decimal->digits[decimal->count++] = *text;
            zeros = 0;
        }
        if (behind_point)
            decimal->exponent -= decimal->count == 0;
        else
            decimal->exponent += decimal->count > 0;
    }
    if (decimal->count == 0)
        decimal->exponent = 0;
    else if (*text)
        decimal->exponent += read_exponent(text + 1);
    return true;
}

static bool equal(const struct decimal *a, const struct decimal *b)
{
    return a->count == b->count && a->exponent == b->exponent &&
           memcmp(a->digits, b->digits, a->count) == 0;
}

/* As Java's Double.toString(): the fewest digits that read back as the same double, at least two.
 */
static void shortest_decimal(double value, struct decimal *decimal)
{
    char text[32];

    for (int digits = 2; digits <= DIGITS_MAXIMUM; digits++) {
        snprintf(text, sizeof(text), "%.*e", digits - 1, fabs(value));
        if (strtod(text, NULL) == fabs(value))
            break;
    }
    read_decimal(text, decimal);
}

bool pattern_number_is_exact(const cJSON *number)
{
    const char *spelling = json_number_spelling(number);
    struct decimal written;
    struct decimal shortest;

    if (!spelling)
        return true; /* short, or never written */
    if (!isfinite(number->valuedouble) || !read_decimal(spelling + (*spelling == '-'), &written))
        return false;
    shortest_decimal(number->valuedouble, &shortest);
    return equal(&written, &shortest);
}
