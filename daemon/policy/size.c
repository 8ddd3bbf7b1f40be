#include "policy/size.h"

#include "base/memory.h"

#include <stdbool.h>
#include <string.h>

static const struct {
    const char *name;
    size_t limit;
    bool spaces_count;
} places[] = {
#define X(enumerator, name, limit, spaces, source) [enumerator] = {name, limit, spaces},
    POLICY_PLACES(X)
#undef X
};

const char *policy_place_name(enum policy_place place)
{
    return places[place].name;
}

size_t policy_place_limit(enum policy_place place)
{
    return places[place].limit;
}

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

size_t policy_size(enum policy_place place, const char *text)
{
    size_t size = 0;
    bool in_text = false;

    if (places[place].spaces_count)
        return strlen(text);
    for (; *text; text++) {
        if (in_text && *text == '\\' && text[1]) {
            size += 2;
            text++;
            continue;
        }
        if (*text == '"')
            in_text = !in_text;
        size += in_text || !is_space(*text);
    }
    return size;
}

int policy_size_check(enum policy_place place, const char *text, size_t others, struct error *error)
{
    size_t size = policy_size(place, text);

    if (size + others <= places[place].limit)
        return 0;
    if (others > 0)
        return error_set(error, ERROR_LIMIT,
                         "the %s would have %zu characters, %zu of them here, and %zu are allowed",
                         places[place].name, size + others, size, places[place].limit);
    return error_set(error, ERROR_LIMIT, "the %s has %zu characters, and %zu are allowed",
                     places[place].name, size, places[place].limit);
}

/* ---- What SQS counts ---- */

enum {
    QUEUE_STATEMENTS = 20,
    QUEUE_PRINCIPALS = 50,
    QUEUE_CONDITIONS = 10,
    QUEUE_ACTIONS = 7, /* of one statement */
};

static int check_count(const char *what, size_t count, size_t limit, struct error *error)
{
    if (count <= limit)
        return 0;
    return error_set(error, ERROR_LIMIT, "a queue policy has %zu %s, and %zu are allowed", count,
                     what, limit);
}

int policy_count_check(enum policy_place place, const struct policy_document *document,
                       struct error *error)
{
    size_t principals = 0;
    size_t conditions = 0;

    if (place != POLICY_PLACE_QUEUE)
        return 0;
    for (size_t i = 0; i < document->statement_count; i++) {
        const struct policy_statement *statement = &document->statements[i];
        size_t actions = statement->action.count + statement->not_action.count;

        principals += statement->principal.count + statement->not_principal.count;
        conditions += statement->condition_count;
        if (check_count("actions in one statement", actions, QUEUE_ACTIONS, error) < 0)
            return -1;
    }
    if (check_count("statements", document->statement_count, QUEUE_STATEMENTS, error) < 0 ||
        check_count("principals", principals, QUEUE_PRINCIPALS, error) < 0)
        return -1;
    return check_count("conditions", conditions, QUEUE_CONDITIONS, error);
}
