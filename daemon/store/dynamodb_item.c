/* Rows as items, writes as parts of a transaction. Pure. */
#include "aws/service_dynamodb.h"
#include "base/hash.h"
#include "base/text.h"
#include "store/dynamodb_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Parts the words of an index's key; in no group and no key. */
#define US "\x1f"

/* ---- attribute values ------------------------------------------------------------------------ */

static void put_typed(cJSON *item, const char *name, const char *type, const char *text)
{
    json_add_text(json_add_object(item, name), type, text);
}

static void put_text(cJSON *item, const char *name, const char *text)
{
    put_typed(item, name, "S", text);
}

static void put_number(cJSON *item, const char *name, int64_t number)
{
    char text[24];

    snprintf(text, sizeof(text), "%" PRId64, number);
    put_typed(item, name, "N", text);
}

const char *item_text(const cJSON *item, const char *name)
{
    return json_get_text(json_get(item, name), "S");
}

static int64_t item_number(const cJSON *item, const char *name)
{
    const char *text = json_get_text(json_get(item, name), "N");
    int64_t number = 0;

    return text && text_to_i64(text, &number) ? number : 0;
}

cJSON *item_key(const char *kind, const char *key)
{
    cJSON *item = cJSON_CreateObject();

    put_text(item, "kind", kind);
    put_text(item, "key", key);
    return item;
}

/* ---- writes ---------------------------------------------------------------------------------- */

/* Text that sorts as the number does, negative ones too. */
static char *order_text(const struct store_write *write)
{
    uint64_t shifted = (uint64_t)write->order_ms ^ (UINT64_C(1) << 63);

    return text_printf("%020" PRIu64 US "%s", shifted, write->key);
}

/* An update expression is made of three lists. */
struct update {
    cJSON *names;
    cJSON *values;
    struct buffer set;
    struct buffer removed;
};

static void name_attribute(struct update *update, const char *name)
{
    cleanup(free_pointer)
    char *placeholder = text_printf("#%s", name);

    json_add_text(update->names, placeholder, name);
}

static void set_attribute(struct update *update, const char *name, const char *type,
                          const char *text)
{
    cleanup(free_pointer)
    char *placeholder = text_printf(":%s", name);

    name_attribute(update, name);
    if (!text) {
        buffer_printf(&update->removed, "%s#%s", update->removed.length ? ", " : " REMOVE ", name);
        return;
    }
    put_typed(update->values, placeholder, type, text);
    buffer_printf(&update->set, "%s#%s = :%s", update->set.length ? ", " : "SET ", name, name);
}

static void set_rows_attributes(struct update *update, const struct store_write *write,
                                const char *token)
{
    bool has_group = !text_is_empty(write->group);
    char format[16];
    char expires[24];
    cleanup(free_pointer)
    char *order = order_text(write);
    cleanup(free_pointer)
    char *grouped = text_printf("%s" US "%s", has_group ? write->group : "", order);
    cleanup(free_pointer)
    char *bytes = write->length ? hash_to_base64(write->bytes, write->length) : NULL;

    snprintf(format, sizeof(format), "%" PRIu32, write->format);
    snprintf(expires, sizeof(expires), "%" PRId64, write->expires_ms / 1000);
    set_attribute(update, "format", "N", format);
    set_attribute(update, "listed", "S", order);
    set_attribute(update, "writer", "S", token);
    set_attribute(update, "grouped", "S", has_group ? grouped : NULL);
    set_attribute(update, "open", "S", write->open ? grouped : NULL);
    set_attribute(update, "bytes", "B", bytes);
    set_attribute(update, "expires", "N", write->expires_ms > 0 ? expires : NULL);
}

/* The part's condition; its names and values, where they are not empty. */
static void expect(cJSON *part, cJSON *names, cJSON *values, const struct store_write *write)
{
    if (write->expected == STORE_ABSENT) {
        json_add_text(names, "#kind", "kind");
        json_add_text(part, "ConditionExpression", "attribute_not_exists(#kind)");
    } else if (write->expected != STORE_ANY) {
        json_put(names, "#version", cJSON_CreateString("version"));
        put_number(values, ":expected", write->expected);
        json_add_text(part, "ConditionExpression", "#version = :expected");
    }
    if (names->child)
        cJSON_AddItemToObject(part, "ExpressionAttributeNames", names);
    else
        cJSON_Delete(names);
    if (values->child)
        cJSON_AddItemToObject(part, "ExpressionAttributeValues", values);
    else
        cJSON_Delete(values);
}

/* An update rather than a put, so that the version is raised by DynamoDB itself where any will do.
 */
static void make_update(cJSON *part, const struct store_write *write, const char *token)
{
    struct update update = {cJSON_CreateObject(), cJSON_CreateObject(), BUFFER(1024), BUFFER(256)};

    set_rows_attributes(&update, write, token);
    name_attribute(&update, "version");
    put_number(update.values, ":one", 1);
    cleanup(free_pointer)
    char *expression = text_printf("%s%s ADD #version :one", buffer_text(&update.set),
                                   buffer_text(&update.removed));

    json_add_text(part, "UpdateExpression", expression);
    expect(part, update.names, update.values, write);
    buffer_free(&update.set);
    buffer_free(&update.removed);
}

static cJSON *make_part(const char *table, const struct store_write *write, const char *token)
{
    bool is_check = write->check || (write->remove && write->expected == STORE_ABSENT);
    cJSON *whole = cJSON_CreateObject();
    cJSON *part = json_add_object(whole, is_check        ? "ConditionCheck"
                                         : write->remove ? "Delete"
                                                         : "Update");

    json_add_text(part, "TableName", table);
    cJSON_AddItemToObject(part, "Key", item_key(write->kind, write->key));
    if (is_check || write->remove)
        expect(part, cJSON_CreateObject(), cJSON_CreateObject(), write);
    else
        make_update(part, write, token);
    return whole;
}

cJSON *item_transaction(const char *table, const struct store_write *writes, size_t count,
                        const char *token)
{
    cJSON *document = cJSON_CreateObject();
    cJSON *items = json_add_array(document, "TransactItems");

    json_add_text(document, "ClientRequestToken", token);
    for (size_t i = 0; i < count; i++)
        cJSON_AddItemToArray(items, make_part(table, &writes[i], token));
    return document;
}

static bool is_twice(const struct store_write *writes, size_t i)
{
    for (size_t other = 0; other < i; other++)
        if (text_equal(writes[other].kind, writes[i].kind) &&
            text_equal(writes[other].key, writes[i].key))
            return true;
    return false;
}

int item_check(const struct store_write *writes, size_t count, struct error *error)
{
    size_t bytes = 0;

    if (count > DYNAMODB_TRANSACTION_ITEMS)
        return error_set(error, ERROR_LIMIT, "%zu writes are more than one transaction's %d", count,
                         DYNAMODB_TRANSACTION_ITEMS);
    for (size_t i = 0; i < count; i++) {
        if (writes[i].length > DYNAMODB_ROW_BYTES)
            return error_set(error, ERROR_LIMIT,
                             "%s %s has %zu bytes; a record in DynamoDB may have %zu",
                             writes[i].kind, writes[i].key, writes[i].length, DYNAMODB_ROW_BYTES);
        if (is_twice(writes, i))
            return error_set(error, ERROR_INVALID, "%s %s is twice in one transaction",
                             writes[i].kind, writes[i].key);
        bytes += writes[i].length;
    }
    if (bytes > DYNAMODB_TRANSACTION_BYTES - (DYNAMODB_ITEM_BYTES - DYNAMODB_ROW_BYTES) * count)
        return error_set(error, ERROR_LIMIT, "%zu bytes are more than one transaction's %d", bytes,
                         DYNAMODB_TRANSACTION_BYTES);
    return 0;
}

/* ---- readings -------------------------------------------------------------------------------- */

static const char *index_of(const struct request *request)
{
    return request->kind == REQUEST_OPEN ? "open" : request->row_key ? "grouped" : "listed";
}

cJSON *item_query(const char *table, const struct request *request)
{
    const char *index = index_of(request);
    cJSON *document = cJSON_CreateObject();
    cJSON *names = json_add_object(document, "ExpressionAttributeNames");
    cJSON *values = json_add_object(document, "ExpressionAttributeValues");
    const char *condition = "#kind = :kind";

    json_add_text(document, "TableName", table);
    json_add_text(document, "IndexName", index);
    json_add_bool(document, "ConsistentRead", true);
    json_add_bool(document, "ScanIndexForward", request->kind == REQUEST_OPEN);
    json_add_text(names, "#kind", "kind");
    put_text(values, ":kind", request->row_kind);
    if (request->row_key) {
        cleanup(free_pointer)
        char *group = text_printf("%s" US, request->row_key);

        json_add_text(names, "#index", index);
        put_text(values, ":group", group);
        condition = "#kind = :kind AND begins_with(#index, :group)";
    }
    json_add_text(document, "KeyConditionExpression", condition);
    if (request->kind == REQUEST_LIST)
        json_add_integer(document, "Limit",
                         request->maximum < 1000 ? (int64_t)request->maximum : 1000);
    if (request->next)
        cJSON_AddItemToObject(document, "ExclusiveStartKey", cJSON_Duplicate(request->next, true));
    return document;
}

/* GROUP US ORDER US KEY in its parts; false where it is not of that form. */
static bool read_place(const char *place, size_t *group_length, int64_t *order_ms)
{
    const char *group_end = place ? strchr(place, US[0]) : NULL;
    const char *order_end = group_end ? strchr(group_end + 1, US[0]) : NULL;
    char digits[24] = "";
    uint64_t shifted;

    if (!order_end || order_end - group_end - 1 != 20)
        return false;
    memcpy(digits, group_end + 1, 20);
    if (!text_to_u64(digits, &shifted))
        return false;
    *group_length = (size_t)(group_end - place);
    *order_ms = (int64_t)(shifted ^ (UINT64_C(1) << 63));
    return true;
}

static char *copy_to(char **at, const char *text, size_t length)
{
    char *copy = memcpy(*at, text, length);

    copy[length] = '\0';
    *at += length + 1;
    return copy;
}

static struct found_row *make_row(const cJSON *item, const char *place, const void *bytes,
                                  size_t length)
{
    const char *kind = item_text(item, "kind");
    const char *key = item_text(item, "key");
    size_t group_length = 0;
    int64_t order_ms = 0;

    if (!kind || !key || !read_place(place, &group_length, &order_ms))
        return NULL;
    struct found_row *found =
        memory_allocate(sizeof(*found) + strlen(kind) + strlen(key) + group_length + length + 4);
    char *at = (char *)(found + 1);

    found->row.kind = copy_to(&at, kind, strlen(kind));
    found->row.key = copy_to(&at, key, strlen(key));
    found->row.group = copy_to(&at, place, group_length);
    found->row.bytes = copy_to(&at, length ? bytes : "", length);
    found->row.length = length;
    found->row.order_ms = order_ms;
    list_init(&found->link);
    return found;
}

struct found_row *item_row_of_keys(const cJSON *item)
{
    struct found_row *found = make_row(item, item_text(item, "open"), NULL, 0);

    if (found)
        found->row.open = true;
    return found;
}

struct found_row *item_row(const cJSON *item)
{
    const char *grouped = item_text(item, "grouped");
    const char *listed = item_text(item, "listed");
    const char *base64 = json_get_text(json_get(item, "bytes"), "B");
    size_t length = 0;
    cleanup(free_pointer)
    unsigned char *bytes = base64 ? hash_from_base64(base64, &length) : NULL;
    cleanup(free_pointer)
    char *place = grouped || !listed ? NULL : text_printf(US "%s", listed);

    if (base64 && !bytes)
        return NULL;
    struct found_row *found = make_row(item, grouped ? grouped : place, bytes, length);

    if (!found)
        return NULL;
    found->row.open = item_text(item, "open") != NULL;
    found->row.version = item_number(item, "version");
    found->row.format = (uint32_t)item_number(item, "format");
    found->row.expires_ms = item_number(item, "expires") * 1000;
    return found;
}
