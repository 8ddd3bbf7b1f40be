#include "deploy/zip.h"

#include "base/limits.h"
#include "base/map.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <zip.h>

bool zip_looks_like_one(const char *bytes, size_t length)
{
    return length >= 4 && memcmp(bytes, "PK\3\4", 4) == 0;
}

static void close_archive(zip_t **archive)
{
    if (*archive)
        zip_discard(*archive);
}

static void close_member(zip_file_t **member)
{
    if (*member)
        zip_fclose(*member);
}

static zip_t *open_archive(const char *bytes, size_t length, struct error *error)
{
    zip_error_t why;

    zip_error_init(&why);
    zip_source_t *source = zip_source_buffer_create(bytes, length, 0, &why);
    zip_t *archive = source ? zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &why) : NULL;

    if (!archive) {
        if (source)
            zip_source_free(source);
        error_set(error, ERROR_INVALID, "it is not a sound zip: %s", zip_error_strerror(&why));
    }
    zip_error_fini(&why);
    return archive;
}

/* A name that stays below the place where it would be unpacked. */
static bool name_is_safe(const char *name)
{
    if (name[0] == '/' || strchr(name, '\\') || !text_is_utf8(name, strlen(name)))
        return false;
    for (const char *part = name; part; part = strchr(part, '/')) {
        part += *part == '/';
        size_t length = strcspn(part, "/");

        if (length == 2 && memcmp(part, "..", 2) == 0)
            return false;
    }
    return true;
}

/* The upper half of a Unix archive's attributes is the file's mode (APPNOTE.TXT, 4.4.15). */
static bool is_link(zip_t *archive, zip_uint64_t index)
{
    zip_uint8_t system;
    zip_uint32_t attributes;

    if (zip_file_get_external_attributes(archive, index, 0, &system, &attributes) != 0)
        return true;
    return system == ZIP_OPSYS_UNIX && (attributes >> 16 & 0170000) == 0120000;
}

static int check_entry(zip_t *archive, zip_uint64_t index, struct map *names, struct error *error)
{
    zip_stat_t entry;
    const zip_uint64_t wanted =
        ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_ENCRYPTION_METHOD;

    if (zip_stat_index(archive, index, 0, &entry) != 0 || (entry.valid & wanted) != wanted)
        return error_set(error, ERROR_INVALID, "its entry %llu cannot be read",
                         (unsigned long long)index);
    if (!name_is_safe(entry.name))
        return error_set(error, ERROR_INVALID, "its entry \"%.80s\" leads out of the archive",
                         entry.name);
    if (map_put(names, entry.name, archive))
        return error_set(error, ERROR_INVALID, "its entry \"%.80s\" is there twice", entry.name);
    if (is_link(archive, index))
        return error_set(error, ERROR_INVALID, "its entry \"%.80s\" is a link", entry.name);
    if (entry.encryption_method != ZIP_EM_NONE)
        return error_set(error, ERROR_INVALID, "its entry \"%.80s\" is encrypted", entry.name);
    if (entry.size > LIMIT_ARTIFACT_ENTRY_BYTES ||
        (entry.size + LIMIT_ARTIFACT_RATIO - 1) / LIMIT_ARTIFACT_RATIO > entry.comp_size)
        return error_set(error, ERROR_LIMIT,
                         "its entry \"%.80s\" would unpack to %llu bytes from %llu", entry.name,
                         (unsigned long long)entry.size, (unsigned long long)entry.comp_size);
    return 0;
}

static int check_directory(zip_t *archive, struct error *error)
{
    zip_int64_t count = zip_get_num_entries(archive, 0);
    struct map names = {0};
    int result = 0;

    if (count < 0 || (size_t)count > LIMIT_ARTIFACT_ENTRIES)
        return error_set(error, ERROR_LIMIT, "it has %lld entries, at most %zu are read",
                         (long long)count, LIMIT_ARTIFACT_ENTRIES);
    for (zip_uint64_t i = 0; result == 0 && i < (zip_uint64_t)count; i++)
        result = check_entry(archive, i, &names, error);
    map_free(&names);
    return result;
}

char *zip_read_member(const char *bytes, size_t length, const char *name, size_t maximum,
                      size_t *member_length, struct error *error)
{
    cleanup(close_archive)
    zip_t *archive = open_archive(bytes, length, error);

    if (!archive || check_directory(archive, error) < 0)
        return NULL;
    zip_stat_t entry;

    if (zip_stat(archive, name, ZIP_FL_ENC_GUESS, &entry) != 0) {
        error_set(error, ERROR_INVALID, "it has no \"%s\"", name);
        return NULL;
    }
    if (entry.size > maximum) {
        error_set(error, ERROR_LIMIT, "its \"%s\" has %llu bytes, at most %zu are read", name,
                  (unsigned long long)entry.size, maximum);
        return NULL;
    }
    cleanup(close_member)
    zip_file_t *member = zip_fopen_index(archive, entry.index, 0);
    cleanup(free_pointer)
    char *data = memory_allocate((size_t)entry.size + 1);

    zip_int64_t got = member ? zip_fread(member, data, entry.size) : -1;
    char beyond;

    /* libzip checks the CRC where it meets the end, and tells with the read after the last byte. */
    if (got < 0 || (zip_uint64_t)got != entry.size || zip_fread(member, &beyond, 1) != 0) {
        error_set(error, ERROR_INVALID, "its \"%s\" is damaged", name);
        return NULL;
    }
    data[entry.size] = '\0';
    *member_length = (size_t)entry.size;
    return steal_pointer(data);
}
