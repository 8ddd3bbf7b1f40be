/* Rows as DynamoDB's items, and writes as parts of a transaction. */
#include "base/text.h"
#include "store/dynamodb_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define US "\x1f"
#define TABLE "causeway"

static const struct store_write row = {
    .kind = "deployment",
    .key = "a-1",
    .group = "endpoint-1",
    .order_ms = 1700000000123,
    .open = true,
    .expires_ms = 1800000000999,
    .expected = 7,
    .format = 3,
    .bytes = "{}",
    .length = 2,
};

/* The one part of a transaction of one write; the caller frees the whole. */
static const cJSON *part_of(const struct store_write *write, const char *kind, cJSON **whole)
{
    *whole = item_transaction(TABLE, write, 1, "token");
    const cJSON *item = json_pointer(*whole, "/TransactItems/0");

    assert_string_equal(json_get_text(*whole, "ClientRequestToken"), "token");
    assert_non_null(item->child);
    assert_string_equal(item->child->string, kind);
    assert_null(item->child->next);
    assert_string_equal(json_get_text(item->child, "TableName"), TABLE);
    return item->child;
}

static const char *value_of(const cJSON *part, const char *name, const char *type)
{
    return json_get_text(json_get(json_get(part, "ExpressionAttributeValues"), name), type);
}

static void a_row_is_updated_at_the_version_that_is_expected(void **state)
{
    (void)state;
    cleanup(json_free)
    cJSON *whole = NULL;
    const cJSON *part = part_of(&row, "Update", &whole);
    const char *expression = json_get_text(part, "UpdateExpression");

    assert_string_equal(json_get_text(part, "ConditionExpression"), "#version = :expected");
    assert_string_equal(value_of(part, ":expected", "N"), "7");
    assert_non_null(strstr(expression, "ADD #version :one"));
    assert_string_equal(value_of(part, ":one", "N"), "1");
    assert_string_equal(value_of(part, ":bytes", "B"), "e30=");
    assert_string_equal(value_of(part, ":format", "N"), "3");
    assert_string_equal(value_of(part, ":writer", "S"), "token");
    assert_string_equal(value_of(part, ":expires", "N"), "1800000000");
    assert_string_equal(value_of(part, ":open", "S"), value_of(part, ":grouped", "S"));
    assert_true(text_starts_with(value_of(part, ":open", "S"), "endpoint-1" US));
    assert_true(text_ends_with(value_of(part, ":listed", "S"), US "a-1"));
}

static void what_a_row_has_not_is_removed_from_it(void **state)
{
    (void)state;
    struct store_write bare = {
        .kind = "lease", .key = "k", .expected = STORE_ANY, .format = 1, .group = ""};
    cleanup(json_free)
    cJSON *whole = NULL;
    const cJSON *part = part_of(&bare, "Update", &whole);
    const char *expression = json_get_text(part, "UpdateExpression");

    assert_non_null(strstr(expression, " REMOVE #grouped, #open, #bytes, #expires"));
    assert_null(json_get(part, "ConditionExpression"));
    assert_null(value_of(part, ":grouped", "S"));
}

static void absence_is_expected_by_the_key(void **state)
{
    (void)state;
    struct store_write made = row;
    cleanup(json_free)
    cJSON *whole = NULL;

    made.expected = STORE_ABSENT;
    const cJSON *part = part_of(&made, "Update", &whole);

    assert_string_equal(json_get_text(part, "ConditionExpression"), "attribute_not_exists(#kind)");
    assert_string_equal(json_get_text(json_get(part, "ExpressionAttributeNames"), "#kind"), "kind");
}

static void a_removal_a_check_and_a_check_of_absence_write_nothing_else(void **state)
{
    (void)state;
    static const struct {
        struct store_write write;
        const char *kind;
        const char *condition;
    } cases[] = {
        {{.kind = "daemon", .key = "k", .remove = true, .expected = 2},
         "Delete",
         "#version = :expected"},
        {{.kind = "daemon", .key = "k", .remove = true, .expected = STORE_ANY}, "Delete", NULL},
        {{.kind = "lease", .key = "k", .check = true, .expected = 4},
         "ConditionCheck",
         "#version = :expected"},
        {{.kind = "daemon", .key = "k", .check = true, .expected = STORE_ABSENT},
         "ConditionCheck",
         "attribute_not_exists(#kind)"},
        {{.kind = "daemon", .key = "k", .remove = true, .expected = STORE_ABSENT},
         "ConditionCheck",
         "attribute_not_exists(#kind)"},
    };

    for (size_t i = 0; i < array_length(cases); i++) {
        cleanup(json_free)
        cJSON *whole = NULL;
        const cJSON *part = part_of(&cases[i].write, cases[i].kind, &whole);
        const char *condition = json_get_text(part, "ConditionExpression");

        assert_true(text_equal(condition, cases[i].condition));
        assert_null(json_get(part, "UpdateExpression"));
    }
}

static void place(int64_t order_ms, const char *key, char *text, size_t size)
{
    struct store_write write = row;
    cleanup(json_free)
    cJSON *whole = NULL;

    write.order_ms = order_ms;
    write.key = key;
    text_fill(text, size, value_of(part_of(&write, "Update", &whole), ":listed", "S"));
}

static void places_sort_as_their_orders_do_negative_ones_too(void **state)
{
    (void)state;
    static const int64_t orders[] = {INT64_MIN, -2, -1, 0, 1, 9, 10, 1700000000123, INT64_MAX};
    char before[64] = "";
    char text[64];

    for (size_t i = 0; i < array_length(orders); i++) {
        place(orders[i], "k", text, sizeof(text));
        assert_true(strcmp(before, text) < 0);
        text_fill(before, sizeof(before), text);
    }
    place(INT64_MAX, "l", text, sizeof(text));
    assert_true(strcmp(before, text) < 0);
}

/* The item that the update makes: its values under their names. The caller frees it. */
static cJSON *item_of(const struct store_write *write)
{
    cleanup(json_free)
    cJSON *whole = item_transaction(TABLE, write, 1, "token");
    const cJSON *part = json_pointer(whole, "/TransactItems/0")->child;
    const cJSON *value;
    cJSON *item = cJSON_Duplicate(json_get(part, "Key"), true);

    cJSON_ArrayForEach(value, json_get(part, "ExpressionAttributeValues"))
    {
        cJSON_AddItemToObject(item, value->string + 1, cJSON_Duplicate(value, true));
    }
    json_add_text(json_add_object(item, "version"), "N", "8");
    return item;
}

static void an_item_reads_back_as_the_row_that_was_written(void **state)
{
    (void)state;
    static const char odd[] = {0, 1, (char)0xff, 0x1f, '\n'};
    struct store_write writes[] = {row, row, row};

    writes[1].group = NULL;
    writes[1].open = false;
    writes[1].expires_ms = 0;
    writes[1].order_ms = -5;
    writes[1].bytes = NULL;
    writes[1].length = 0;
    writes[2].bytes = odd;
    writes[2].length = sizeof(odd);
    for (size_t i = 0; i < array_length(writes); i++) {
        const struct store_write *write = &writes[i];
        cleanup(json_free)
        cJSON *item = item_of(write);
        struct found_row *found = item_row(item);

        assert_non_null(found);
        assert_string_equal(found->row.kind, write->kind);
        assert_string_equal(found->row.key, write->key);
        assert_string_equal(found->row.group, write->group ? write->group : "");
        assert_int_equal(found->row.order_ms, write->order_ms);
        assert_int_equal(found->row.open, write->open);
        assert_int_equal(found->row.expires_ms, write->expires_ms / 1000 * 1000);
        assert_int_equal(found->row.version, 8);
        assert_int_equal(found->row.format, write->format);
        assert_int_equal(found->row.length, write->length);
        assert_memory_equal(found->row.bytes, write->length ? write->bytes : "", write->length);
        free(found);
    }
}

static void an_entry_of_the_open_index_is_a_row_without_bytes(void **state)
{
    (void)state;
    cleanup(json_free)
    cJSON *item = item_of(&row);
    struct found_row *found = item_row_of_keys(item);

    assert_non_null(found);
    assert_true(found->row.open);
    assert_string_equal(found->row.group, "endpoint-1");
    assert_int_equal(found->row.order_ms, row.order_ms);
    assert_int_equal(found->row.length, 0);
    free(found);
}

static void an_item_that_is_none_of_ours_is_none(void **state)
{
    (void)state;
    static const char *const broken[] = {
        "{}",
        "{\"kind\":{\"S\":\"a\"},\"key\":{\"S\":\"b\"}}",
        "{\"kind\":{\"S\":\"a\"},\"key\":{\"S\":\"b\"},\"listed\":{\"S\":\"12" US "b\"}}",
        "{\"kind\":{\"S\":\"a\"},\"key\":{\"S\":\"b\"},\"listed\":{\"S\":\"0000000000000000000x" US
        "b\"}}",
        "{\"kind\":{\"S\":\"a\"},\"key\":{\"S\":\"b\"},\"listed\":{\"S\":\"09223372036854775808" US
        "b\"},\"bytes\":{\"B\":\"!\"}}",
        "{\"kind\":{\"N\":\"1\"},\"key\":{\"S\":\"b\"},\"listed\":{\"S\":\"09223372036854775808" US
        "b\"}}",
    };

    for (size_t i = 0; i < array_length(broken); i++) {
        cleanup(json_free)
        cJSON *item = cJSON_Parse(broken[i]);
        struct found_row *found = item_row(item);

        if (found)
            fail_msg("%s was taken for a row", broken[i]);
    }
}

static void a_list_asks_the_index_that_serves_it(void **state)
{
    (void)state;
    static const struct {
        enum request_kind kind;
        const char *group;
        const char *index;
        bool forward;
    } cases[] = {
        {REQUEST_OPEN, NULL, "open", true},
        {REQUEST_OPEN, "e", "open", true},
        {REQUEST_LIST, NULL, "listed", false},
        {REQUEST_LIST, "e", "grouped", false},
    };

    for (size_t i = 0; i < array_length(cases); i++) {
        struct request request = {.kind = cases[i].kind,
                                  .row_kind = (char *)"deployment",
                                  .row_key = (char *)cases[i].group,
                                  .maximum = 5};
        cleanup(json_free)
        cJSON *query = item_query(TABLE, &request);

        assert_string_equal(json_get_text(query, "IndexName"), cases[i].index);
        assert_int_equal(json_get_bool(query, "ScanIndexForward", !cases[i].forward),
                         cases[i].forward);
        assert_true(json_get_bool(query, "ConsistentRead", false));
        assert_int_equal(json_get_integer(query, "Limit", 0),
                         cases[i].kind == REQUEST_LIST ? 5 : 0);
        if (cases[i].group)
            assert_string_equal(value_of(query, ":group", "S"), "e" US);
    }
}

static void a_transaction_that_dynamodb_would_not_take_is_refused_before_it_is_sent(void **state)
{
    (void)state;
    static char keys[101][8];
    struct store_write writes[101];
    struct error error;

    for (size_t i = 0; i < array_length(writes); i++) {
        snprintf(keys[i], sizeof(keys[i]), "k%zu", i);
        writes[i] = (struct store_write){.kind = "thing", .key = keys[i]};
    }
    assert_int_equal(item_check(writes, 100, &error), 0);
    assert_int_equal(item_check(writes, 101, &error), -1);
    assert_int_equal(error.class, ERROR_LIMIT);
    writes[1].key = keys[0];
    assert_int_equal(item_check(writes, 2, &error), -1);
    assert_int_equal(error.class, ERROR_INVALID);
    writes[1].kind = "other";
    assert_int_equal(item_check(writes, 2, &error), 0);
    writes[0].length = DYNAMODB_ROW_BYTES;
    assert_int_equal(item_check(writes, 1, &error), 0);
    writes[0].length++;
    assert_int_equal(item_check(writes, 1, &error), -1);
    assert_int_equal(error.class, ERROR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_is_updated_at_the_version_that_is_expected),
        cmocka_unit_test(what_a_row_has_not_is_removed_from_it),
        cmocka_unit_test(absence_is_expected_by_the_key),
        cmocka_unit_test(a_removal_a_check_and_a_check_of_absence_write_nothing_else),
        cmocka_unit_test(places_sort_as_their_orders_do_negative_ones_too),
        cmocka_unit_test(an_item_reads_back_as_the_row_that_was_written),
        cmocka_unit_test(an_entry_of_the_open_index_is_a_row_without_bytes),
        cmocka_unit_test(an_item_that_is_none_of_ours_is_none),
        cmocka_unit_test(a_list_asks_the_index_that_serves_it),
        cmocka_unit_test(a_transaction_that_dynamodb_would_not_take_is_refused_before_it_is_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
