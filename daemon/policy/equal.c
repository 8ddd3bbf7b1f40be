/* Comparing by normal forms. */
#include "policy/canonical.h"

#include "base/limits.h"
#include "base/text.h"

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

static cJSON *read_text(const char *text, struct error *error)
{
    size_t length = strlen(text);

    trim(&text, &length);
    if (length >= 2 && text[0] == '[' && text[length - 1] == ']') {
        text++;
        length -= 2;
        trim(&text, &length);
    }
    return length == 0 ? cJSON_CreateObject() : json_parse(text, length, LIMIT_POLICY_BYTES, error);
}

int policy_compare_texts(const char *a, const char *b, enum policy_rule rule, bool *equal,
                         struct error *error)
{
    cleanup(arena_free)
    struct arena arena = {NULL, NULL};
    cleanup(json_free)
    cJSON *json_of_a = read_text(a, error);

    if (!json_of_a)
        return error_prefix(error, "the first policy: ");
    cleanup(json_free)
    cJSON *json_of_b = read_text(b, error);

    if (!json_of_b)
        return error_prefix(error, "the second policy: ");
    if (cJSON_IsObject(json_of_a) && json_equal(json_of_a, json_of_b)) {
        *equal = true;
        return 0;
    }
    const struct policy_document *document_a =
        policy_read_json(&arena, POLICY_LOOSE, json_of_a, error);

    if (!document_a)
        return error_prefix(error, "the first policy: ");
    const struct policy_document *document_b =
        policy_read_json(&arena, POLICY_LOOSE, json_of_b, error);

    if (!document_b)
        return error_prefix(error, "the second policy: ");
    *equal = policy_equal(document_a, document_b, rule);
    return 0;
}
