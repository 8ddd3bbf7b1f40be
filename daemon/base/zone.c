#include "base/zone.h"

#include "base/memory.h"
#include "base/text.h"
#include "base/zone_rule.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    HEADER_BYTES = 44,
    FILE_BYTES = 65536, /* the largest of the system's has 4 KiB */
    NAME_BYTES = 64,
    TYPE_BYTES = 6, /* of a local time's type: offset, whether it is summer time, name */
};

struct change {
    int64_t at;
    int64_t offset;
};

struct zone {
    int64_t first_offset; /* before all changes */
    struct change *changes;
    size_t count;
    struct zone_rule rule; /* after them, where has_rule */
    bool has_rule;
};

/* What a header says of the block behind it. */
struct block {
    const unsigned char *data;
    size_t time_bytes; /* of a moment: 4, or 8 */
    uint32_t flags;    /* two lists of flags that say nothing here */
    uint32_t leaps;
    uint32_t times;
    uint32_t types;
    uint32_t name_bytes;
};

static int64_t big_endian(const unsigned char *bytes, size_t count)
{
    uint64_t value = bytes[0] & 0x80 ? UINT64_MAX : 0; /* negative numbers in two's complement */

    for (size_t i = 0; i < count; i++)
        value = value << 8 | bytes[i];
    return (int64_t)value;
}

static uint32_t count_at(const unsigned char *header, size_t place)
{
    return (uint32_t)big_endian(header + 20 + 4 * place, 4);
}

static int damaged(struct error *error)
{
    return error_set(error, ERROR_INVALID, "the zone's file is damaged");
}

/* The block at *place, which then is behind it. */
static int read_block(const unsigned char *bytes, size_t length, size_t *place, size_t time_bytes,
                      struct block *block, struct error *error)
{
    const unsigned char *header = bytes + *place;

    if (length - *place < HEADER_BYTES || memcmp(header, "TZif", 4) != 0)
        return damaged(error);
    *block = (struct block){
        .data = header + HEADER_BYTES,
        .time_bytes = time_bytes,
        .leaps = count_at(header, 2),
        .times = count_at(header, 3),
        .types = count_at(header, 4),
        .name_bytes = count_at(header, 5),
    };
    uint64_t size = (uint64_t)count_at(header, 0) + count_at(header, 1) +
                    (uint64_t)block->leaps * (time_bytes + 4) +
                    (uint64_t)block->times * (time_bytes + 1) +
                    (uint64_t)block->types * TYPE_BYTES + block->name_bytes;

    if (block->types == 0 || size > length - *place - HEADER_BYTES)
        return damaged(error);
    *place += HEADER_BYTES + (size_t)size;
    return 0;
}

static int take_changes(struct zone *zone, const struct block *block, struct error *error)
{
    const unsigned char *kinds = block->data + (size_t)block->times * block->time_bytes;
    const unsigned char *types = kinds + block->times;

    zone->first_offset = big_endian(types, 4);
    zone->count = block->times;
    zone->changes = memory_allocate_array(zone->count + 1, sizeof(*zone->changes));
    for (size_t i = 0; i < zone->count; i++) {
        if (kinds[i] >= block->types)
            return damaged(error);
        zone->changes[i] = (struct change){
            .at = big_endian(block->data + i * block->time_bytes, block->time_bytes),
            .offset = big_endian(types + (size_t)kinds[i] * TYPE_BYTES, 4),
        };
        if (i > 0 && zone->changes[i].at <= zone->changes[i - 1].at)
            return damaged(error);
    }
    return 0;
}

/* "\nRULE\n"; an empty one says that there is none. */
static int take_rule(struct zone *zone, const unsigned char *bytes, size_t length,
                     struct error *error)
{
    const unsigned char *end = length > 1 ? memchr(bytes + 1, '\n', length - 1) : NULL;

    if (!end || bytes[0] != '\n')
        return damaged(error);
    cleanup(free_pointer)
    char *text = memory_copy_text((const char *)bytes + 1, (size_t)(end - bytes - 1));

    zone->has_rule = *text != '\0';
    return zone->has_rule ? zone_rule_read(text, &zone->rule, error) : 0;
}

static int read_file(struct zone *zone, const unsigned char *bytes, size_t length,
                     struct error *error)
{
    struct block block;
    size_t place = 0;

    if (read_block(bytes, length, &place, 4, &block, error) < 0)
        return -1;
    if (bytes[4] < '2') /* the first version ends here */
        return take_changes(zone, &block, error);
    if (read_block(bytes, length, &place, 8, &block, error) < 0 ||
        take_changes(zone, &block, error) < 0)
        return -1;
    return take_rule(zone, bytes + place, length - place, error);
}

struct zone *zone_read(const void *bytes, size_t length, struct error *error)
{
    struct zone *zone = memory_allocate(sizeof(*zone));

    if (read_file(zone, bytes, length, error) == 0)
        return zone;
    zone_free(zone);
    return NULL;
}

/* A name goes into a path: letters, digits and what zones' names have besides, and no way up. */
static bool is_name(const char *name)
{
    return *name && *name != '/' && strlen(name) <= NAME_BYTES && !strstr(name, "..") &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_+-") ==
               strlen(name);
}

struct zone *zone_load(const char *name, struct error *error)
{
    const char *folder = getenv("TZDIR");

    if (text_equal(name, "UTC"))
        return memory_allocate(sizeof(struct zone));
    if (!is_name(name)) {
        error_set(error, ERROR_INVALID, "\"%.60s\" is no name of a time zone", name);
        return NULL;
    }
    cleanup(free_pointer)
    char *path = text_printf("%s/%s", folder ? folder : "/usr/share/zoneinfo", name);
    FILE *file = fopen(path, "re");

    if (!file) {
        error_set(error, ERROR_NOT_FOUND, "the time zone %s cannot be read: %s: %s", name, path,
                  strerror(errno));
        return NULL;
    }
    cleanup(free_pointer)
    void *bytes = memory_allocate(FILE_BYTES);
    size_t length = fread(bytes, 1, FILE_BYTES, file);

    fclose(file);
    struct zone *zone = zone_read(bytes, length, error);

    if (!zone)
        error_prefix(error, "time zone %s: ", name);
    return zone;
}

void zone_free(struct zone *zone)
{
    if (!zone)
        return;
    free(zone->changes);
    free(zone);
}

void zone_free_pointer(struct zone **zone)
{
    zone_free(*zone);
}

int64_t zone_offset(const struct zone *zone, int64_t seconds)
{
    size_t low = 0;
    size_t high = zone->count; /* of the changes, those before low have come */

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (zone->changes[middle].at <= seconds)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == zone->count && zone->has_rule)
        return zone_rule_offset(&zone->rule, seconds);
    return low ? zone->changes[low - 1].offset : zone->first_offset;
}

struct tm zone_local(const struct zone *zone, int64_t seconds)
{
    time_t there = (time_t)(seconds + zone_offset(zone, seconds));
    struct tm local = {0};

    gmtime_r(&there, &local);
    return local;
}
