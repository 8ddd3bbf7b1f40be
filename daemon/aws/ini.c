#include "aws/ini.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* What a line said. All texts are in the file's, cut into pieces by NULs. */
struct row {
    const char *section;
    const char *setting; /* NULL for the section itself */
    char *value;
};

struct ini {
    char *text;
    size_t length;
    struct row *rows;
    size_t count;
    size_t capacity;
};

void ini_free(struct ini *ini)
{
    if (!ini)
        return;
    memory_wipe(ini->text, ini->length);
    free(ini->text);
    free(ini->rows);
    free(ini);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Cuts the text after its last character that is not blank, and returns its first that is not. */
static char *trim(char *text)
{
    size_t length;

    while (is_blank(*text))
        text++;
    length = strlen(text);
    while (length > 0 && is_blank(text[length - 1]))
        length--;
    text[length] = '\0';
    return text;
}

static void cut_comment(char *text)
{
    for (char *c = text; *c; c++)
        if ((*c == '#' || *c == ';') && (c == text || is_blank(c[-1]))) {
            *c = '\0';
            return;
        }
}

static void add(struct ini *ini, const char *section, const char *setting, char *value)
{
    if (ini->count == ini->capacity) {
        ini->capacity = ini->capacity ? 2 * ini->capacity : 16;
        ini->rows = memory_resize_array(ini->rows, ini->capacity, sizeof(*ini->rows));
    }
    ini->rows[ini->count++] = (struct row){section, setting, value};
}

/* "profile   prod" is written with any number of blanks. */
static void squeeze(char *name)
{
    char *to = name;

    for (const char *from = name; *from; from++)
        if (!is_blank(*from) || !is_blank(from[1]))
            *to++ = is_blank(*from) ? ' ' : *from;
    *to = '\0';
}

static const char *read_section(char *line)
{
    char *end = strchr(line, ']');

    if (!end)
        return NULL;
    cut_comment(end + 1);
    if (*trim(end + 1))
        return NULL;
    *end = '\0';
    char *name = trim(line + 1);

    squeeze(name);
    return *name ? name : NULL;
}

/* Puts the line behind the last value, which is before it in the same text, so that there is room
 * for the newline between them. */
static bool continue_value(struct ini *ini, const char *line)
{
    struct row *last = ini->count ? &ini->rows[ini->count - 1] : NULL;

    if (!last || !last->setting)
        return false;
    char *end = last->value + strlen(last->value);

    *end++ = '\n';
    memmove(end, line, strlen(line) + 1);
    return true;
}

static bool read_line(struct ini *ini, char *line, const char **section)
{
    bool is_indented = is_blank(*line);

    if (*line == '[') {
        *section = read_section(line);
        if (*section)
            add(ini, *section, NULL, NULL);
        return *section != NULL;
    }
    cut_comment(line);
    line = trim(line);
    if (!*line)
        return true;
    if (!*section)
        return false;
    if (is_indented)
        return continue_value(ini, line);
    char *equals = strchr(line, '=');

    if (!equals || equals == line)
        return false;
    *equals = '\0';
    add(ini, *section, trim(line), trim(equals + 1));
    return true;
}

struct ini *ini_read(char *text, size_t length, const char *name, struct error *error)
{
    struct ini *ini = memory_allocate(sizeof(*ini));
    const char *section = NULL;
    size_t number = 1;

    ini->text = text;
    ini->length = length;
    for (char *line = text, *next; line; line = next, number++) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        if (read_line(ini, line, &section))
            continue;
        /* The line may hold a secret: it is not quoted. */
        error_set(error, ERROR_INVALID,
                  "%s:%zu: this is neither a [section] nor a setting (name = value) in one", name,
                  number);
        ini_free(ini);
        return NULL;
    }
    return ini;
}

const char *ini_get(const struct ini *ini, const char *section, const char *setting)
{
    for (size_t i = ini->count; i-- > 0;)
        if (ini->rows[i].setting && text_equal(ini->rows[i].section, section) &&
            text_equal_ignoring_case(ini->rows[i].setting, setting))
            return ini->rows[i].value;
    return NULL;
}

bool ini_has_section(const struct ini *ini, const char *section)
{
    for (size_t i = 0; i < ini->count; i++)
        if (text_equal(ini->rows[i].section, section))
            return true;
    return false;
}
