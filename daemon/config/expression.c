#include "config/expression.h"

#include "base/limits.h"
#include "base/text.h"

#include <regex.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Groups within groups. */
#define DEPTH 64

struct measure {
    const char *at;
    size_t sizes[DEPTH]; /* of what stands in each open group so far, its last atom left out */
    size_t depth;
    size_t atom; /* the size of the last atom, which a repetition multiplies */
};

/* Stays at the limit and a little more: sums and products cannot overflow. */
static size_t capped(size_t size)
{
    return size > LIMIT_EXPRESSION_ATOMS ? LIMIT_EXPRESSION_ATOMS + 1 : size;
}

static void next_atom(struct measure *measure, size_t size)
{
    measure->sizes[measure->depth] = capped(measure->sizes[measure->depth] + measure->atom);
    measure->atom = size;
}

/* Past "[...]", in which "]" comes first or ends it, and [:alpha:] and its like stand whole. */
static void skip_bracket(struct measure *measure)
{
    const char *at = measure->at + 1;

    at += *at == '^';
    at += *at == ']';
    while (*at && *at != ']') {
        if (at[0] == '[' && at[1] && strchr(":.=", at[1])) {
            const char end[] = {at[1], ']', '\0'};
            const char *behind = strstr(at + 2, end);

            at = behind ? behind + 2 : at + 1;
        } else {
            at++;
        }
    }
    measure->at = *at ? at + 1 : at;
}

/* "{least,greatest}": how many copies of the atom there will be. One more where it has no end. */
static size_t copies_of(const char *interval)
{
    size_t least = strtoul(interval + 1, NULL, 10);
    const char *comma = interval + strcspn(interval, ",}");
    size_t greatest = *comma == ',' ? strtoul(comma + 1, NULL, 10) : least;

    return capped(greatest > least ? greatest : capped(least) + 1);
}

static bool open_group(struct measure *measure)
{
    next_atom(measure, 0);
    if (measure->depth + 1 == DEPTH)
        return false;
    measure->sizes[++measure->depth] = 0;
    return true;
}

static void close_group(struct measure *measure)
{
    if (measure->depth == 0)
        return; /* regcomp() has its own word on that */
    next_atom(measure, 0);
    measure->atom = measure->sizes[measure->depth--] + 1;
}

/* One step; what is wrong, or NULL. */
static const char *step(struct measure *measure)
{
    char letter = *measure->at;

    if (letter == '[') {
        skip_bracket(measure);
        next_atom(measure, 1);
        return NULL;
    }
    if (letter == '\\' && measure->at[1]) {
        if (strchr("123456789", measure->at[1]))
            return "back-references such as \\1 can take for ever";
        measure->at++;
        next_atom(measure, 1);
    } else if (letter == '(') {
        if (!open_group(measure))
            return "groups are nested too deep";
    } else if (letter == ')') {
        close_group(measure);
    } else if (letter == '{') {
        measure->atom = capped(measure->atom * copies_of(measure->at));
        measure->at += strcspn(measure->at, "}");
        measure->at -= !*measure->at;
    } else if (letter == '+') {
        measure->atom = capped(measure->atom * 2); /* x+ is xx* */
    } else if (!strchr("*?|^$", letter)) {
        next_atom(measure, 1);
    }
    measure->at++;
    return NULL;
}

static const char *find_excess(const char *expression)
{
    struct measure measure = {.at = expression};
    const char *why = NULL;

    while (*measure.at && !why) {
        why = step(&measure);
        if (capped(measure.sizes[measure.depth] + measure.atom) > LIMIT_EXPRESSION_ATOMS)
            why = "its repetitions multiply to too much";
    }
    return why;
}

char *expression_refusal(const char *expression)
{
    const char *excess = find_excess(expression);
    regex_t regex;
    char why[200];

    if (excess)
        return text_copy(excess);
    int result = regcomp(&regex, expression, REG_EXTENDED | REG_NOSUB);

    if (result == 0) {
        regfree(&regex);
        return NULL;
    }
    regerror(result, &regex, why, sizeof(why));
    return text_copy(why);
}
