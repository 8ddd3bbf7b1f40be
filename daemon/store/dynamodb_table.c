/* The table: looked at when the store is opened, and made where there is none. */
#include "aws/service_dynamodb.h"
#include "base/text.h"
#include "store/dynamodb_internal.h"

/* A new table is ready within seconds. */
enum { LOOK_EVERY_MS = 500, LOOKS = 120 };

struct opening {
    struct dynamodb_store *store;
    struct timer pause;
    struct error *error;
    unsigned looks;
    bool created;
    bool done;
    int result;
};

static void look(void *context);

static void end(struct opening *opening, int result)
{
    opening->result = result;
    opening->done = true;
    loop_stop(opening->store->loop);
}

static void fail(struct opening *opening, const struct error *error, const char *what)
{
    *opening->error = *error;
    end(opening, error_prefix(opening->error,
                              "the table %s could not be %s: ", opening->store->table, what));
}

static void call(struct opening *opening, const struct aws_operation *operation,
                 const cJSON *document, aws_done *done)
{
    aws_call(opening->store->aws, opening->store->account, operation, document, done, opening);
}

static cJSON *of_table(const struct opening *opening)
{
    cJSON *document = cJSON_CreateObject();

    json_add_text(document, "TableName", opening->store->table);
    return document;
}

/* ---- time to live ---------------------------------------------------------------------------- */

static void on_time_to_live_set(void *context, const struct aws_result *result)
{
    struct opening *opening = context;

    /* Another daemon may be doing the same; without it rows merely stay. */
    if (!result->ok && result->error.class == ERROR_TRANSIENT)
        fail(opening, &result->error, "set up");
    else
        end(opening, 0);
}

static void set_time_to_live(struct opening *opening)
{
    cleanup(json_free)
    cJSON *document = of_table(opening);
    cJSON *specification = json_add_object(document, "TimeToLiveSpecification");

    json_add_bool(specification, "Enabled", true);
    json_add_text(specification, "AttributeName", "expires");
    call(opening, &dynamodb_update_time_to_live, document, on_time_to_live_set);
}

/* ---- making it ------------------------------------------------------------------------------- */

static void add_attribute(cJSON *definitions, const char *name)
{
    cJSON *attribute = cJSON_CreateObject();

    json_add_text(attribute, "AttributeName", name);
    json_add_text(attribute, "AttributeType", "S");
    cJSON_AddItemToArray(definitions, attribute);
}

static void add_key(cJSON *schema, const char *name, const char *type)
{
    cJSON *key = cJSON_CreateObject();

    json_add_text(key, "AttributeName", name);
    json_add_text(key, "KeyType", type);
    cJSON_AddItemToArray(schema, key);
}

static const char *const indexes[] = {"open", "listed", "grouped"};

static cJSON *table_document(const struct opening *opening)
{
    cJSON *document = of_table(opening);
    cJSON *definitions = json_add_array(document, "AttributeDefinitions");
    cJSON *schema = json_add_array(document, "KeySchema");
    cJSON *local = json_add_array(document, "LocalSecondaryIndexes");

    json_add_text(document, "BillingMode", "PAY_PER_REQUEST");
    add_attribute(definitions, "kind");
    add_attribute(definitions, "key");
    add_key(schema, "kind", "HASH");
    add_key(schema, "key", "RANGE");
    for (size_t i = 0; i < array_length(indexes); i++) {
        cJSON *index = cJSON_CreateObject();
        cJSON *index_schema;

        add_attribute(definitions, indexes[i]);
        json_add_text(index, "IndexName", indexes[i]);
        index_schema = json_add_array(index, "KeySchema");
        add_key(index_schema, "kind", "HASH");
        add_key(index_schema, indexes[i], "RANGE");
        json_add_text(json_add_object(index, "Projection"), "ProjectionType", "KEYS_ONLY");
        cJSON_AddItemToArray(local, index);
    }
    /* What is lost with it is who may serve what, and what was done. */
    json_add_bool(document, "DeletionProtectionEnabled", true);
    if (opening->store->tag) {
        cJSON *tag = cJSON_CreateObject();

        json_add_text(tag, "Key", opening->store->tag);
        json_add_text(tag, "Value", opening->store->tag_value);
        cJSON_AddItemToArray(json_add_array(document, "Tags"), tag);
    }
    return document;
}

static void on_created(void *context, const struct aws_result *result)
{
    struct opening *opening = context;

    opening->created = true;
    if (!result->ok && result->error.class != ERROR_CONFLICT)
        fail(opening, &result->error, "made");
    else
        look(opening);
}

/* ---- looking at it --------------------------------------------------------------------------- */

static bool has_index(const cJSON *table, const char *name)
{
    const cJSON *index;

    cJSON_ArrayForEach(index, json_get(table, "LocalSecondaryIndexes"))
    {
        if (text_equal(json_get_text(index, "IndexName"), name))
            return true;
    }
    return false;
}

static bool has_form(const cJSON *table)
{
    const cJSON *keys = json_get(table, "KeySchema");

    for (size_t i = 0; i < array_length(indexes); i++)
        if (!has_index(table, indexes[i]))
            return false;
    return keys && keys->child && text_equal(json_get_text(keys->child, "AttributeName"), "kind") &&
           keys->child->next &&
           text_equal(json_get_text(keys->child->next, "AttributeName"), "key");
}

static void on_table(struct opening *opening, const cJSON *table)
{
    struct error error;
    const char *status = json_get_text(table, "TableStatus");

    if (!has_form(table)) {
        error_set(
            &error, ERROR_STORAGE,
            "it has other keys or indexes than a store of causewayd's; name a table of its own");
        fail(opening, &error, "used");
    } else if (!text_equal(status, "CREATING")) {
        if (opening->created)
            set_time_to_live(opening);
        else
            end(opening, 0);
    } else if (opening->looks++ < LOOKS) {
        timer_start(&opening->pause, LOOK_EVERY_MS);
    } else {
        error_set(&error, ERROR_TRANSIENT, "it is still being made");
        fail(opening, &error, "used");
    }
}

static void on_described(void *context, const struct aws_result *result)
{
    struct opening *opening = context;

    if (result->ok) {
        on_table(opening, json_get(result->output, "Table"));
    } else if (result->error.class == ERROR_NOT_FOUND && !opening->created) {
        cleanup(json_free)
        cJSON *document = table_document(opening);

        call(opening, &dynamodb_create_table, document, on_created);
    } else if (result->error.class == ERROR_NOT_FOUND && opening->looks++ < LOOKS) {
        timer_start(&opening->pause, LOOK_EVERY_MS); /* not known everywhere yet */
    } else {
        fail(opening, &result->error, "looked at");
    }
}

static void look(void *context)
{
    struct opening *opening = context;
    cleanup(json_free)
    cJSON *document = of_table(opening);

    call(opening, &dynamodb_describe_table, document, on_described);
}

int table_open(struct dynamodb_store *store, struct error *error)
{
    struct opening opening = {.store = store, .error = error};

    timer_init(&opening.pause, store->loop, look, &opening);
    look(&opening);
    while (!opening.done)
        loop_run(store->loop);
    return opening.result;
}
