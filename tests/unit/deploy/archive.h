/* Zips, byte by byte as a test wants them (APPNOTE.TXT 4.3), also such as no honest program makes.
 */
#ifndef CAUSEWAY_TESTS_DEPLOY_ARCHIVE_H
#define CAUSEWAY_TESTS_DEPLOY_ARCHIVE_H

#include "base/buffer.h"

#include <stdint.h>
#include <string.h>

struct archive_entry {
    const char *name;
    const char *data;      /* as it stands in the archive */
    size_t length;         /* of data; 0 for all of its text */
    bool deflated;         /* the data is a deflate stream */
    const char *content;   /* what it unpacks to, for its CRC; NULL where it is stored */
    uint32_t claimed_size; /* unpacked, instead of the true one; 0 for that */
    uint16_t flags;        /* 1: encrypted */
    uint32_t attributes;   /* Unix: the file's mode, shifted by 16 */
};

static inline uint32_t archive_crc(const char *data, size_t length)
{
    uint32_t crc = ~0u;

    for (size_t i = 0; i < length; i++) {
        crc ^= (unsigned char)data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

static inline void archive_number(struct buffer *zip, uint32_t number, int bytes)
{
    for (int i = 0; i < bytes; i++)
        buffer_append_byte(zip, (char)(number >> 8 * i & 0xff));
}

/* The fields that a local and a central header have in common. */
static inline void archive_header(struct buffer *zip, const struct archive_entry *entry)
{
    size_t length = entry->length ? entry->length : strlen(entry->data);
    const char *content = entry->content ? entry->content : entry->data;
    size_t size = entry->content ? strlen(entry->content) : length;

    archive_number(zip, 20, 2); /* version needed */
    archive_number(zip, entry->flags, 2);
    archive_number(zip, entry->deflated ? 8 : 0, 2);
    archive_number(zip, 0x21, 4); /* 1980-01-01, in the upper half by the dates of MS-DOS */
    archive_number(zip, archive_crc(content, size), 4);
    archive_number(zip, (uint32_t)length, 4);
    archive_number(zip, entry->claimed_size ? entry->claimed_size : (uint32_t)size, 4);
    archive_number(zip, (uint32_t)strlen(entry->name), 2);
    archive_number(zip, 0, 2); /* extra field */
}

/* The archive's bytes, in a buffer that the caller frees. */
static inline struct buffer archive_of(const struct archive_entry *entries, size_t count)
{
    struct buffer zip = BUFFER((size_t)16 << 20);
    struct buffer directory = BUFFER((size_t)16 << 20);

    for (size_t i = 0; i < count; i++) {
        const struct archive_entry *entry = &entries[i];
        size_t offset = zip.length;

        buffer_append(&zip, "PK\3\4", 4);
        archive_header(&zip, entry);
        buffer_append_text(&zip, entry->name);
        buffer_append(&zip, entry->data, entry->length ? entry->length : strlen(entry->data));
        buffer_append(&directory, "PK\1\2", 4);
        archive_number(&directory, 3 << 8 | 20, 2); /* made by Unix */
        archive_header(&directory, entry);
        archive_number(&directory, 0, 2); /* comment */
        archive_number(&directory, 0, 2); /* disk */
        archive_number(&directory, 0, 2); /* internal attributes */
        archive_number(&directory, entry->attributes, 4);
        archive_number(&directory, (uint32_t)offset, 4);
        buffer_append_text(&directory, entry->name);
    }
    size_t start = zip.length;

    buffer_append(&zip, buffer_text(&directory), directory.length);
    buffer_append(&zip, "PK\5\6", 4);
    archive_number(&zip, 0, 4); /* disks */
    archive_number(&zip, (uint32_t)count, 2);
    archive_number(&zip, (uint32_t)count, 2);
    archive_number(&zip, (uint32_t)directory.length, 4);
    archive_number(&zip, (uint32_t)start, 4);
    archive_number(&zip, 0, 2); /* comment */
    buffer_free(&directory);
    return zip;
}

#endif
