#include "config/schema_internal.h"

#include "base/memory.h"
#include "base/text.h"

/* What the sections are kept in that have nothing but FIELDs. */
struct config_json {
    char nothing;
};

#define SECTION(id, type, summary) typedef type type_of_##id;
#include "config/schema.def"

const struct schema_format schema_formats[] = {
#define FORMAT(id, name, pattern, unlike, minimum, maximum) \
    {name, pattern, unlike, minimum, maximum},
#include "config/schema.def"
};

#define CHOICES(id, ...) static const char *const choices_##id[] = {__VA_ARGS__, NULL};
#include "config/schema.def"

const char *const *const schema_choices[] = {
#define CHOICES(id, ...) choices_##id,
#include "config/schema.def"
};

const struct schema_section schema_sections[] = {
#define SECTION(id, type, summary) [SECTION_##id].size = sizeof(type),
#include "config/schema.def"
#define PLACE(section, member)            \
    [SECTION_##section].has_place = true, \
    [SECTION_##section].place_offset = offsetof(type_of_##section, member),
#include "config/schema.def"
#define NAME(section, member)            \
    [SECTION_##section].has_name = true, \
    [SECTION_##section].name_offset = offsetof(type_of_##section, member),
#include "config/schema.def"
};

/* Types, as the rows write them. */
#define TEXT(format_)                                  \
    {                                                  \
        .kind = VALUE_TEXT, .format = FORMAT_##format_ \
    }
#define INTEGER(least_, greatest_)                                         \
    {                                                                      \
        .kind = VALUE_INTEGER, .minimum = (least_), .maximum = (greatest_) \
    }
#define DURATION(least_, greatest_)                                        \
    {                                                                      \
        .kind = VALUE_DURATION, .least = (least_), .greatest = (greatest_) \
    }
#define BOOLEAN               \
    {                         \
        .kind = VALUE_BOOLEAN \
    }
#define CHOICE(choices_)                                    \
    {                                                       \
        .kind = VALUE_CHOICE, .choices = CHOICES_##choices_ \
    }
#define STEP               \
    {                      \
        .kind = VALUE_STEP \
    }
#define SOURCE(format_)                                  \
    {                                                    \
        .kind = VALUE_SOURCE, .format = FORMAT_##format_ \
    }
#define PATTERN               \
    {                         \
        .kind = VALUE_PATTERN \
    }
#define DOCUMENT               \
    {                          \
        .kind = VALUE_DOCUMENT \
    }
#define ONE_OR_MORE(format_)                                  \
    {                                                         \
        .kind = VALUE_ONE_OR_MORE, .format = FORMAT_##format_ \
    }
#define PRINCIPAL               \
    {                           \
        .kind = VALUE_PRINCIPAL \
    }
#define CONDITION               \
    {                           \
        .kind = VALUE_CONDITION \
    }
#define PAIRS(name_, value_)                                                          \
    {                                                                                 \
        .kind = VALUE_PAIRS, .name_format = FORMAT_##name_, .format = FORMAT_##value_ \
    }
#define PART(section_)                                    \
    {                                                     \
        .kind = VALUE_PART, .section = SECTION_##section_ \
    }
#define FLAT(section_)                                    \
    {                                                     \
        .kind = VALUE_FLAT, .section = SECTION_##section_ \
    }
#define PART_IF_GIVEN(section_)                                    \
    {                                                              \
        .kind = VALUE_PART_IF_GIVEN, .section = SECTION_##section_ \
    }
#define TEXTS(format_, least_, greatest_)                                     \
    {                                                                         \
        .kind = VALUE_TEXTS, .format = FORMAT_##format_, .minimum = (least_), \
        .maximum = (greatest_)                                                \
    }
#define PARTS(section_, least_, greatest_)                                       \
    {                                                                            \
        .kind = VALUE_PARTS, .section = SECTION_##section_, .minimum = (least_), \
        .maximum = (greatest_)                                                   \
    }
#define NAMED_PARTS(section_, name_)                                                            \
    {                                                                                           \
        .kind = VALUE_NAMED_PARTS, .section = SECTION_##section_, .name_format = FORMAT_##name_ \
    }
#define POLICY(section_)                                    \
    {                                                       \
        .kind = VALUE_POLICY, .section = SECTION_##section_ \
    }
#define NAMED_POLICIES(section_, name_)                                                            \
    {                                                                                              \
        .kind = VALUE_NAMED_POLICIES, .section = SECTION_##section_, .name_format = FORMAT_##name_ \
    }

#define REQUIRED .need = NEED_REQUIRED
#define OPTIONAL .need = NEED_OPTIONAL
#define DEFAULT(text_) .initial = (text_)

const struct schema_key schema_keys[] = {
#define KEY(section_, key_, type_, member_, need_, reload_, summary_, text_) \
    {.section = SECTION_##section_,                                          \
     .name = (key_),                                                         \
     .type = type_,                                                          \
     .offset = offsetof(type_of_##section_, member_),                        \
     need_,                                                                  \
     .reload = RELOAD_##reload_},
#define KEY2(section_, key_, type_, member_, second_, need_, reload_, summary_, text_) \
    {.section = SECTION_##section_,                                                    \
     .name = (key_),                                                                   \
     .type = type_,                                                                    \
     .offset = offsetof(type_of_##section_, member_),                                  \
     .second_offset = offsetof(type_of_##section_, second_),                           \
     need_,                                                                            \
     .reload = RELOAD_##reload_},
#define FIELD(section_, key_, type_, need_, summary_, text_) \
    {.section = SECTION_##section_, .name = (key_), .type = type_, .is_field = true, need_},
#include "config/schema.def"
};
const size_t schema_key_count = array_length(schema_keys);

const struct schema_rule schema_rules[] = {
#define RULE(section, rule, ...) {SECTION_##section, RULE_##rule, {__VA_ARGS__}},
#include "config/schema.def"
};
const size_t schema_rule_count = array_length(schema_rules);

const struct schema_kind schema_kinds[] = {
#define KIND(kind, section, format, word) {kind, SECTION_##section, FORMAT_##format, word},
#include "config/schema.def"
};
const size_t schema_kind_count = array_length(schema_kinds);

const struct schema_reference schema_references[] = {
#define REFERENCE(word, attribute, summary) {word, attribute},
#include "config/schema.def"
};
const size_t schema_reference_count = array_length(schema_references);

const struct schema_key *schema_find(enum section_id section, const char *name)
{
    for (size_t i = 0; i < schema_key_count; i++)
        if (schema_keys[i].section == section && text_equal(schema_keys[i].name, name))
            return &schema_keys[i];
    return NULL;
}

const struct schema_kind *schema_find_kind(const char *name)
{
    for (size_t i = 0; i < schema_kind_count; i++)
        if (text_equal(schema_kinds[i].name, name))
            return &schema_kinds[i];
    return NULL;
}
