/* What people see: text, tables and colours on a terminal, plain text everywhere else.
 *
 * A screen collects text and writes it out in one go, so that a renewed screen does not flicker and
 * a failed write is told once. It is the only thing that knows a terminal: colour is used where
 * standard output is one, TERM is not "dumb" and NO_COLOR (no-color.org) is not set; lines are
 * fitted to its width. Elsewhere lines are as long as they are.
 *
 * Texts from outside (AWS's reasons, people's names) are shown without control characters, which
 * could do anything to a terminal. */
#ifndef CAUSEWAY_CTL_RENDER_H
#define CAUSEWAY_CTL_RENDER_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/json.h"

#include <stdbool.h>
#include <stddef.h>

enum tone {
    TONE_PLAIN,
    TONE_STRONG,
    TONE_DULL,
    TONE_GOOD,
    TONE_BUSY,
    TONE_WARNING,
    TONE_BAD,
};

struct screen {
    int descriptor;
    bool terminal;
    bool colour;
    bool unicode;  /* an ellipsis may be one character */
    size_t width;  /* columns; SCREEN_ENDLESS where lines may have any length */
    size_t height; /* lines; SCREEN_ENDLESS as well */
    struct buffer text;
};

enum {
    SCREEN_ENDLESS = 1000000,
    SCREEN_READABLE = 80, /* columns that running text is set in where there are more */
};

/* Looks at the descriptor and the environment. setlocale() is to be called before. */
void screen_open(struct screen *screen, int descriptor);
void screen_free(struct screen *screen);

/* Looks again how large the terminal is. */
void screen_measure(struct screen *screen);

/* Text as it is in the format; what came from outside is to go through an argument. A '\n' in the
 * result of an argument is shown as a space; one at the format's end ends the line. */
void screen_put(struct screen *screen, enum tone tone, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Running text, broken at spaces and set indent columns from the left. `at` is the column where the
 * line already is. */
void screen_paragraph(struct screen *screen, enum tone tone, size_t at, size_t indent,
                      const char *text);

/* "  label      text": labels of SCREEN_LABEL columns, the text broken where the terminal ends. An
 * empty text puts nothing. */
enum { SCREEN_LABEL = 16 };
void screen_field(struct screen *screen, const char *label, enum tone tone, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Makes text fit for a terminal, in place: well-formed UTF-8, a '?' for each control character but
 * '\n', which stays where keep_lines and is a space otherwise, as a tab is. */
void render_clean(char *text, bool keep_lines);

/* The document, indented. */
void screen_json(struct screen *screen, const cJSON *document);

/* Writes out what was collected. -1 and an error where it can't be written. */
int screen_flush(struct screen *screen, struct error *error);

/* Rows of cells. Columns are as wide as their widest cell; those in which no row has anything are
 * left out. The last column is cut where the terminal ends; others that do not fit are put below
 * their rows. */
struct table {
    const char *const *titles;
    size_t columns;
    struct cell *cells;
    size_t count;
};

#define TABLE(titles_) ((struct table){.titles = (titles_), .columns = array_length(titles_)})

/* The next cell of the row. The text is copied; NULL is an empty cell. */
void table_add(struct table *table, enum tone tone, const char *text);
void table_print(const struct table *table, struct screen *screen);
void table_free(struct table *table);

#endif
