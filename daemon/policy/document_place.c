/* From a JSON Pointer to a line and a column. The text has been accepted by json_parse(), so this
 * needs no checks of its own beyond not running over the end. */
#include "policy/document.h"

#include <stdlib.h>
#include <string.h>

struct walk {
    const char *at;
    const char *end;
};

static void skip_space(struct walk *walk)
{
    while (walk->at < walk->end && strchr(" \t\r\n", *walk->at) && *walk->at)
        walk->at++;
}

static void skip_text(struct walk *walk)
{
    for (walk->at++; walk->at < walk->end && *walk->at != '"'; walk->at++)
        if (*walk->at == '\\')
            walk->at++;
    walk->at++;
}

static void skip_value(struct walk *walk)
{
    size_t depth = 0;

    do {
        skip_space(walk);
        if (walk->at >= walk->end)
            return;
        if (*walk->at == '"') {
            skip_text(walk);
        } else if (strchr("{[", *walk->at)) {
            depth++;
            walk->at++;
        } else if (strchr("}]", *walk->at)) {
            depth--;
            walk->at++;
        } else if (strchr(",:", *walk->at)) {
            walk->at++;
        } else {
            while (walk->at < walk->end && !strchr(",:]} \t\r\n", *walk->at))
                walk->at++;
        }
    } while (depth > 0);
}

/* Whether a name in the text is this segment of a pointer. Names with escapes in the text are
 * compared by cJSON's reading of them. */
static bool is_name(const char *name, const char *name_end, const char *segment, size_t length)
{
    cleanup(json_free)
    cJSON *parsed = cJSON_ParseWithLength(name, (size_t)(name_end - name));
    const char *value = cJSON_GetStringValue(parsed);

    if (!value)
        return false;
    for (size_t i = 0; i < length; i++) {
        char byte = segment[i];

        if (byte == '~' && i + 1 < length)
            byte = segment[++i] == '1' ? '/' : '~';
        if (*value++ != byte)
            return false;
    }
    return *value == '\0';
}

static bool enter_member(struct walk *walk, const char *segment, size_t length)
{
    walk->at++;
    for (;;) {
        skip_space(walk);
        if (walk->at >= walk->end || *walk->at != '"')
            return false;
        const char *name = walk->at;

        skip_text(walk);
        bool found = is_name(name, walk->at, segment, length);

        skip_space(walk);
        walk->at++; /* the colon */
        skip_space(walk);
        if (found)
            return true;
        skip_value(walk);
        skip_space(walk);
        if (walk->at >= walk->end || *walk->at != ',')
            return false;
        walk->at++;
    }
}

static bool enter_element(struct walk *walk, const char *segment)
{
    unsigned long index = strtoul(segment, NULL, 10);

    walk->at++;
    skip_space(walk);
    for (; index > 0; index--) {
        skip_value(walk);
        skip_space(walk);
        if (walk->at >= walk->end || *walk->at != ',')
            return false;
        walk->at++;
        skip_space(walk);
    }
    return walk->at < walk->end && *walk->at != ']';
}

bool policy_locate(const char *text, size_t length, const char *pointer, size_t *line,
                   size_t *column)
{
    struct walk walk = {text, text + length};

    skip_space(&walk);
    while (*pointer == '/') {
        const char *segment = pointer + 1;
        size_t segment_length = strcspn(segment, "/");

        if (walk.at >= walk.end)
            return false;
        if (*walk.at == '{' ? !enter_member(&walk, segment, segment_length)
                            : *walk.at != '[' || !enter_element(&walk, segment))
            return false;
        pointer = segment + segment_length;
    }
    *line = 1;
    *column = 1;
    for (const char *at = text; at < walk.at; at++) {
        *column = *at == '\n' ? 1 : *column + 1;
        *line += *at == '\n';
    }
    return true;
}
