#include "config/config.h"
#include "config/schema_internal.h"

#include "base/text.h"

#include <string.h>

/* Whether a member of one of the types that RESTART rows have is the same in both. */
static bool is_same(const struct schema_key *key, const char *running, const char *wanted)
{
    const char *left = running + key->offset;
    const char *right = wanted + key->offset;

    if (key->type.kind == VALUE_TEXT)
        return text_equal(*(const char *const *)left, *(const char *const *)right);
    if (key->type.kind == VALUE_INTEGER || key->type.kind == VALUE_DURATION)
        return *(const int64_t *)left == *(const int64_t *)right;
    return memcmp(left, right, sizeof(unsigned)) == 0; /* an enum */
}

/* The first key of the section that is not the same and would have to be; NULL where none is. */
static const struct schema_key *find_change(enum section_id section, const char *running,
                                            const char *wanted);

/* A part that may be absent: it comes and goes as its keys change. */
static const struct schema_key *find_optional(const struct schema_key *part, const char *running,
                                              const char *wanted)
{
    const char *before = *(const char *const *)(const void *)(running + part->offset);
    const char *after = *(const char *const *)(const void *)(wanted + part->offset);

    if (before && after)
        return find_change(part->type.section, before, after);
    for (size_t i = 0; before != after && i < schema_key_count; i++)
        if (schema_keys[i].section == part->type.section && schema_keys[i].reload == RELOAD_RESTART)
            return &schema_keys[i];
    return NULL;
}

static const struct schema_key *find_change(enum section_id section, const char *running,
                                            const char *wanted)
{
    const struct schema_key *found = NULL;

    for (size_t i = 0; i < schema_key_count && !found; i++) {
        const struct schema_key *key = &schema_keys[i];

        if (key->section != section)
            continue;
        if (key->type.kind == VALUE_PART)
            found = find_change(key->type.section, running + key->offset, wanted + key->offset);
        else if (key->type.kind == VALUE_FLAT)
            found = find_change(key->type.section, running, wanted);
        else if (key->type.kind == VALUE_PART_IF_GIVEN)
            found = find_optional(key, running, wanted);
        else if (key->reload == RELOAD_RESTART && !is_same(key, running, wanted))
            found = key;
    }
    return found;
}

/* The key of the whole that leads to the section; NULL for the whole itself. */
static const char *name_of_section(enum section_id section)
{
    for (size_t i = 0; i < schema_key_count; i++)
        if (schema_keys[i].section == SECTION_ROOT && schema_keys[i].type.section == section &&
            (schema_keys[i].type.kind == VALUE_PART || schema_keys[i].type.kind == VALUE_FLAT))
            return schema_keys[i].name;
    return NULL;
}

char *config_reload_refusal(const struct config *running, const struct config *wanted)
{
    const struct schema_key *change =
        find_change(SECTION_ROOT, (const char *)running, (const char *)wanted);
    const struct config_account *old_home = config_home(running);
    const struct config_account *new_home = config_home(wanted);

    if (change) {
        const char *section = name_of_section(change->section);

        return text_printf("\"%s%s%s\" has changed, which takes a restart of the daemon",
                           section ? section : "", section ? "." : "", change->name);
    }
    if (!text_equal(old_home->id, new_home->id) || !text_equal(old_home->region, new_home->region))
        return text_printf("the home account \"%s\" is another account or region now, which takes "
                           "a restart of the daemon",
                           new_home->name);
    return NULL;
}
