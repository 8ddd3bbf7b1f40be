#include "ctl/render.h"

#include "base/limits.h"
#include "base/text.h"

#include <errno.h>
#include <langinfo.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Of all that one command prints: the largest answer, set out for people. */
#define SCREEN_BYTES (4 * LIMIT_RESPONSE_BYTES)

/* Between two columns of a table. */
#define GAP 2

/* Less of a last column than this says nothing: the line is let run over instead. */
#define LAST_COLUMN_LEAST 16

/* Select Graphic Rendition (ECMA-48): the eight colours that every terminal has, and that its owner
 * has chosen to be legible. */
static const char *const tone_codes[] = {
    [TONE_PLAIN] = "",  [TONE_STRONG] = "1",   [TONE_DULL] = "2", [TONE_GOOD] = "32",
    [TONE_BUSY] = "36", [TONE_WARNING] = "33", [TONE_BAD] = "31",
};

struct cell {
    enum tone tone;
    const char *text; /* the table's own, but of its titles */
    size_t width;
};

/* ---- text ---------------------------------------------------------------------------------- */

static bool is_control(const unsigned char *at)
{
    /* C0 and DEL; C1 is U+0080 to U+009F, C2 80 to C2 9F in UTF-8. */
    return *at < 0x20 || *at == 0x7f || (at[0] == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f);
}

void render_clean(char *text, bool keep_lines)
{
    text_repair_utf8(text);
    char *out = text;

    for (const char *in = text; *in; in++) {
        if (!is_control((const unsigned char *)in)) {
            *out++ = *in;
            continue;
        }
        char control = *in;

        if ((unsigned char)control == 0xc2)
            in++; /* of two bytes */
        if (control == '\n' && keep_lines)
            *out++ = '\n';
        else
            *out++ = control == '\n' || control == '\t' ? ' ' : '?';
    }
    *out = '\0';
}

/* Columns that it takes on a terminal: one a character. AWS's names are ASCII; in a reason that is
 * not, a wide character costs a ragged edge and no more. */
static size_t width_of(const char *text)
{
    size_t width = 0;

    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

/* Bytes of the first so many characters. */
static size_t bytes_of(const char *text, size_t width)
{
    size_t bytes = 0;

    while (text[bytes] && (width > 0 || ((unsigned char)text[bytes] & 0xc0) == 0x80)) {
        width -= ((unsigned char)text[bytes] & 0xc0) != 0x80;
        bytes++;
    }
    return bytes;
}

static char *format_clean(const char *format, va_list arguments)
{
    char *text;

    if (vasprintf(&text, format, arguments) < 0)
        abort();
    render_clean(text, false);
    return text;
}

/* ---- the screen ---------------------------------------------------------------------------- */

void screen_measure(struct screen *screen)
{
    struct winsize size = {0};

    screen->width = SCREEN_ENDLESS;
    screen->height = SCREEN_ENDLESS;
    if (!screen->terminal || ioctl(screen->descriptor, TIOCGWINSZ, &size) < 0)
        return;
    if (size.ws_col)
        screen->width = size.ws_col;
    if (size.ws_row)
        screen->height = size.ws_row;
}

void screen_open(struct screen *screen, int descriptor)
{
    const char *term = getenv("TERM");

    *screen = (struct screen){
        .descriptor = descriptor,
        .terminal = isatty(descriptor) && !text_equal(term, "dumb"),
        .unicode = text_equal(nl_langinfo(CODESET), "UTF-8"),
        .text = BUFFER(SCREEN_BYTES),
    };
    screen->colour = screen->terminal && text_is_empty(getenv("NO_COLOR"));
    screen_measure(screen);
}

void screen_free(struct screen *screen)
{
    buffer_free(&screen->text);
}

static void put(struct screen *screen, enum tone tone, const char *text, size_t length)
{
    bool coloured = screen->colour && tone != TONE_PLAIN && length > 0;

    if (coloured)
        buffer_printf(&screen->text, "\033[%sm", tone_codes[tone]);
    buffer_append(&screen->text, text, length);
    if (coloured)
        buffer_append_text(&screen->text, "\033[0m");
}

static void put_spaces(struct screen *screen, size_t count)
{
    while (count-- > 0)
        buffer_append_byte(&screen->text, ' ');
}

void screen_put(struct screen *screen, enum tone tone, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    cleanup(free_pointer)
    char *text = format_clean(format, arguments);
    size_t length = strlen(text);
    bool ends_line = text_ends_with(format, "\n");

    va_end(arguments);
    put(screen, tone, text, ends_line ? length - 1 : length);
    if (ends_line)
        buffer_append_byte(&screen->text, '\n');
}

static void put_line(struct screen *screen, enum tone tone, struct buffer *line)
{
    put(screen, tone, buffer_text(line), line->length);
    buffer_append_byte(&screen->text, '\n');
    buffer_clear(line);
}

/* From column `at` on, each line beginning at indent and ending before edge. */
static void set_text(struct screen *screen, enum tone tone, size_t at, size_t indent, size_t edge,
                     const char *text)
{
    cleanup(free_pointer)
    char *clean = text_copy(text);
    cleanup(buffer_free)
    struct buffer line = BUFFER(SCREEN_BYTES);
    size_t column = at < indent ? indent : at;

    render_clean(clean, false);
    put_spaces(screen, column - at);
    for (const char *word = clean + strspn(clean, " "); *word; word += strspn(word, " ")) {
        size_t length = strcspn(word, " ");
        cleanup(free_pointer)
        char *copy = memory_copy_text(word, length);
        size_t width = width_of(copy);

        if (line.length > 0 && column + 1 + width > edge) {
            put_line(screen, tone, &line);
            put_spaces(screen, indent);
            column = indent;
        }
        size_t separator = line.length > 0;

        buffer_printf(&line, "%s%s", separator ? " " : "", copy);
        column += width + separator;
        word += length;
    }
    put_line(screen, tone, &line);
}

void screen_paragraph(struct screen *screen, enum tone tone, size_t at, size_t indent,
                      const char *text)
{
    set_text(screen, tone, at, indent,
             screen->width < SCREEN_READABLE ? screen->width : SCREEN_READABLE, text);
}

void screen_field(struct screen *screen, const char *label, enum tone tone, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    cleanup(free_pointer)
    char *text = format_clean(format, arguments);
    size_t width = width_of(label);

    va_end(arguments);
    if (text_is_empty(text))
        return;
    put_spaces(screen, 2);
    put(screen, TONE_DULL, label, strlen(label));
    set_text(screen, tone, 2 + width, 2 + SCREEN_LABEL, screen->width, text);
}

void screen_json(struct screen *screen, const cJSON *document)
{
    cleanup(free_pointer)
    char *text = json_print_pretty(document);

    buffer_append_text(&screen->text, text);
    buffer_append_byte(&screen->text, '\n');
}

int screen_flush(struct screen *screen, struct error *error)
{
    const char *data = buffer_text(&screen->text);
    size_t length = screen->text.length;
    bool overflowed = screen->text.overflowed;

    while (length > 0) {
        ssize_t written = write(screen->descriptor, data, length);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return error_set(error, ERROR_STORAGE, "what came of it cannot be written: %s",
                             strerror(errno));
        data += written;
        length -= (size_t)written;
    }
    buffer_clear(&screen->text);
    if (overflowed)
        return error_set(error, ERROR_LIMIT, "what came of it is too long to be shown whole");
    return 0;
}

/* ---- tables -------------------------------------------------------------------------------- */

void table_add(struct table *table, enum tone tone, const char *text)
{
    table->cells = memory_resize_array(table->cells, table->count + 1, sizeof(*table->cells));
    struct cell *cell = &table->cells[table->count++];
    char *copy = text_copy(text ? text : "");

    render_clean(copy, false);
    cell->tone = tone;
    cell->text = copy;
    cell->width = width_of(copy);
}

void table_free(struct table *table)
{
    for (size_t i = 0; i < table->count; i++)
        free((void *)table->cells[i].text);
    free(table->cells);
    table->cells = NULL;
    table->count = 0;
}

/* 0 for a column that is left out. */
static size_t column_width(const struct table *table, size_t column)
{
    size_t widest = 0;

    for (size_t i = column; i < table->count; i += table->columns)
        if (table->cells[i].width > widest)
            widest = table->cells[i].width;
    size_t title = width_of(table->titles[column]);

    return widest > 0 && widest < title ? title : widest;
}

/* The last cell, from column `at` on: whole, cut, or in lines of its own below. */
static void put_last(struct screen *screen, enum tone tone, const char *text, size_t at)
{
    const char *ellipsis = screen->unicode ? "\u2026" : "...";
    size_t room = at < screen->width ? screen->width - at : 0;

    if (width_of(text) <= room) {
        put_spaces(screen, GAP);
        put(screen, tone, text, strlen(text));
        buffer_append_byte(&screen->text, '\n');
    } else if (room < LAST_COLUMN_LEAST) {
        buffer_append_byte(&screen->text, '\n');
        set_text(screen, tone, 0, 3 * GAP, screen->width, text);
    } else {
        put_spaces(screen, GAP);
        put(screen, tone, text, bytes_of(text, room - width_of(ellipsis)));
        put(screen, tone, ellipsis, strlen(ellipsis));
        buffer_append_byte(&screen->text, '\n');
    }
}

struct layout {
    const size_t *widths;
    size_t last;  /* column that has anything */
    size_t below; /* from this column on, cells stand in lines of their own; last + 1 for none */
};

/* The last column has its own way of being cut; what else does not fit goes below. */
static size_t first_below(const struct layout *layout, const struct screen *screen)
{
    size_t end = GAP;

    for (size_t i = 0; i < layout->last; i++) {
        if (layout->widths[i] == 0)
            continue;
        if (i > 0 && end + layout->widths[i] > screen->width)
            return i;
        end += layout->widths[i] + GAP;
    }
    return layout->last + 1;
}

static void put_below(const struct layout *layout, const struct cell *cells, struct screen *screen)
{
    buffer_append_byte(&screen->text, '\n');
    for (size_t i = layout->below; i <= layout->last; i++)
        if (cells[i].width > 0)
            set_text(screen, cells[i].tone, 0, 3 * GAP, screen->width, cells[i].text);
}

static void print_row(const struct layout *layout, const struct cell *cells, struct screen *screen)
{
    size_t at = 0;
    size_t start = GAP;

    for (size_t i = 0; i < layout->last && i < layout->below; i++) {
        if (layout->widths[i] == 0)
            continue;
        if (cells[i].width > 0) {
            put_spaces(screen, start - at);
            put(screen, cells[i].tone, cells[i].text, strlen(cells[i].text));
            at = start + cells[i].width;
        }
        start += layout->widths[i] + GAP;
    }
    if (layout->below <= layout->last) {
        put_below(layout, cells, screen);
        return;
    }
    const struct cell *last = &cells[layout->last];

    /* Nothing is put behind the last cell that has something. */
    if (last->width == 0) {
        buffer_append_byte(&screen->text, '\n');
        return;
    }
    put_spaces(screen, start - GAP - at);
    put_last(screen, last->tone, last->text, start);
}

static void print_titles(const struct table *table, const struct layout *layout,
                         struct screen *screen)
{
    cleanup(free_pointer)
    struct cell *cells = memory_allocate_array(table->columns, sizeof(*cells));
    size_t end = GAP;

    for (size_t i = 0; i < table->columns; i++) {
        cells[i].tone = TONE_DULL;
        cells[i].text = table->titles[i];
        cells[i].width = width_of(table->titles[i]);
        end += i < layout->last && layout->widths[i] > 0 ? layout->widths[i] + GAP : 0;
    }
    /* Where cells stand below their rows, there is no column to name. */
    for (size_t i = layout->below; i <= layout->last; i++)
        cells[i].width = 0;
    if (end + LAST_COLUMN_LEAST > screen->width)
        cells[layout->last].width = 0;
    print_row(layout, cells, screen);
}

void table_print(const struct table *table, struct screen *screen)
{
    cleanup(free_pointer)
    size_t *widths = memory_allocate_array(table->columns, sizeof(*widths));
    struct layout layout = {.widths = widths};

    if (table->count == 0)
        return;
    for (size_t i = 0; i < table->columns; i++) {
        widths[i] = column_width(table, i);
        if (widths[i] > 0)
            layout.last = i;
    }
    layout.below = first_below(&layout, screen);
    print_titles(table, &layout, screen);
    for (size_t i = 0; i + table->columns <= table->count; i += table->columns)
        print_row(&layout, table->cells + i, screen);
}
