/* One transaction until its fate is known.
 *
 * An attempt whose answer was lost may have been carried out. It is sent again as it was, with the
 * same token: within ten minutes DynamoDB itself knows it again; after that its conditions fail,
 * and the token in the row tells that it was us. */
#include "aws/service_dynamodb.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"
#include "store/dynamodb_internal.h"

#include <string.h>

enum {
    FIRST_PAUSE_MS = 100, /* beyond what aws_call() has waited between its own tries */
    LAST_PAUSE_MS = 5000,
};

static void send(void *context);

static void end(struct request *request, enum store_outcome outcome)
{
    request->outcome = outcome;
    dynamodb_note_health(request->store, outcome == STORE_FAILED ? &request->error : NULL);
    if (outcome == STORE_COMMITTED)
        store_note_commits(&request->store->store, 1, clock_monotonic_ms() - request->began_ms);
    request_ended(request);
}

/* "... specific reasons [None, ConditionalCheckFailed]": the place of the first that failed. */
static size_t failed_write(const struct request *request, const char *sentence)
{
    const char *at = strrchr(sentence, '[');
    size_t index = 0;

    for (; at && !text_starts_with(at + 1, "ConditionalCheckFailed"); index++) {
        at = strchr(at + 1, ',');
        while (at && at[1] == ' ')
            at++;
    }
    return at && index < request->name_count ? index : 0;
}

static bool may_pass(enum error_class class)
{
    return class == ERROR_THROTTLED || class == ERROR_TRANSIENT || class == ERROR_EXPIRED ||
           class == ERROR_CLOCK_SKEW || class == ERROR_UNKNOWN;
}

static void try_later(struct request *request, const struct error *error)
{
    int64_t pause_ms = FIRST_PAUSE_MS;

    for (unsigned i = 0; i < request->failures && pause_ms < LAST_PAUSE_MS; i++)
        pause_ms *= 2;
    request->failures++;
    /* Told to slow down, DynamoDB is well, and the calls are paced already. */
    if (error->class != ERROR_THROTTLED)
        dynamodb_note_health(request->store, error);
    timer_start(&request->pause,
                pause_ms / 2 + (int64_t)((double)pause_ms / 2 * random_fraction()));
}

static void on_looked(void *context, const struct aws_result *result)
{
    struct request *request = context;

    request->call = NULL;
    if (!result->ok) {
        try_later(request, &result->error);
        return;
    }
    bool ours = text_equal(item_text(json_get(result->output, "Item"), "writer"), request->token);

    end(request, ours ? STORE_COMMITTED : STORE_CONFLICT);
}

/* Was it us? */
static void look(struct request *request)
{
    const struct row_name *name = &request->names[request->written];
    cleanup(json_free)
    cJSON *document = cJSON_CreateObject();

    json_add_text(document, "TableName", request->store->table);
    json_add_bool(document, "ConsistentRead", true);
    cJSON_AddItemToObject(document, "Key", item_key(name->kind, name->key));
    request->call = aws_call(request->store->aws, request->store->account, &dynamodb_get_item,
                             document, on_looked, request);
}

static void on_answer(void *context, const struct aws_result *result)
{
    struct request *request = context;

    request->call = NULL;
    request->maybe_done = request->maybe_done || result->uncertain || result->attempts > 1;
    if (result->ok) {
        end(request, STORE_COMMITTED);
    } else if (result->error.class == ERROR_CONFLICT) {
        request->conflict = failed_write(request, result->error.sentence);
        /* An attempt of ours may be what it conflicts with: one that was lost, or one of which only
         * curl knows, which sends again by itself what a connection that was kept has swallowed. */
        if (request->written < request->name_count)
            look(request);
        else
            end(request, STORE_CONFLICT);
    } else if (may_pass(result->error.class) || request->maybe_done) {
        try_later(request, &result->error);
    } else {
        request->error = result->error;
        error_prefix(&request->error, "table %s: ", request->store->table);
        end(request, STORE_FAILED);
    }
}

static void send(void *context)
{
    struct request *request = context;

    request->call = aws_call(request->store->aws, request->store->account,
                             &dynamodb_transact_write_items, request->document, on_answer, request);
}

void commit_begin(struct request *request)
{
    timer_init(&request->pause, request->store->loop, send, request);
    request->began_ms = clock_monotonic_ms();
    if (request->name_count == 0) {
        request->outcome = STORE_COMMITTED; /* DynamoDB takes no empty transaction */
        request_ended(request);
        return;
    }
    send(request);
}
