#include "config/references_internal.h"

#include "base/buffer.h"
#include "base/limits.h"
#include "base/text.h"

#include <string.h>

/* ---- texts ------------------------------------------------------------------------------ */

/* Characters, since columns count those. */
static unsigned characters(const char *text, size_t length)
{
    unsigned count = 0;

    for (size_t i = 0; i < length; i++)
        count += ((unsigned char)text[i] & 0xc0) != 0x80;
    return count;
}

struct config_place reference_place(const struct node *text, size_t offset)
{
    struct config_place place = text->place;

    if (text->one_line)
        place.column += (text->plain ? 0 : 1) + characters(text->text, offset);
    return place;
}

static bool is_policy_variable(const char *inside, size_t length)
{
    return memchr(inside, ':', length) || (length == 1 && strchr("*?$", *inside));
}

/* Splits "first.attribute" or "word.key.attribute", where the key may have dots of its own. */
static bool split(struct loading *loading, const char *inside, size_t length,
                  struct reference *reference)
{
    char *whole = arena_copy_bytes(&loading->scratch, inside, length);
    char *first = arena_copy(&loading->scratch, whole);
    char *dot = strchr(first, '.');
    char *last_dot = strrchr(first, '.');

    reference->whole = whole;
    if (!dot)
        return false;
    *dot = '\0';
    *last_dot = '\0';
    reference->first = first;
    reference->key = dot == last_dot ? NULL : dot + 1;
    reference->attribute = last_dot + 1;
    return *first && *reference->attribute && (!reference->key || *reference->key);
}

/* The value of the reference in text at offset, whose inside has length bytes; NULL where it has
 * none, which has been said. */
static const char *resolve_one(struct loading *loading, const struct node *text, size_t offset,
                               size_t length, unsigned chain)
{
    struct reference reference = {.text = text, .offset = offset};
    struct resolving resolving = {.loading = loading, .reference = &reference, .chain = chain};

    if (!split(loading, text->text + offset + 2, length, &reference)) {
        reference_refuse(&resolving, "a reference has the form ${ACCOUNT.id} or ${role.KEY.arn}; "
                                     "write $${ for a \"${\" that is to stay");
        return NULL;
    }
    const char *value = reference_value(&resolving);

    return resolving.failed ? NULL : value;
}

static bool expand(struct loading *loading, const struct node *text, unsigned chain,
                   struct buffer *out)
{
    const char *from = text->text;
    const char *dollar;
    bool good = true;

    while ((dollar = strstr(from, "${"))) {
        size_t length = strcspn(dollar + 2, "}");
        size_t offset = (size_t)(dollar - text->text);
        bool escaped = dollar > from && dollar[-1] == '$';

        if (escaped) { /* "$${": the first dollar goes */
            buffer_append(out, from, (size_t)(dollar - from) - 1);
            buffer_append(out, dollar, 2);
            from = dollar + 2;
            continue;
        }
        if (dollar[2 + length] == '\0') {
            const struct config_place place = reference_place(text, offset);

            say(loading, &place, "a \"${\" without its \"}\"; write $${ for one that is to stay");
            return false;
        }
        buffer_append(out, from, (size_t)(dollar - from));
        from = dollar + 3 + length;
        if (is_policy_variable(dollar + 2, length)) {
            buffer_append(out, dollar, length + 3);
            continue;
        }
        const char *value = resolve_one(loading, text, offset, length, chain);

        if (value)
            buffer_append_text(out, value);
        else
            good = false;
    }
    buffer_append_text(out, from);
    return good;
}

static const char *resolve_raw(struct loading *loading, struct node *text, unsigned chain)
{
    struct buffer out = BUFFER(loading->expansion);

    text->state = NODE_RESOLVING;
    bool good = expand(loading, text, chain, &out);

    if (out.overflowed) {
        say(loading, &text->place, "references make more than %zu bytes of text in all",
            LIMIT_CONFIG_EXPANDED_BYTES);
        good = false;
    }
    loading->expansion -= out.length;
    text->resolved = good ? arena_copy(&loading->scratch, buffer_text(&out)) : NULL;
    text->state = good ? NODE_RESOLVED : NODE_FAILED;
    buffer_free(&out);
    return text->resolved;
}

/* Resolves a text that a chain of so many others led to. */
const char *interpolate_along(struct loading *loading, struct node *text, unsigned chain)
{
    switch (text->state) {
    case NODE_RESOLVED:
        return text->resolved;
    case NODE_FAILED:
        return NULL;
    case NODE_RESOLVING:
        say(loading, &text->place, "%s refers to itself, by way of others",
            quoted(loading, text->text));
        return NULL;
    case NODE_RAW:
        break;
    }
    if (!strstr(text->text, "${"))
        return text->text;
    if (chain > LIMIT_CONFIG_REFERENCE_CHAIN) {
        say(loading, &text->place, "a chain of more than %u references ends here",
            LIMIT_CONFIG_REFERENCE_CHAIN);
        text->state = NODE_FAILED;
        return NULL;
    }
    return resolve_raw(loading, text, chain);
}

const char *interpolate(struct loading *loading, struct node *text)
{
    return interpolate_along(loading, text, 0);
}
