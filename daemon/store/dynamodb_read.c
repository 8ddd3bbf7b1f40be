/* Readings: one row by its name; lists by an index's keys, then the rows by their names. */
#include "aws/service_dynamodb.h"
#include "base/text.h"
#include "store/dynamodb_internal.h"

#include <stdlib.h>
#include <string.h>

static void go_on(struct request *request);

static void fail(struct request *request, const struct aws_result *result)
{
    request->error = result->error;
    error_prefix(&request->error, "table %s: ", request->store->table);
    if (result->error.class != ERROR_THROTTLED)
        dynamodb_note_health(request->store, &request->error);
    request_ended(request);
}

static void keep(struct request *request, struct found_row *found)
{
    if (found)
        list_append(&request->rows, &found->link);
    else
        error_set(&request->error, ERROR_STORAGE,
                  "table %s holds a row that this program cannot read", request->store->table);
}

static void call(struct request *request, const struct aws_operation *operation,
                 const cJSON *document, aws_done *done)
{
    request->call =
        aws_call(request->store->aws, request->store->account, operation, document, done, request);
}

/* ---- one row --------------------------------------------------------------------------------- */

static void on_item(void *context, const struct aws_result *result)
{
    struct request *request = context;

    request->call = NULL;
    if (!result->ok) {
        fail(request, result);
        return;
    }
    const cJSON *item = json_get(result->output, "Item");

    if (item)
        keep(request, item_row(item));
    request_ended(request);
}

static void get(struct request *request)
{
    cleanup(json_free)
    cJSON *document = cJSON_CreateObject();

    json_add_text(document, "TableName", request->store->table);
    json_add_bool(document, "ConsistentRead", true);
    cJSON_AddItemToObject(document, "Key", item_key(request->row_kind, request->row_key));
    call(request, &dynamodb_get_item, document, on_item);
}

/* ---- a list's rows --------------------------------------------------------------------------- */

/* The keys of this answer in their place among those that are still to be read, the first first. */
static void on_batch(void *context, const struct aws_result *result)
{
    struct request *request = context;
    const cJSON *item;

    request->call = NULL;
    if (!result->ok) {
        fail(request, result);
        return;
    }
    cJSON_ArrayForEach(item, json_get(json_get(result->output, "Responses"), request->store->table))
    {
        keep(request, item_row(item));
    }
    cJSON_ArrayForEach(
        item, json_get(json_get(json_get(result->output, "UnprocessedKeys"), request->store->table),
                       "Keys"))
    {
        cJSON_AddItemToArray(request->keys, cJSON_Duplicate(item, true));
    }
    go_on(request);
}

static void get_batch(struct request *request)
{
    cleanup(json_free)
    cJSON *document = cJSON_CreateObject();
    cJSON *table =
        json_add_object(json_add_object(document, "RequestItems"), request->store->table);
    cJSON *keys = json_add_array(table, "Keys");

    json_add_bool(table, "ConsistentRead", true);
    for (int i = 0; i < DYNAMODB_BATCH_KEYS && request->keys->child; i++)
        cJSON_AddItemToArray(keys, cJSON_DetachItemFromArray(request->keys, 0));
    call(request, &dynamodb_batch_get_item, document, on_batch);
}

/* ---- a list's keys --------------------------------------------------------------------------- */

static void take_key(struct request *request, const cJSON *item)
{
    const char *kind = item_text(item, "kind");
    const char *key = item_text(item, "key");

    if (request->kind == REQUEST_LIST && request->maximum == 0)
        return;
    request->maximum -= request->kind == REQUEST_LIST;
    if (request->detail == STORE_KEYS)
        keep(request, item_row_of_keys(item));
    else if (kind && key)
        cJSON_AddItemToArray(request->keys, item_key(kind, key));
}

static void on_page(void *context, const struct aws_result *result)
{
    struct request *request = context;
    const cJSON *item;

    request->call = NULL;
    if (!result->ok) {
        fail(request, result);
        return;
    }
    cJSON_ArrayForEach(item, json_get(result->output, "Items"))
    {
        take_key(request, item);
    }
    json_free(&request->next);
    request->next = cJSON_Duplicate(json_get(result->output, "LastEvaluatedKey"), true);
    request->whole = !request->next || (request->kind == REQUEST_LIST && request->maximum == 0);
    go_on(request);
}

static void on_scanned(void *context, const struct aws_result *result)
{
    struct request *request = context;
    const cJSON *item;

    request->call = NULL;
    if (!result->ok) {
        fail(request, result);
        return;
    }
    cJSON_ArrayForEach(item, json_get(result->output, "Items"))
    {
        keep(request, item_row(item));
    }
    json_free(&request->next);
    request->next = cJSON_Duplicate(json_get(result->output, "LastEvaluatedKey"), true);
    request->whole = !request->next || !list_is_empty(&request->rows);
    go_on(request);
}

static void scan(struct request *request)
{
    cleanup(json_free)
    cJSON *document = cJSON_CreateObject();

    json_add_text(document, "TableName", request->store->table);
    json_add_bool(document, "ConsistentRead", true);
    json_add_integer(document, "Limit", request->maximum < 1000 ? (int64_t)request->maximum : 1000);
    if (request->next)
        cJSON_AddItemToObject(document, "ExclusiveStartKey", cJSON_Duplicate(request->next, true));
    call(request, &dynamodb_scan, document, on_scanned);
}

static void query(struct request *request)
{
    cleanup(json_free)
    cJSON *document = item_query(request->store->table, request);

    call(request, &dynamodb_query, document, on_page);
}

static int by_order(const void *a, const void *b)
{
    const struct store_row *first = &(*(struct found_row *const *)a)->row;
    const struct store_row *second = &(*(struct found_row *const *)b)->row;

    if (first->order_ms != second->order_ms)
        return first->order_ms < second->order_ms ? -1 : 1;
    return strcmp(first->key, second->key);
}

/* Batches come in any order, and the open rows by their groups. */
static void sort(struct request *request)
{
    size_t count = 0;
    struct found_row *found;

    list_each(found, &request->rows, link) count++;
    struct found_row **rows = memory_allocate_array(count + 1, sizeof(struct found_row *));

    for (size_t i = 0; i < count; i++) {
        rows[i] = list_first(&request->rows, struct found_row, link);
        list_remove(&rows[i]->link);
    }
    qsort(rows, count, sizeof(*rows), by_order);
    for (size_t i = 0; i < count; i++)
        list_append(&request->rows, &rows[request->kind == REQUEST_LIST ? count - 1 - i : i]->link);
    free(rows);
}

/* Does what is next: a hundred rows, another page of keys, or nothing more. */
static void go_on(struct request *request)
{
    if (request->keys->child) {
        get_batch(request);
    } else if (!request->whole && request->kind == REQUEST_PAGE) {
        scan(request);
    } else if (!request->whole) {
        query(request);
    } else {
        if (request->kind != REQUEST_PAGE) /* which ends where the next one begins */
            sort(request);
        request_ended(request);
    }
}

void reading_begin(struct request *request)
{
    if (request->kind == REQUEST_GET) {
        get(request);
        return;
    }
    request->keys = cJSON_CreateArray();
    if (request->kind == REQUEST_PAGE && request->row_kind)
        request->next = item_key(request->row_kind, request->row_key);
    request->whole = request->kind != REQUEST_OPEN && request->maximum == 0;
    go_on(request);
}
