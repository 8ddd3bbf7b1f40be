#include "base/buffer.h"

#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 256 };

static void grow(struct buffer *buffer, size_t needed)
{
    size_t capacity = buffer->capacity ? buffer->capacity : FIRST_CAPACITY;

    while (capacity < needed)
        capacity *= 2;
    buffer->data = memory_resize_array(buffer->data, capacity, 1);
    buffer->capacity = capacity;
}

static bool make_room(struct buffer *buffer, size_t length)
{
    if (length > buffer->maximum || buffer->length > buffer->maximum - length) {
        buffer->overflowed = true;
        return false;
    }
    if (buffer->length + length + 1 > buffer->capacity)
        grow(buffer, buffer->length + length + 1);
    return true;
}

char *buffer_extend(struct buffer *buffer, size_t length)
{
    if (!make_room(buffer, length))
        return NULL;
    char *bytes = buffer->data + buffer->length;

    buffer->length += length;
    bytes[length] = '\0';
    return bytes;
}

void buffer_reserve(struct buffer *buffer, size_t length)
{
    if (length > buffer->maximum - buffer->length)
        length = buffer->maximum - buffer->length;
    if (buffer->length + length >= buffer->capacity)
        grow(buffer, buffer->length + length + 1);
    buffer->data[buffer->length] = '\0';
}

bool buffer_append(struct buffer *buffer, const void *data, size_t length)
{
    char *bytes = buffer_extend(buffer, length);

    if (!bytes)
        return false;
    if (length)
        memcpy(bytes, data, length);
    return true;
}

bool buffer_append_text(struct buffer *buffer, const char *text)
{
    return buffer_append(buffer, text, strlen(text));
}

bool buffer_append_byte(struct buffer *buffer, char byte)
{
    return buffer_append(buffer, &byte, 1);
}

bool buffer_printf(struct buffer *buffer, const char *format, ...)
{
    size_t room = buffer->capacity - buffer->length;
    va_list arguments;

    /* Where it fits it is written at once; else it is known how much it is. */
    va_start(arguments, format);
    /* The analyzer loses sight of va_start() where a branch came before it. */
    // NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized)
    int length = vsnprintf(room ? buffer->data + buffer->length : NULL, room, format, arguments);
    va_end(arguments);
    if (length < 0 || !make_room(buffer, (size_t)length)) {
        if (room)
            buffer->data[buffer->length] = '\0';
        buffer->overflowed = true;
        return false;
    }
    if ((size_t)length >= room) {
        va_start(arguments, format);
        vsnprintf(buffer->data + buffer->length, (size_t)length + 1, format, arguments);
        va_end(arguments);
    }
    buffer->length += (size_t)length;
    return true;
}

const char *buffer_text(const struct buffer *buffer)
{
    return buffer->data ? buffer->data : "";
}

char *buffer_take(struct buffer *buffer)
{
    char *data = buffer->data ? buffer->data : memory_allocate(1);

    *buffer = BUFFER(buffer->maximum);
    return data;
}

void buffer_clear(struct buffer *buffer)
{
    buffer->length = 0;
    buffer->overflowed = false;
    if (buffer->data)
        buffer->data[0] = '\0';
}

void buffer_free(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = BUFFER(buffer->maximum);
}
