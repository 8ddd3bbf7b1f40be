/* Comparing by normal forms. */
#include "policy/canonical.h"

#include "base/limits.h"
#include "base/text.h"
#include "policy/document_internal.h"

#include <ctype.h>
#include <string.h>

bool policy_rule_from_name(const char *name, enum policy_rule *rule)
{
    static const char *const names[] = {
#define X(enumerator, name) [enumerator] = (name),
        POLICY_RULES(X)
#undef X
    };

    for (size_t i = 0; i < array_length(names); i++) {
        if (text_equal(names[i], name)) {
            *rule = (enum policy_rule)i;
            return true;
        }
    }
    return false;
}

char *policy_fingerprint(const struct policy_document *document, enum policy_rule rule,
                         char text[SHA256_HEX_SIZE])
{
    cleanup(free_pointer)
    char *form = policy_canonical(document, rule);

    return hash_sha256_hex(form, strlen(form), text);
}

bool policy_equal(const struct policy_document *a, const struct policy_document *b,
                  enum policy_rule rule)
{
    cleanup(free_pointer)
    char *form_of_a = policy_canonical(a, rule);
    cleanup(free_pointer)
    char *form_of_b = policy_canonical(b, rule);

    return strcmp(form_of_a, form_of_b) == 0;
}

/* Without the white space around it, and one list around it. */
static void trim(const char **text, size_t *length)
{
    while (*length > 0 && isspace((unsigned char)**text)) {
        (*text)++;
        (*length)--;
    }
    while (*length > 0 && isspace((unsigned char)(*text)[*length - 1]))
        (*length)--;
}

static const cJSON *read_text(struct arena *arena, const char *text, struct error *error)
{
    static const cJSON empty = {.type = cJSON_Object};
    size_t length = strlen(text);

    trim(&text, &length);
    if (length >= 2 && text[0] == '[' && text[length - 1] == ']') {
        text++;
        length -= 2;
        trim(&text, &length);
    }
    return length == 0 ? &empty : json_parse_into(arena, text, length, LIMIT_POLICY_BYTES, error);
}

const struct policy_document *policy_read_comparable(struct arena *arena, const char *text,
                                                     struct error *error)
{
    const cJSON *json = read_text(arena, text, error);

    return json ? policy_read_json(arena, POLICY_LOOSE, json, error) : NULL;
}

/* One side of a comparison: its JSON, and its policy where it is one. */
struct side {
    const cJSON *json;
    const struct policy_document *document;
    struct error error;
};

static void read_side(struct arena *arena, const char *text, struct side *side)
{
    side->json = read_text(arena, text, &side->error);
    if (side->json)
        side->document = policy_read_meaning(arena, side->json, &side->error);
}

static int fail(const struct side *side, const char *name, struct error *error)
{
    if (error)
        *error = side->error;
    return error_prefix(error, "the %s policy: ", name);
}

/* The same JSON is the same, be it a policy or not. */
int policy_compare_texts(const char *a, const char *b, enum policy_rule rule, bool *equal,
                         struct error *error)
{
    cleanup(arena_free)
    struct arena arena = {0};
    struct side first = {.json = NULL};
    struct side second = {.json = NULL};

    read_side(&arena, a, &first);
    read_side(&arena, b, &second);
    if (first.document && second.document) {
        *equal = policy_equal(first.document, second.document, rule);
        return 0;
    }
    *equal = cJSON_IsObject(first.json) && second.json && json_equal(first.json, second.json);
    if (*equal)
        return 0;
    return first.document ? fail(&second, "second", error) : fail(&first, "first", error);
}
