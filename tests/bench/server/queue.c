/* SQS: one queue, whatever its name. Messages are rendered once, when they are put in, so that
 * handing them out is a copy. */
#include "server.h"

#include "base/hash.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { BATCH = 10, ANSWER_MAXIMUM = 64 * 1048576, SAMPLES = 100000 };

struct stored {
    char *text; /* the JSON object that ReceiveMessage answers with */
    size_t length;
    int64_t sent_us;
    bool deleted;
};

static struct stored *messages;
static size_t count;
static size_t next;
static size_t again; /* where to look for what was handed out in vain */
static int64_t visibility_us;
static int64_t apart_us;
static size_t deleted;
static size_t doubled; /* deleted before */
static struct list pollers = {&pollers, &pollers};
static size_t polls_open;
static int64_t no_poll_since_us;
static int64_t without_poll_us;
static int64_t first_poll_us;
static int64_t first_sent_us;
static int64_t last_deleted_us;
static int64_t written_us; /* the last message, while nothing came of it */
static int64_t samples[SAMPLES];
static size_t sample_count;

static void append_escaped(struct buffer *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '"' || text[i] == '\\')
            buffer_append_byte(out, '\\');
        buffer_append_byte(out, text[i]);
    }
}

static void put(const char *body, size_t length)
{
    struct buffer out = BUFFER(ANSWER_MAXIMUM);
    char md5[MD5_HEX_SIZE];

    if (count % 1024 == 0)
        messages = memory_resize_array(messages, count + 1024, sizeof(*messages));
    buffer_printf(&out,
                  "{\"MessageId\":\"5fea7756-0ea4-451a-a703-%012zx\",\"ReceiptHandle\":"
                  "\"AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a%0160zu\",\"MD5OfBody\":\"%s\",\"Body\":\"",
                  count, count, hash_md5_hex(body, length, md5));
    append_escaped(&out, body, length);
    buffer_append_text(&out, "\"}");
    messages[count++] = (struct stored){.text = out.data, .length = out.length};
}

static void note_poll(int change)
{
    int64_t now = now_us();

    if (!first_poll_us && change > 0)
        first_poll_us = now;
    if (polls_open == 0 && no_poll_since_us && now > no_poll_since_us)
        without_poll_us += now - no_poll_since_us;
    polls_open += (size_t)change;
    no_poll_since_us = now;
}

static void on_poll_answered(void)
{
    note_poll(-1);
}

void queue_hand_out_again(int64_t after_us)
{
    visibility_us = after_us;
}

void queue_hand_out_apart(int64_t pause_us)
{
    apart_us = pause_us;
}

/* When the next new one may go out: 0 for at once, INT64_MAX while one before it is not deleted. */
static int64_t next_due_us(void)
{
    if (!apart_us || next == 0 || next == count)
        return 0;
    return deleted < next ? INT64_MAX : last_deleted_us + apart_us;
}

/* One that may be handed out now, or NULL; of those that nobody has had yet, the first. */
static struct stored *look_for_one(int64_t now)
{
    if (next_due_us() > now)
        return NULL;
    if (next < count)
        return &messages[next];
    for (size_t i = 0; visibility_us && deleted < count && i < count; i++) {
        struct stored *message = &messages[again];

        if (!message->deleted && now - message->sent_us > visibility_us)
            return message;
        again = (again + 1) % count;
    }
    return NULL;
}

static void hand_out(struct connection *connection, int maximum)
{
    static struct buffer out = {.maximum = ANSWER_MAXIMUM};
    int64_t now = now_us();

    buffer_clear(&out);
    struct stored *message = look_for_one(now);

    buffer_append_text(&out, message ? "{\"Messages\":[" : "{");
    for (int i = 0; i < maximum && message; i++, message = look_for_one(now)) {
        if (i)
            buffer_append_byte(&out, ',');
        message->sent_us = now;
        buffer_append(&out, message->text, message->length);
        next += message == &messages[next];
        written_us = now;
        if (!first_sent_us)
            first_sent_us = now;
    }
    buffer_append_text(&out, out.length > 1 ? "]}" : "}");
    when_sent(connection, on_poll_answered);
    answer(connection, 200, "application/x-amz-json-1.0", NULL, out.data, out.length);
}

void queue_receive(struct request *request)
{
    struct connection *connection = request->connection;
    int maximum = (int)member_number(request->body, "MaxNumberOfMessages", 1);
    int64_t wait_s = member_number(request->body, "WaitTimeSeconds", 0);

    note_poll(1);
    if (wait_s == 0 || look_for_one(now_us())) {
        hand_out(connection, maximum);
        return;
    }
    *connection_deadline(connection) = now_us() + wait_s * 1000000;
    *connection_number(connection) = maximum;
    list_append(&pollers, connection_link(connection));
    wake_at(*connection_deadline(connection));
}

void queue_look(void)
{
    struct list *link;
    int64_t now = now_us();

    while ((link = pollers.next) != &pollers) {
        struct connection *connection = connection_of(link);

        if (*connection_deadline(connection) > now && !look_for_one(now)) {
            wake_at(*connection_deadline(connection));
            wake_at(next_due_us());
            return;
        }
        list_remove(link);
        hand_out(connection, *connection_number(connection));
    }
}

void queue_fill(const char *lines, size_t length)
{
    const char *end = lines + length;

    for (const char *line = lines; line < end;) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));

        if (!stop)
            stop = end;
        if (stop > line)
            put(line, (size_t)(stop - line));
        line = stop + 1;
    }
}

static void forget(const char *receipt)
{
    static const char head[] = "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a";
    size_t number = (size_t)strtoull(receipt + sizeof(head) - 1, NULL, 10);

    if (number >= count)
        return;
    if (messages[number].deleted)
        doubled++;
    else
        deleted++;
    messages[number].deleted = true;
    last_deleted_us = now_us();
}

static const char *after_colon(const char *name)
{
    const char *colon = name ? strchr(name, ':') : NULL;

    return colon ? strchr(colon, '"') : NULL;
}

/* Entries are {"Id": ..., "ReceiptHandle": ...}, in either order. */
void queue_delete(struct request *request, bool batch)
{
    struct buffer out = BUFFER(65536);
    const char *at = request->body;

    buffer_append_text(&out, "{\"Successful\":[");
    for (int i = 0; (at = strstr(at, "\"ReceiptHandle\"")); i++) {
        const char *receipt = after_colon(at + 15);

        if (!receipt)
            break;
        forget(receipt + 1);
        at = receipt;
    }
    at = request->body;
    for (int i = 0; batch && (at = strstr(at, "\"Id\"")); i++) {
        const char *id = after_colon(at + 4);

        if (!id)
            break;
        buffer_printf(&out, "%s{\"Id\":\"%.*s\"}", i ? "," : "", (int)strcspn(id + 1, "\""),
                      id + 1);
        at = id;
    }
    buffer_append_text(&out, "],\"Failed\":[]}");
    answer_json(request->connection, batch ? buffer_text(&out) : "{}");
    buffer_free(&out);
}

void queue_change(struct request *request)
{
    queue_delete(&(struct request){.connection = request->connection, .body = ""}, true);
}

void queue_note_call(int64_t arrived_us)
{
    if (written_us && sample_count < SAMPLES)
        samples[sample_count++] = arrived_us - written_us;
    written_us = 0;
}

void queue_reset(void)
{
    for (size_t i = 0; i < count; i++)
        free(messages[i].text);
    count = next = again = deleted = doubled = sample_count = 0;
    first_poll_us = first_sent_us = last_deleted_us = written_us = without_poll_us = 0;
    no_poll_since_us = 0;
}

void queue_print(struct buffer *out)
{
    buffer_printf(
        out,
        "\"messages\":%zu,\"sent\":%zu,\"deleted\":%zu,\"doubled\":%zu,\"polls\":%zu,"
        "\"first_poll_us\":%" PRId64 ",\"first_sent_us\":%" PRId64 ",\"last_deleted_us\":%" PRId64
        ",\"without_poll_us\":%" PRId64 ",\"now_us\":%" PRId64 ",\"late_us\":%" PRId64
        ",\"delayed\":%" PRId64 ",\"latencies_us\":[",
        count, next, deleted, doubled, polls_open, first_poll_us, first_sent_us, last_deleted_us,
        without_poll_us, now_us(), get_lateness().late_us, get_lateness().answers);
    for (size_t i = 0; i < sample_count; i++)
        buffer_printf(out, "%s%" PRId64, i ? "," : "", samples[i]);
    buffer_append_byte(out, ']');
}
