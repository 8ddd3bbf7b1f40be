/* schema.def as C tables. */
#ifndef CAUSEWAY_CONFIG_SCHEMA_INTERNAL_H
#define CAUSEWAY_CONFIG_SCHEMA_INTERNAL_H

#include "base/limits.h"
#include "config/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum format_id {
#define FORMAT(id, name, pattern, unlike, minimum, maximum) FORMAT_##id,
#include "config/schema.def"
    FORMAT_IDS,
};

enum choices_id {
#define CHOICES(id, ...) CHOICES_##id,
#include "config/schema.def"
    CHOICES_IDS,
};

enum section_id {
#define SECTION(id, type, summary) SECTION_##id,
#include "config/schema.def"
    SECTION_IDS,
};

enum value_kind {
    VALUE_TEXT,
    VALUE_INTEGER,
    VALUE_DURATION,
    VALUE_BOOLEAN,
    VALUE_CHOICE,
    VALUE_STEP,
    VALUE_SOURCE,
    VALUE_PATTERN,
    VALUE_DOCUMENT,
    VALUE_ONE_OR_MORE,
    VALUE_PRINCIPAL,
    VALUE_CONDITION,
    VALUE_PAIRS,
    VALUE_PART,
    VALUE_FLAT,
    VALUE_PART_IF_GIVEN,
    VALUE_TEXTS,
    VALUE_PARTS,
    VALUE_NAMED_PARTS,
    VALUE_POLICY,
    VALUE_NAMED_POLICIES,
};

struct value_type {
    enum value_kind kind;
    enum format_id format;      /* of a text, an element, a map's value */
    enum format_id name_format; /* of a map's key */
    enum choices_id choices;
    enum section_id section;
    int64_t minimum; /* of an integer, or of a list's length */
    int64_t maximum;
    const char *least; /* of a duration */
    const char *greatest;
};

enum need { NEED_OPTIONAL, NEED_REQUIRED };
enum reload { RELOAD_LIVE, RELOAD_RESTART };

struct schema_key {
    const char *name;
    const char *initial; /* default as text; NULL for none */
    struct value_type type;
    size_t offset;
    size_t second_offset;
    enum section_id section;
    enum need need;
    enum reload reload;
    bool is_field; /* kept as JSON under its name, not in a struct's member */
};

enum rule_kind {
    RULE_EXACTLY_ONE, /* one of the keys is there, and only one */
    RULE_AT_MOST_ONE,
    RULE_TOGETHER, /* all or none */
    RULE_NEEDS,    /* where the first is, the second is too */
};

struct schema_rule {
    enum section_id section;
    enum rule_kind kind;
    const char *keys[4];
};

struct schema_format {
    const char *name;
    const char *pattern; /* "" for any */
    const char *unlike;
    size_t minimum;
    size_t maximum;
};

struct schema_section {
    size_t size;
    size_t place_offset;
    size_t name_offset;
    bool has_place;
    bool has_name;
};

struct schema_kind {
    const char *name;
    enum section_id section;
    enum format_id format;
    const char *word; /* in references */
};

struct schema_reference {
    const char *word; /* "queue", "role.KEY", "ACCOUNT" */
    const char *attribute;
};

extern const struct schema_format schema_formats[];
extern const char *const *const schema_choices[]; /* each ends with NULL */
extern const struct schema_section schema_sections[];
extern const struct schema_key schema_keys[];
extern const size_t schema_key_count;
extern const struct schema_rule schema_rules[];
extern const size_t schema_rule_count;
extern const struct schema_kind schema_kinds[];
extern const size_t schema_kind_count;
extern const struct schema_reference schema_references[];
extern const size_t schema_reference_count;

/* The row of a section's key; NULL where there is none. */
const struct schema_key *schema_find(enum section_id section, const char *name);

/* The row of a kind of resource; NULL where there is none. */
const struct schema_kind *schema_find_kind(const char *name);

#endif
