#include "base/limits.h"
#include "base/memory.h"
#include "base/text.h"
#include "net/http_internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* Room for an answer with keys: what grows leaves a copy where it was. */
    FIRST_BODY_CAPACITY = 4096,
    KEPT_BODY_CAPACITY = 65536, /* what a pooled call keeps of its memory for the next one */
};

void http_answer_reset(struct http_answer *answer, size_t body_maximum)
{
    if (answer->body.capacity > KEPT_BODY_CAPACITY)
        buffer_free(&answer->body);
    buffer_clear(&answer->body);
    answer->body.maximum = body_maximum;
    answer->body.overflowed = false;
    buffer_clear(&answer->text);
    /* Colons and line ends make room for the NULs, so the text is never longer than the lines. */
    answer->text.maximum = LIMIT_HEADER_BYTES;
    answer->count = 0;
    answer->header_bytes = 0;
    answer->too_many_headers = false;
    answer->head_is_over = false;
}

void http_answer_wipe(struct http_answer *answer)
{
    if (answer->body.length > 0)
        memory_wipe(answer->body.data, answer->body.length);
}

void http_answer_free(struct http_answer *answer)
{
    http_answer_wipe(answer);
    buffer_free(&answer->body);
    buffer_free(&answer->text);
    free(answer->headers);
    answer->headers = NULL;
    answer->capacity = 0;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void trim(const char **text, size_t *length)
{
    while (*length && is_space(**text)) {
        (*text)++;
        (*length)--;
    }
    while (*length && is_space((*text)[*length - 1]))
        (*length)--;
}

static void add_header(struct http_answer *answer, const char *line, size_t length)
{
    const char *colon = memchr(line, ':', length);

    /* A NUL would cut the value short for us and not for others. */
    if (!colon || memchr(line, '\0', length))
        return;
    size_t name_length = (size_t)(colon - line);
    const char *value = colon + 1;
    size_t value_length = length - name_length - 1;

    trim(&value, &value_length);
    for (size_t i = 0; i < name_length; i++)
        buffer_append_byte(&answer->text, (char)tolower((unsigned char)line[i]));
    buffer_append_byte(&answer->text, '\0');
    buffer_append(&answer->text, value, value_length);
    buffer_append_byte(&answer->text, '\0');
    answer->count++;
}

/* A line that begins with white space goes on with the one before (RFC 9112, 5.2). */
static void continue_header(struct http_answer *answer, const char *line, size_t length)
{
    if (answer->count == 0 || memchr(line, '\0', length))
        return;
    trim(&line, &length);
    answer->text.data[answer->text.length - 1] = ' ';
    buffer_append(&answer->text, line, length);
    buffer_append_byte(&answer->text, '\0');
}

size_t http_answer_header(char *line, size_t size, size_t count, void *context)
{
    struct http_answer *answer = context;
    size_t length = size * count;

    answer->header_bytes += length;
    if (answer->header_bytes > LIMIT_HEADER_BYTES) {
        answer->too_many_headers = true;
        return 0;
    }
    if (length >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        /* The one before was an interim answer (100 to 199). */
        buffer_clear(&answer->text);
        answer->count = 0;
        answer->head_is_over = false;
    } else if (line[0] == '\r' || line[0] == '\n') {
        answer->head_is_over = true; /* what follows now are trailers, which nobody asked for */
    } else if (answer->head_is_over) {
        ;
    } else if (is_space(line[0])) {
        continue_header(answer, line, length);
    } else {
        add_header(answer, line, length);
    }
    return length;
}

size_t http_answer_body(char *data, size_t size, size_t count, void *context)
{
    struct http_answer *answer = context;
    size_t length = size * count;

    if (answer->body.capacity == 0)
        buffer_reserve(&answer->body, FIRST_BODY_CAPACITY);
    return buffer_append(&answer->body, data, length) ? length : 0;
}

void http_answer_finish(struct http_answer *answer)
{
    const char *at = answer->text.data;

    if (answer->count > answer->capacity) {
        answer->capacity = answer->count + 8;
        answer->headers =
            memory_resize_array(answer->headers, answer->capacity, sizeof(*answer->headers));
    }
    for (size_t i = 0; i < answer->count; i++) {
        answer->headers[i].name = at;
        at += strlen(at) + 1;
        answer->headers[i].value = at;
        at += strlen(at) + 1;
    }
}

const char *http_response_header(const struct http_response *response, const char *name)
{
    for (size_t i = 0; i < response->header_count; i++)
        if (text_equal(response->headers[i].name, name))
            return response->headers[i].value;
    return NULL;
}
