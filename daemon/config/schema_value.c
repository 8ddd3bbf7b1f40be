#include "config/schema_value_internal.h"

#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

bool value_is(struct loading *loading, const struct node *node, const char *name,
              enum node_kind kind)
{
    if (node->kind == kind)
        return true;
    if (node->kind == NODE_TEXT && !*node->text)
        say(loading, &node->place, "\"%s\" must be %s; nothing stands here", name,
            node_kind_name(kind));
    else
        say(loading, &node->place, "\"%s\" must be %s, not %s", name, node_kind_name(kind),
            node_kind_name(node->kind));
    return false;
}

const char *value_text(struct loading *loading, struct node *node, const char *name)
{
    return value_is(loading, node, name, NODE_TEXT) ? interpolate(loading, node) : NULL;
}

static bool matches(struct format_regex *compiled, const char *pattern, const char *text)
{
    if (!compiled->compiled && regcomp(&compiled->regex, pattern, REG_EXTENDED | REG_NOSUB) != 0)
        abort(); /* the table's own patterns are tested */
    compiled->compiled = true;
    return regexec(&compiled->regex, text, 0, NULL, 0) == 0;
}

static bool is_like(struct loading *loading, enum format_id id, const char *text)
{
    const struct schema_format *format = &schema_formats[id];

    return (!*format->pattern || matches(&loading->patterns[id], format->pattern, text)) &&
           (!*format->unlike || !matches(&loading->unlikes[id], format->unlike, text));
}

/* Why the text is not of the format; NULL where it is. */
static const char *misfit(struct loading *loading, enum format_id id, const char *text)
{
    const struct schema_format *format = &schema_formats[id];
    size_t length = strlen(text);
    struct arena *scratch = &loading->scratch;

    if (length == 0 && format->minimum > 0)
        return arena_printf(scratch, "must be %s; nothing stands here", format->name);
    if (length > format->maximum)
        return arena_printf(scratch, "may have at most %zu bytes, not %zu", format->maximum,
                            length);
    if (!is_like(loading, id, text))
        return arena_printf(scratch, "must be %s, not %s", format->name, quoted(loading, text));
    if (length < format->minimum)
        return arena_printf(scratch, "must have at least %zu bytes; %s has %zu", format->minimum,
                            quoted(loading, text), length);
    return NULL;
}

const char *value_formatted(struct loading *loading, struct node *node, const char *name,
                            enum format_id format)
{
    const char *text = value_text(loading, node, name);
    const char *why = text ? misfit(loading, format, text) : NULL;

    if (!why)
        return text;
    say(loading, &node->place, "\"%s\" %s", name, why);
    return NULL;
}

bool value_name_is_good(struct loading *loading, const struct node *node, enum format_id format)
{
    const char *why = misfit(loading, format, node->name);

    if (why)
        say(loading, &node->name_place, "this key %s", why);
    return !why;
}

/* ---- scalars ---------------------------------------------------------------------------- */

struct scalar {
    struct loading *loading;
    struct node *node;
    const struct schema_key *key;
    struct destination to;
};

static void *member(const struct scalar *scalar)
{
    return scalar->to.base + scalar->key->offset;
}

/* Whether the file has an account of that name. */
static bool is_account(struct loading *loading, const struct node *node, const char *name)
{
    const struct node *accounts = node_get(loading->tree, "accounts");
    size_t i = 0;

    if (!accounts || accounts->kind != NODE_MAPPING || node_get(accounts, name))
        return true; /* a missing map has been said already */
    size_t count = errors_are_full(loading) ? 0 : accounts->count;
    const char **names = arena_allocate_array(&loading->scratch, count + 1, sizeof(*names));

    for (const struct node *child = count ? accounts->first : NULL; child; child = child->next)
        names[i++] = child->name;
    say(loading, &node->place, "there is no account %s%s", quoted(loading, name),
        suggestion(loading, name, names));
    return false;
}

static void read_text(const struct scalar *scalar)
{
    enum format_id format = scalar->key->type.format;
    const char *text = value_formatted(scalar->loading, scalar->node, scalar->key->name, format);

    if (text && format == FORMAT_ACCOUNT && !is_account(scalar->loading, scalar->node, text))
        return;
    if (text && scalar->key->is_field)
        json_add_text(scalar->to.object, scalar->key->name, text);
    else if (text)
        *(const char **)member(scalar) = arena_copy(&scalar->loading->config->arena, text);
}

static void put_integer(const struct scalar *scalar, int64_t value)
{
    if (scalar->key->is_field)
        json_add_integer(scalar->to.object, scalar->key->name, value);
    else
        *(int64_t *)member(scalar) = value;
}

static void read_integer(const struct scalar *scalar)
{
    const struct schema_key *key = scalar->key;
    const char *text = value_text(scalar->loading, scalar->node, key->name);
    int64_t value;

    if (!text)
        return;
    if (text_to_i64(text, &value) && value >= key->type.minimum && value <= key->type.maximum)
        put_integer(scalar, value);
    else
        say(scalar->loading, &scalar->node->place,
            "\"%s\" must be a whole number from %" PRId64 " to %" PRId64 ", not %s", key->name,
            key->type.minimum, key->type.maximum, quoted(scalar->loading, text));
}

static int64_t duration_of(const char *text)
{
    int64_t duration_ms = 0;

    if (!duration_parse(text, &duration_ms))
        abort(); /* the table's own durations are tested */
    return duration_ms;
}

static void read_duration(const struct scalar *scalar)
{
    const struct schema_key *key = scalar->key;
    const char *text = value_text(scalar->loading, scalar->node, key->name);
    int64_t value_ms;

    if (!text)
        return;
    if (!duration_parse(text, &value_ms))
        say(scalar->loading, &scalar->node->place,
            "\"%s\" must be a duration with its unit, such as 90s, 10m or 1h30m, not %s", key->name,
            quoted(scalar->loading, text));
    else if (value_ms < duration_of(key->type.least) || value_ms > duration_of(key->type.greatest))
        say(scalar->loading, &scalar->node->place, "\"%s\" must be from %s to %s, not %s",
            key->name, key->type.least, key->type.greatest, quoted(scalar->loading, text));
    else if (key->is_field && value_ms % 1000)
        say(scalar->loading, &scalar->node->place, "\"%s\" must be whole seconds, not %s",
            key->name, quoted(scalar->loading, text));
    else
        put_integer(scalar, key->is_field ? value_ms / 1000 : value_ms);
}

static void read_boolean(const struct scalar *scalar)
{
    const struct schema_key *key = scalar->key;
    const char *text = value_text(scalar->loading, scalar->node, key->name);
    bool value = text_equal(text, "true");

    if (!text)
        return;
    if (!value && !text_equal(text, "false"))
        say(scalar->loading, &scalar->node->place, "\"%s\" must be true or false, not %s",
            key->name, quoted(scalar->loading, text));
    else if (key->is_field)
        json_add_bool(scalar->to.object, key->name, value);
    else
        *(bool *)member(scalar) = value;
}

static const char *list_of(struct loading *loading, const char *const *choices)
{
    const char *list = "";

    for (size_t i = 0; choices[i]; i++)
        list = arena_printf(&loading->scratch, "%s%s%s", list,
                            i == 0           ? ""
                            : choices[i + 1] ? ", "
                                             : " or ",
                            choices[i]);
    return list;
}

static void read_choice(const struct scalar *scalar)
{
    const struct schema_key *key = scalar->key;
    const char *const *choices = schema_choices[key->type.choices];
    const char *text = value_text(scalar->loading, scalar->node, key->name);
    unsigned index = 0;

    if (!text)
        return;
    while (choices[index] && !text_equal(choices[index], text))
        index++;
    if (!choices[index])
        say(scalar->loading, &scalar->node->place, "\"%s\" must be %s, not %s%s", key->name,
            list_of(scalar->loading, choices), quoted(scalar->loading, text),
            suggestion(scalar->loading, text, choices));
    else if (key->is_field)
        json_add_text(scalar->to.object, key->name, text);
    else
        memcpy(member(scalar), &index, sizeof(index)); /* an enum */
}

/* "3" instances, or "10%". */
static void read_step(const struct scalar *scalar)
{
    const char *text = value_text(scalar->loading, scalar->node, scalar->key->name);
    int64_t value = 0;

    if (!text)
        return;
    bool is_percent = text_ends_with(text, "%");
    cleanup(free_pointer)
    char *digits = memory_copy_text(text, strlen(text) - is_percent);

    if (!text_to_i64(digits, &value) || value < 1 || value > (is_percent ? 100 : 1000)) {
        say(scalar->loading, &scalar->node->place,
            "\"%s\" must be a number of instances, or a percentage such as 10%%, not %s",
            scalar->key->name, quoted(scalar->loading, text));
        return;
    }
    *(int64_t *)member(scalar) = value;
    *(bool *)(scalar->to.base + scalar->key->second_offset) = is_percent;
}

static void read_pointer(const struct scalar *scalar, struct config_source *source)
{
    struct loading *loading = scalar->loading;
    static const char *const names[] = {"event", NULL};
    struct node *event = node_get(scalar->node, "event");

    for (const struct node *child = scalar->node->first; child; child = child->next)
        if (child != event)
            say(loading, &child->name_place, "unknown key %s%s", quoted(loading, child->name),
                suggestion(loading, child->name, names));
    if (!event) {
        say(loading, &scalar->node->place, "\"%s\" must be text, or have the key \"event\"",
            scalar->key->name);
        return;
    }
    const char *pointer = value_text(loading, event, "event");

    if (pointer && (!*pointer || !json_pointer_is_valid(pointer)))
        say(loading, &event->place,
            "\"event\" must be a JSON Pointer such as /detail/bucket/name, not %s",
            quoted(loading, pointer));
    else if (pointer)
        source->pointer = arena_copy(&loading->config->arena, pointer);
}

static void read_source(const struct scalar *scalar)
{
    struct config_source *source = member(scalar);

    if (scalar->node->kind == NODE_MAPPING)
        read_pointer(scalar, source);
    else
        source->text = arena_copy(&scalar->loading->config->arena,
                                  value_formatted(scalar->loading, scalar->node, scalar->key->name,
                                                  scalar->key->type.format));
}

void value_read_scalar(struct loading *loading, struct node *node, const struct schema_key *key,
                       struct destination to)
{
    static void (*const readers[])(const struct scalar *) = {
        [VALUE_TEXT] = read_text,         [VALUE_INTEGER] = read_integer,
        [VALUE_DURATION] = read_duration, [VALUE_BOOLEAN] = read_boolean,
        [VALUE_CHOICE] = read_choice,     [VALUE_STEP] = read_step,
        [VALUE_SOURCE] = read_source,
    };
    const struct scalar scalar = {loading, node, key, to};

    readers[key->type.kind](&scalar);
}
