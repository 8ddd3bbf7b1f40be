#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "deploy/zip.h"

#include "base/limits.h"
#include "base/memory.h"
#include "deploy/archive.h"

#include <stdio.h>
#include <stdlib.h>

#define TEXT "{\"model_data\":\"s3://staging/model.tar.gz\"}"
#define DEFLATED_TEXT                                                                              \
    "\xab\x56\xca\xcd\x4f\x49\xcd\x89\x4f\x49\x2c\x49\x54\xb2\x52\x2a\x36\xb6\xd2\xd7\x2f\x2e\x49" \
    "\x4c\xcf\xcc\x4b\xd7\x07\xcb\xe8\x95\x24\x16\xe9\xa5\x57\x29\xd5\x02\x00"

static struct archive_entry manifest(void)
{
    return (struct archive_entry){.name = "manifest.json", .data = TEXT};
}

/* Reads manifest.json from an archive of these entries. */
static char *read_from(const struct archive_entry *entries, size_t count, size_t maximum,
                       struct error *error)
{
    cleanup(buffer_free)
    struct buffer zip = archive_of(entries, count);
    size_t length = 0;
    char *text = zip_read_member(zip.data, zip.length, "manifest.json", maximum, &length, error);

    if (text)
        assert_int_equal(strlen(text), length);
    return text;
}

/* The entry beside a good manifest makes the whole archive refused, for this reason. */
static void assert_refused(const struct archive_entry *entry, enum error_class class,
                           const char *sentence)
{
    const struct archive_entry entries[] = {manifest(), *entry};
    struct error error = {0};

    assert_null(read_from(entries, 2, 1000, &error));
    assert_int_equal(error.class, class);
    assert_string_equal(error.sentence, sentence);
}

static void a_member_is_read_stored_or_deflated(void **state)
{
    const struct archive_entry stored[] = {{.name = "README", .data = "hello"}, manifest()};
    const struct archive_entry deflated[] = {{.name = "manifest.json",
                                              .data = DEFLATED_TEXT,
                                              .length = sizeof(DEFLATED_TEXT) - 1,
                                              .deflated = true,
                                              .content = TEXT}};
    struct error error;
    cleanup(free_pointer)
    char *from_stored = read_from(stored, 2, 1000, &error);
    cleanup(free_pointer)
    char *from_deflated = read_from(deflated, 1, 1000, &error);

    (void)state;
    assert_non_null(from_stored);
    assert_string_equal(from_stored, TEXT);
    assert_non_null(from_deflated);
    assert_string_equal(from_deflated, TEXT);
}

static void a_zip_is_known_by_its_first_bytes(void **state)
{
    const struct archive_entry entry = manifest();
    cleanup(buffer_free)
    struct buffer zip = archive_of(&entry, 1);

    (void)state;
    assert_true(zip_looks_like_one(zip.data, zip.length));
    assert_false(zip_looks_like_one(zip.data, 3));
    assert_false(zip_looks_like_one("", 0));
    assert_false(zip_looks_like_one("{\"a\":1}", 7));
}

static void a_member_that_is_not_there_is_missed_by_name(void **state)
{
    const struct archive_entry entries[] = {{.name = "Manifest.json", .data = TEXT},
                                            {.name = "a/manifest.json", .data = TEXT}};
    struct error error;

    (void)state;
    assert_null(read_from(entries, 2, 1000, &error));
    assert_int_equal(error.class, ERROR_INVALID);
    assert_string_equal(error.sentence, "it has no \"manifest.json\"");
}

static void a_member_may_be_as_large_as_allowed_but_no_larger(void **state)
{
    const struct archive_entry entry = manifest();
    struct error error;
    cleanup(free_pointer)
    char *text = read_from(&entry, 1, strlen(TEXT), &error);

    (void)state;
    assert_non_null(text);
    assert_null(read_from(&entry, 1, strlen(TEXT) - 1, &error));
    assert_int_equal(error.class, ERROR_LIMIT);
}

static void names_that_lead_out_of_the_archive_are_refused(void **state)
{
    static const char *const names[] = {
        "../x", "a/../../x", "..", "a/..", "/etc/passwd", "a\\..\\x", "a//../x", "./../x",
    };

    (void)state;
    for (size_t i = 0; i < array_length(names); i++) {
        char sentence[100];

        snprintf(sentence, sizeof(sentence), "its entry \"%s\" leads out of the archive", names[i]);
        assert_refused(&(struct archive_entry){.name = names[i], .data = "x"}, ERROR_INVALID,
                       sentence);
    }
}

static void names_that_only_look_like_it_are_let_pass(void **state)
{
    const struct archive_entry entries[] = {manifest(),
                                            {.name = "..a", .data = "x"},
                                            {.name = "a../b", .data = "x"},
                                            {.name = "a/.../b", .data = "x"},
                                            {.name = "directory/", .data = ""}};
    struct error error = {0};
    cleanup(free_pointer)
    char *text = read_from(entries, array_length(entries), 1000, &error);

    (void)state;
    assert_string_equal(error.sentence, "");
    assert_non_null(text);
}

static void a_name_that_is_there_twice_is_refused(void **state)
{
    const struct archive_entry entries[] = {manifest(), manifest()};
    struct error error = {0};

    (void)state;
    assert_null(read_from(entries, 2, 1000, &error));
    assert_int_equal(error.class, ERROR_INVALID);
}

static void a_link_is_refused(void **state)
{
    (void)state;
    assert_refused(&(struct archive_entry){.name = "link",
                                           .data = "/etc/passwd",
                                           .attributes = 0120777u << 16},
                   ERROR_INVALID, "its entry \"link\" is a link");
}

static void an_encrypted_entry_is_refused(void **state)
{
    (void)state;
    assert_refused(
        &(struct archive_entry){.name = "secret", .data = "0123456789abcdef", .flags = 1},
        ERROR_INVALID, "its entry \"secret\" is encrypted");
}

static void an_entry_that_would_unpack_to_too_much_is_refused(void **state)
{
    const struct archive_entry large = {.name = "bomb",
                                        .data = DEFLATED_TEXT,
                                        .length = sizeof(DEFLATED_TEXT) - 1,
                                        .deflated = true,
                                        .content = TEXT,
                                        .claimed_size = LIMIT_ARTIFACT_ENTRY_BYTES + 1};
    struct archive_entry dense = large;

    (void)state;
    dense.claimed_size = (uint32_t)((large.length + 1) * LIMIT_ARTIFACT_RATIO);
    assert_refused(&large, ERROR_LIMIT, "its entry \"bomb\" would unpack to 1048577 bytes from 41");
    assert_refused(&dense, ERROR_LIMIT, "its entry \"bomb\" would unpack to 8400 bytes from 41");
}

static void an_archive_may_have_as_many_entries_as_allowed_but_no_more(void **state)
{
    static char names[LIMIT_ARTIFACT_ENTRIES + 1][16];
    struct archive_entry entries[LIMIT_ARTIFACT_ENTRIES + 1];
    struct error error;

    (void)state;
    entries[0] = manifest();
    for (size_t i = 1; i < array_length(entries); i++) {
        snprintf(names[i], sizeof(names[i]), "%zu", i);
        entries[i] = (struct archive_entry){.name = names[i], .data = "x"};
    }
    cleanup(free_pointer)
    char *text = read_from(entries, LIMIT_ARTIFACT_ENTRIES, 1000, &error);

    assert_non_null(text);
    assert_null(read_from(entries, LIMIT_ARTIFACT_ENTRIES + 1, 1000, &error));
    assert_int_equal(error.class, ERROR_LIMIT);
    assert_string_equal(error.sentence, "it has 257 entries, at most 256 are read");
}

static void a_member_that_unpacks_to_something_else_than_it_says_is_damaged(void **state)
{
    struct archive_entry entry = {.name = "manifest.json",
                                  .data = DEFLATED_TEXT,
                                  .length = sizeof(DEFLATED_TEXT) - 1,
                                  .deflated = true,
                                  .content = TEXT};
    struct archive_entry longer = entry;
    struct archive_entry shorter = entry;
    struct archive_entry other = entry;
    struct error error;

    (void)state;
    longer.claimed_size = (uint32_t)strlen(TEXT) + 1;
    shorter.claimed_size = (uint32_t)strlen(TEXT) - 1;
    other.content = "{\"model_data\":\"s3://staging/model.tar.gx\"}"; /* another CRC */
    const struct archive_entry *damaged[] = {&longer, &shorter, &other};

    for (size_t i = 0; i < array_length(damaged); i++) {
        assert_null(read_from(damaged[i], 1, 1000, &error));
        assert_int_equal(error.class, ERROR_INVALID);
        assert_string_equal(error.sentence, "its \"manifest.json\" is damaged");
    }
}

static void an_archive_that_was_cut_anywhere_is_refused(void **state)
{
    const struct archive_entry entry = manifest();
    cleanup(buffer_free)
    struct buffer zip = archive_of(&entry, 1);

    (void)state;
    for (size_t length = 0; length < zip.length; length++) {
        cleanup(free_pointer)
        char *cut = memory_copy_text(zip.data, length);
        struct error error = {0};
        size_t member_length;

        assert_null(zip_read_member(cut, length, "manifest.json", 1000, &member_length, &error));
        assert_int_equal(error.class, ERROR_INVALID);
    }
}

static void an_archive_with_any_byte_changed_is_read_right_or_refused(void **state)
{
    const struct archive_entry entry = manifest();
    cleanup(buffer_free)
    struct buffer zip = archive_of(&entry, 1);

    (void)state;
    for (size_t i = 0; i < zip.length; i++) {
        struct error error = {0};
        size_t length;

        zip.data[i] = (char)~zip.data[i];
        cleanup(free_pointer)
        char *text = zip_read_member(zip.data, zip.length, "manifest.json", 1000, &length, &error);

        if (text)
            assert_string_equal(text, TEXT);
        else
            assert_int_not_equal(error.class, ERROR_NONE);
        zip.data[i] = (char)~zip.data[i];
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_member_is_read_stored_or_deflated),
        cmocka_unit_test(a_zip_is_known_by_its_first_bytes),
        cmocka_unit_test(a_member_that_is_not_there_is_missed_by_name),
        cmocka_unit_test(a_member_may_be_as_large_as_allowed_but_no_larger),
        cmocka_unit_test(names_that_lead_out_of_the_archive_are_refused),
        cmocka_unit_test(names_that_only_look_like_it_are_let_pass),
        cmocka_unit_test(a_name_that_is_there_twice_is_refused),
        cmocka_unit_test(a_link_is_refused),
        cmocka_unit_test(an_encrypted_entry_is_refused),
        cmocka_unit_test(an_entry_that_would_unpack_to_too_much_is_refused),
        cmocka_unit_test(an_archive_may_have_as_many_entries_as_allowed_but_no_more),
        cmocka_unit_test(a_member_that_unpacks_to_something_else_than_it_says_is_damaged),
        cmocka_unit_test(an_archive_that_was_cut_anywhere_is_refused),
        cmocka_unit_test(an_archive_with_any_byte_changed_is_read_right_or_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
