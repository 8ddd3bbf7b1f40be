#include "ctl/online.h"

#include "base/text.h"
#include "base/time.h"
#include "ctl/show.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define EVERY_MS 2000
/* The daemon need not be asked more often than a person can read. */
#define EVERY_LEAST_MS 100
#define EVERY_MOST_MS 86400000

/* Ctrl-C is how this ends, and nothing needs to be put right before: at once, even while the
 * daemon is being waited for. */
static void end_watch(int number)
{
    (void)number;
    /* The shell's prompt is to begin a line of its own, behind the "^C". */
    if (isatty(STDOUT_FILENO) && write(STDOUT_FILENO, "\n", 1) < 0)
        _exit(API_EXIT_UNREACHABLE);
    _exit(API_EXIT_DONE);
}

static void end_on_signals(void)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    struct sigaction action = {.sa_handler = end_watch};

    for (size_t i = 0; i < array_length(numbers); i++)
        sigaction(numbers[i], &action, NULL);
}

static int read_interval(const struct invocation *invocation, int64_t *every_ms,
                         struct error *error)
{
    const char *told = invocation_option(invocation, "every");

    *every_ms = EVERY_MS;
    if (told && (!duration_parse(told, every_ms) || *every_ms < EVERY_LEAST_MS ||
                 *every_ms > EVERY_MOST_MS))
        return error_set(error, ERROR_INVALID,
                         "--every is to be a duration from 100ms to 24h, as 2s, not \"%.40s\"",
                         told);
    if (invocation_flag(invocation, "json"))
        return error_set(error, ERROR_INVALID,
                         "watch is for people; `causewayctl --json status` gives one document");
    return 0;
}

static size_t count_lines(const char *text)
{
    size_t lines = 0;

    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

/* Cuts the text to what the terminal can hold above the cursor: what has scrolled away can't be
 * renewed. */
static void fit_height(const struct screen *screen, struct buffer *text)
{
    size_t room = screen->height > 1 ? screen->height - 1 : 1;
    size_t lines = 0;

    for (size_t i = 0; i < text->length; i++) {
        lines += text->data[i] == '\n';
        if (lines == room) {
            text->length = i + 1;
            text->data[i + 1] = '\0';
            return;
        }
    }
}

/* One look, set in the place of the one before, which had *lines lines. */
static int put_frame(struct screen *screen, struct buffer *frame, size_t *lines,
                     struct error *error)
{
    struct buffer before = screen->text;

    if (screen->terminal) {
        fit_height(screen, frame);
        if (*lines > 0)
            buffer_printf(&before, "\033[%zuA", *lines); /* Cursor Up */
        buffer_append_text(&before, "\033[J");           /* Erase in Display, to its end */
        /* What is too long is cut, not wrapped (DECAWM): lines are counted to get back up. */
        buffer_append_text(&before, "\033[?7l");
    } else if (*lines > 0) {
        buffer_append_byte(&before, '\n');
    }
    buffer_append(&before, frame->data, frame->length);
    if (screen->terminal)
        buffer_append_text(&before, "\033[?7h");
    *lines = count_lines(buffer_text(frame));
    screen->text = before;
    return screen_flush(screen, error);
}

enum api_exit watch(const struct invocation *invocation)
{
    const char *about = invocation_argument(invocation, 0);
    struct screen *screen = invocation->screen;
    int64_t every_ms;
    size_t lines = 0;
    struct error error;

    if (read_interval(invocation, &every_ms, &error) < 0)
        return command_fail(invocation, &error);
    end_on_signals();
    for (bool first = true;; first = false) {
        cleanup(answer_free)
        struct answer answer;

        online_ask_status(invocation, about, &answer);
        if (answer.code != API_EXIT_DONE && first)
            return online_fail(invocation, &answer);
        screen_measure(screen);
        if (answer.code == API_EXIT_DONE)
            show_status(screen, answer.document);
        else
            screen_paragraph(screen, TONE_BAD, 0, 0, answer.error.sentence);
        cleanup(buffer_free)
        struct buffer frame = screen->text;

        screen->text = BUFFER(frame.maximum);
        if (put_frame(screen, &frame, &lines, &error) < 0)
            return command_fail(invocation, &error);
        poll(NULL, 0, (int)every_ms);
    }
}
