/* Policy variables: "${aws:username}", "${aws:PrincipalTag/team, 'none'}", "${*}". */
#include "policy/condition.h"

#include "base/buffer.h"
#include "base/limits.h"
#include "base/text.h"
#include "policy/glob.h"

#include <string.h>
#include <strings.h>

const struct policy_context_entry *policy_context_get(const struct policy_context *context,
                                                      const char *key)
{
    for (size_t i = 0; i < context->count; i++)
        if (text_equal_ignoring_case(context->items[i].key, key))
            return &context->items[i];
    return NULL;
}

/* A value's own wildcards are literal. */
static void put_value(struct buffer *expanded, const char *value, size_t length)
{
    for (size_t i = 0; i < length; i++)
        buffer_append_byte(expanded, (char)(value[i] == '*'   ? GLOB_LITERAL_STAR
                                            : value[i] == '?' ? GLOB_LITERAL_QUESTION
                                                              : value[i]));
}

/* The default behind the comma, within its quotes. */
static bool put_default(struct buffer *expanded, const char *body, const char *end)
{
    const char *comma = memchr(body, ',', (size_t)(end - body));
    const char *open = comma ? memchr(comma, '\'', (size_t)(end - comma)) : NULL;
    const char *close = open ? memchr(open + 1, '\'', (size_t)(end - open - 1)) : NULL;

    if (!close)
        return false;
    put_value(expanded, open + 1, (size_t)(close - open - 1));
    return true;
}

/* What stands between "${" and "}". A key with several values can't be a variable. */
static bool put_variable(struct buffer *expanded, const char *body, const char *end,
                         const struct policy_context *context)
{
    size_t length = (size_t)(end - body);

    if (length == 1 && strchr("*?$", *body)) {
        put_value(expanded, body, 1);
        return true;
    }
    const char *comma = memchr(body, ',', length);
    size_t key_length = comma ? (size_t)(comma - body) : length;

    while (key_length > 0 && body[key_length - 1] == ' ')
        key_length--;
    cleanup(free_pointer)
    char *key = memory_copy_text(body, key_length);
    const struct policy_context_entry *entry = policy_context_get(context, key);

    if (!entry)
        return put_default(expanded, body, end);
    if (entry->is_list || entry->values.count != 1)
        return false;
    put_value(expanded, entry->values.items[0], strlen(entry->values.items[0]));
    return true;
}

char *policy_expand_variables(const char *text, const struct policy_context *context)
{
    cleanup(buffer_free)
    struct buffer expanded = BUFFER(LIMIT_POLICY_BYTES);

    while (*text) {
        const char *end = text[0] == '$' && text[1] == '{' ? strchr(text, '}') : NULL;

        if (!end) {
            buffer_append_byte(&expanded, *text++);
            continue;
        }
        if (!put_variable(&expanded, text + 2, end, context))
            return NULL;
        text = end + 1;
    }
    return expanded.overflowed ? NULL : buffer_take(&expanded);
}
