#define SD_JOURNAL_SUPPRESS_LOCATION 1 /* the MESSAGE_ID says more than file and line */
#include "base/log.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/log_limit.h"
#include "base/text.h"
#include "base/time.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

static const struct {
    const char *name;
    const char *id;
    enum log_level level;
} kinds[] = {
#define MESSAGE(name_, id_, level_, summary, catalog) \
    [name_] = {.name = #name_, .id = (id_), .level = (level_)},
#include "base/messages.def"
#undef MESSAGE
};

enum sink { SINK_PLAIN, SINK_TERMINAL, SINK_JSON, SINK_JOURNAL };

/* Standard error is the process's own, and so is where it leads. */
static struct {
    enum sink sink;
    enum log_level level;
} target = {SINK_PLAIN, LOG_LEVEL_INFO};

enum {
    FIELDS_MAX = 16,
    ENTRY_BYTES = 8192,
    LINE_BYTES = 4 * ENTRY_BYTES, /* where each byte must be escaped, "\\x0a" */
};

struct field {
    const char *name;       /* in the journal and in JSON */
    const char *short_name; /* in a plain line */
    const char *value;
};

const char *log_message_id(enum message_kind kind)
{
    return kinds[kind].id;
}

const char *log_message_name(enum message_kind kind)
{
    return kinds[kind].name;
}

/* JOURNAL_STREAM holds device and inode of the stream that systemd connected standard error to
 * (systemd.exec(5)); where they are not ours, somebody has redirected it. */
static bool is_journal_stream(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device;
    unsigned long long inode;
    struct stat status;

    if (!stream || sscanf(stream, "%llu:%llu", &device, &inode) != 2 ||
        fstat(STDERR_FILENO, &status) != 0)
        return false;
    return status.st_dev == device && status.st_ino == inode;
}

void log_open(enum log_format format, enum log_level level)
{
    target.level = level;
    if (format == LOG_FORMAT_JSON)
        target.sink = SINK_JSON;
    else if (format == LOG_FORMAT_AUTO && is_journal_stream())
        target.sink = SINK_JOURNAL;
    else
        target.sink = isatty(STDERR_FILENO) ? SINK_TERMINAL : SINK_PLAIN;
}

void log_set_level(enum log_level level)
{
    target.level = level;
}

enum log_level log_get_level(void)
{
    return target.level;
}

static const char *const level_names[] = {
    [LOG_LEVEL_ERROR] = "error", [LOG_LEVEL_WARNING] = "warning", [LOG_LEVEL_NOTICE] = "notice",
    [LOG_LEVEL_INFO] = "info",   [LOG_LEVEL_DEBUG] = "debug",
};

const char *log_level_name(enum log_level level)
{
    return level_names[level];
}

bool log_level_from_name(const char *name, enum log_level *level)
{
    for (size_t i = LOG_LEVEL_ERROR; i < array_length(level_names); i++) {
        if (text_equal(level_names[i], name)) {
            *level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

static size_t list_fields(const struct log_fields *fields, struct field list[FIELDS_MAX])
{
    if (!fields)
        return 0;
    const struct error *error = fields->error;
    const struct field all[] = {
        {"CAUSEWAY_DEPLOYMENT", "deployment", fields->deployment},
        {"CAUSEWAY_ENDPOINT", "endpoint", fields->endpoint},
        {"CAUSEWAY_STATE", "state", fields->state},
        {"CAUSEWAY_EVENT", "event", fields->event},
        {"CAUSEWAY_MESSAGE", "message", fields->message},
        {"CAUSEWAY_RESOURCE", "resource", fields->resource},
        {"AWS_SERVICE", "service", fields->service},
        {"AWS_OPERATION", "operation", fields->operation},
        {"ERROR_CLASS", "error", error && error->class ? error_class_name(error->class) : NULL},
        {"AWS_ERROR_CODE", "code", error && error->code[0] ? error->code : NULL},
        {"AWS_REQUEST_ID", "request", error && error->request_id[0] ? error->request_id : NULL},
    };

    _Static_assert(array_length(all) <= FIELDS_MAX, "every field has a place");
    size_t count = 0;

    for (size_t i = 0; i < array_length(all); i++)
        if (all[i].value)
            list[count++] = all[i];
    return count;
}

/* In one write(2) where the other side takes it, so that lines of several programs do not mix. */
static void write_line(const char *line, size_t length)
{
    while (length) {
        ssize_t written = write(STDERR_FILENO, line, length);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return; /* there is nowhere left to say that nothing can be said */
        line += written;
        length -= (size_t)written;
    }
}

static void send_as_json(enum log_level level, const char *id, const char *sentence,
                         const struct field *fields, size_t count)
{
    cleanup(json_free)
    cJSON *entry = cJSON_CreateObject();
    char time[TIME_TEXT_SIZE];

    json_add_text(entry, "TIMESTAMP", time_format(clock_wall_ms(), time));
    json_add_integer(entry, "PRIORITY", level);
    json_add_text(entry, "MESSAGE", sentence);
    json_add_text(entry, "MESSAGE_ID", id);
    for (size_t i = 0; i < count; i++)
        json_add_text(entry, fields[i].name, fields[i].value);
    cleanup(free_pointer)
    char *json = json_print(entry);
    cleanup(free_pointer)
    char *line = text_printf("%s\n", json);

    write_line(line, strlen(line));
}

/* Control characters would let text from outside pretend to be a line of ours, or command the
 * terminal; so would those beyond ASCII (U+0080 to U+009F), and bytes that are no UTF-8 might. */
static void append_harmless(struct buffer *line, const char *text)
{
    bool is_utf8 = text_is_utf8(text, strlen(text));

    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        bool is_control = *c < 0x20 || *c == 0x7f || (*c == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f);

        if (is_control || (*c >= 0x80 && !is_utf8))
            buffer_printf(line, "\\x%02x", *c);
        else
            buffer_append_byte(line, (char)*c);
        if (is_control && *c == 0xc2)
            buffer_printf(line, "\\x%02x", *++c);
    }
}

/* A value is quoted where it could be taken for more than one. */
static void append_value(struct buffer *line, const char *value)
{
    if (*value && !strpbrk(value, " \"\\[]=")) {
        append_harmless(line, value);
        return;
    }
    cleanup(buffer_free)
    struct buffer quoted = BUFFER(2 * strlen(value) + 2);

    buffer_append_byte(&quoted, '"');
    for (; *value; value++) {
        if (*value == '"' || *value == '\\')
            buffer_append_byte(&quoted, '\\');
        buffer_append_byte(&quoted, *value);
    }
    buffer_append_byte(&quoted, '"');
    append_harmless(line, buffer_text(&quoted));
}

static const char *level_prefix(enum log_level level)
{
    switch (level) {
    case LOG_LEVEL_ERROR:
        return "error: ";
    case LOG_LEVEL_WARNING:
        return "warning: ";
    case LOG_LEVEL_DEBUG:
        return "debug: ";
    case LOG_LEVEL_NOTICE:
    case LOG_LEVEL_INFO:
    default:
        return "";
    }
}

static void send_as_line(enum log_level level, const char *sentence, const struct field *fields,
                         size_t count)
{
    cleanup(buffer_free)
    struct buffer line = BUFFER(LINE_BYTES);

    if (target.sink == SINK_TERMINAL)
        buffer_append_text(&line, level_prefix(level));
    else
        buffer_printf(&line, "<%d>", (int)level);
    append_harmless(&line, sentence);
    for (size_t i = 0; i < count; i++) {
        buffer_printf(&line, "%s%s=", i ? " " : " [", fields[i].short_name);
        append_value(&line, fields[i].value);
    }
    if (count)
        buffer_append_text(&line, "]");
    bool was_cut = line.overflowed;

    line.maximum = LINE_BYTES + 8;
    buffer_append_text(&line, was_cut ? " ...\n" : "\n");
    write_line(buffer_text(&line), line.length);
}

/* journald takes bytes as they are: a line end in a value cannot begin another field. */
static void send_to_journal(enum log_level level, const char *id, const char *sentence,
                            const struct field *fields, size_t count)
{
    struct iovec vectors[FIELDS_MAX + 3];
    char *texts[FIELDS_MAX + 3];
    size_t used = 0;

    texts[used++] = text_printf("MESSAGE=%s", sentence);
    texts[used++] = text_printf("PRIORITY=%d", (int)level);
    if (id)
        texts[used++] = text_printf("MESSAGE_ID=%s", id);
    for (size_t i = 0; i < count; i++)
        texts[used++] = text_printf("%s=%s", fields[i].name, fields[i].value);
    for (size_t i = 0; i < used; i++)
        vectors[i] = (struct iovec){.iov_base = texts[i], .iov_len = strlen(texts[i])};
    int sent = sd_journal_sendv(vectors, (int)used);

    for (size_t i = 0; i < used; i++)
        free(texts[i]);
    if (sent < 0) /* standard error leads to journald as well, by another way */
        send_as_line(level, sentence, fields, count);
}

static void send(enum log_level level, const char *id, const char *sentence,
                 const struct log_fields *fields)
{
    struct field list[FIELDS_MAX];
    size_t count = list_fields(fields, list);

    switch (target.sink) {
    case SINK_JOURNAL:
        send_to_journal(level, id, sentence, list, count);
        break;
    case SINK_JSON:
        send_as_json(level, id, sentence, list, count);
        break;
    case SINK_PLAIN:
        send_as_line(level, sentence, list, count);
        break;
    case SINK_TERMINAL:
        /* A person reads the sentence, which names what it is about. */
        send_as_line(level, sentence, list, level == LOG_LEVEL_DEBUG ? count : 0);
        break;
    }
}

static struct log_limit limits[MESSAGE_KINDS];

static void tell_dropped(enum message_kind kind, uint64_t count)
{
    char sentence[256];

    if (count == 0 || kinds[MESSAGE_DROPPED].level > target.level)
        return;
    snprintf(sentence, sizeof(sentence),
             "%" PRIu64 " more entries of the kind %s were left out: more than %u came in %d s",
             count, kinds[kind].name, LIMIT_LOG_ENTRIES, LIMIT_LOG_WINDOW_MS / 1000);
    send(kinds[MESSAGE_DROPPED].level, kinds[MESSAGE_DROPPED].id, sentence, NULL);
}

void log_tell_dropped(void)
{
    int64_t now_ms = clock_monotonic_ms();

    for (int i = 0; i < MESSAGE_KINDS; i++)
        tell_dropped((enum message_kind)i, log_limit_close(&limits[i], now_ms));
}

static bool may_pass(enum message_kind kind)
{
    if (target.level >= LOG_LEVEL_DEBUG)
        return true;
    struct log_verdict verdict = log_limit_ask(&limits[kind], clock_monotonic_ms());

    tell_dropped(kind, verdict.dropped);
    return verdict.pass;
}

bool log_tells(enum message_kind kind)
{
    return kinds[kind].level <= target.level;
}

void log_message(enum message_kind kind, const struct log_fields *fields, const char *format, ...)
{
    char sentence[ENTRY_BYTES];
    va_list arguments;

    if (!log_tells(kind) || !may_pass(kind))
        return;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof(sentence), format, arguments);
    va_end(arguments);
    send(kinds[kind].level, kinds[kind].id, sentence, fields);
}

void log_debug(const struct log_fields *fields, const char *format, ...)
{
    char sentence[ENTRY_BYTES];
    va_list arguments;

    if (target.level < LOG_LEVEL_DEBUG)
        return;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof(sentence), format, arguments);
    va_end(arguments);
    send(LOG_LEVEL_DEBUG, NULL, sentence, fields);
}
