#include "base/buffer.h"
#include "base/text.h"
#include "bridge/observe_internal.h"

#include <stdlib.h>

/* Enough to hide the round trips of a pass, and few enough not to be throttled for. */
#define READS_AT_ONCE 12

/* How long a read is made again that AWS tells to slow down, and how often. */
#define SLOW_LIMIT_MS 120000
#define SLOW_PAUSE_MS 2000

#define TRACE_BYTES ((size_t)16384)

/* ---- reads ----------------------------------------------------------------------------------- */

static struct read *add(struct observation *observation, const struct read_kind *kind)
{
    struct read *read = memory_allocate(sizeof(*read));

    read->observation = observation;
    read->kind = kind;
    list_init(&read->link);
    list_append(&observation->waiting, &read->link);
    poke(&observation->poke);
    return read;
}

struct read *observe_resource(struct observation *observation, const struct read_kind *kind,
                              size_t resource)
{
    struct read *read = add(observation, kind);

    read->resource = resource;
    read->account = observation->resources->items[resource].account;
    return read;
}

struct read *observe_account(struct observation *observation, const struct read_kind *kind,
                             const char *account)
{
    struct read *read = add(observation, kind);

    read->account = account;
    return read;
}

const struct resource *read_resource(const struct read *read)
{
    return &read->observation->resources->items[read->resource];
}

cJSON *read_fields(struct read *read)
{
    struct observed *observed = &read->observation->observed[read->resource];

    if (!observed->fields)
        observed->fields = cJSON_CreateObject();
    observed->presence = PRESENCE_THERE;
    return observed->fields;
}

void read_set_absent(struct read *read)
{
    read->observation->observed[read->resource].presence = PRESENCE_ABSENT;
}

void observe_unreadable(struct observation *observation, size_t resource, const struct error *error)
{
    struct observed *observed = &observation->observed[resource];

    observed->presence = PRESENCE_UNKNOWN;
    observed->as_before = false;
    observed->digested = false;
    observed->error = *error;
}

bool observe_wants(const struct observation *observation, size_t resource)
{
    return !observation->wanted || observation->wanted[resource];
}

bool observe_wants_field(const struct resource *resource, const char *field)
{
    return resource->entire || json_get(resource->fields, field) != NULL;
}

bool observe_wants_tags(const struct resource *resource)
{
    return resource->entire || resource->orphan || resource->left_tags ||
           observe_wants_field(resource, "tags");
}

static void release_json(void *document)
{
    cJSON_Delete(document);
}

cJSON *observe_input(struct observation *observation)
{
    cJSON *input = cJSON_CreateObject();

    arena_adopt(&observation->arena, input, release_json);
    return input;
}

cJSON *observe_tags(const cJSON *list, const char *key, const char *value)
{
    cJSON *map = cJSON_CreateObject();
    const cJSON *tag;

    cJSON_ArrayForEach(tag, list)
    {
        const char *name = json_get_text(tag, key);

        if (name)
            json_add_text(map, name, json_get_text(tag, value));
    }
    return map;
}

/* ---- the queue ------------------------------------------------------------------------------- */

static void free_read(struct read *read)
{
    if (read->call)
        aws_call_cancel(read->call);
    list_remove(&read->link);
    free(read);
}

static void fail(struct read *read, const struct error *error)
{
    if (read->kind->fail)
        read->kind->fail(read, error);
    else if (error->class == ERROR_NOT_FOUND)
        read_set_absent(read);
    else
        observe_unreadable(read->observation, read->resource, error);
}

/* Throttling slows a pass and does not fail it: the read is made again after a pause. */
static bool slow_down(struct read *read, const struct error *error)
{
    struct observation *observation = read->observation;
    const int64_t now_ms = loop_now_ms(observation->loop);

    if ((error->class != ERROR_THROTTLED && error->class != ERROR_TRANSIENT) ||
        (read->first_ms && now_ms - read->first_ms > SLOW_LIMIT_MS))
        return false;
    if (!read->first_ms)
        read->first_ms = now_ms;
    list_remove(&read->link);
    list_append(&observation->slowed, &read->link);
    if (!timer_is_running(&observation->pause))
        timer_start(&observation->pause, SLOW_PAUSE_MS);
    return true;
}

static void on_paused(void *context)
{
    struct observation *observation = context;
    struct read *read;

    list_each(read, &observation->slowed, link)
    {
        list_remove(&read->link);
        list_append(&observation->waiting, &read->link);
    }
    poke(&observation->poke);
}

static void on_result(void *context, const struct aws_result *result)
{
    struct read *read = context;
    struct observation *observation = read->observation;

    read->call = NULL;
    observation->in_flight--;
    if (!result->ok && slow_down(read, &result->error)) {
        poke(&observation->poke);
        return;
    }
    if (result->ok)
        read->kind->take(read, result->output);
    else
        fail(read, &result->error);
    free_read(read);
    poke(&observation->poke);
}

static void count_call(struct observation *observation, const struct aws_operation *operation)
{
    size_t i = 0;

    while (i < observation->operation_count && observation->operations[i].operation != operation)
        i++;
    if (i == array_length(observation->operations))
        return; /* there are fewer kinds of reads than that */
    if (i == observation->operation_count)
        observation->operations[observation->operation_count++].operation = operation;
    observation->operations[i].calls++;
}

/* "iam GetAccountAuthorizationDetails x2, sqs GetQueueAttributes", in the order of the first of
 * each. The caller frees it. */
static char *trace_of(const struct observation *observation)
{
    struct buffer trace = BUFFER(TRACE_BYTES);

    for (size_t i = 0; i < observation->operation_count; i++) {
        const struct aws_operation *operation = observation->operations[i].operation;

        buffer_printf(&trace, "%s%s %s", i ? ", " : "", operation->service->name, operation->name);
        if (observation->operations[i].calls > 1)
            buffer_printf(&trace, " x%u", observation->operations[i].calls);
    }
    return buffer_take(&trace);
}

static bool sift(void *context, const char *body, size_t length, struct buffer *rest)
{
    struct read *read = context;

    return read->kind->sift(read, body, length, rest);
}

static void start(struct observation *observation, struct read *read)
{
    const struct aws_call_options options = {.sift = read->kind->sift ? sift : NULL};
    const struct aws_operation *operation = read->kind->operation;

    list_remove(&read->link);
    list_append(&observation->under_way, &read->link);
    observation->in_flight++;
    observation->calls++;
    count_call(observation, operation);
    read->call = aws_call_with(observation->aws, read->account, operation, read->kind->ask(read),
                               &options, on_result, read);
}

static void finish(struct observation *observation)
{
    struct observed *observed = observation->observed;
    observe_done *done = observation->done;
    void *context = observation->context;
    const unsigned calls = observation->calls;
    cleanup(free_pointer)
    char *trace = trace_of(observation);

    observation->observed = NULL;
    observe_cancel(observation);
    done(context, observed, calls, trace);
}

static void go_on(void *context)
{
    struct observation *observation = context;
    struct read *read;

    list_each(read, &observation->waiting, link)
    {
        if (observation->in_flight >= READS_AT_ONCE)
            return;
        start(observation, read);
    }
    if (observation->in_flight == 0 && list_is_empty(&observation->slowed))
        finish(observation);
}

/* ---- the whole ------------------------------------------------------------------------------- */

struct observation *observe_open(struct loop *loop, struct aws *aws, struct observe_memory *memory,
                                 const struct resource_list *resources, const bool *wanted,
                                 observe_done *done, void *context)
{
    struct observation *observation = memory_allocate(sizeof(*observation));

    *observation = (struct observation){
        .loop = loop,
        .aws = aws,
        .memory = memory,
        .resources = resources,
        .wanted = wanted,
        .observed = memory_allocate_array(resources->count + 1, sizeof(struct observed)),
        .done = done,
        .context = context,
    };
    list_init(&observation->waiting);
    list_init(&observation->under_way);
    list_init(&observation->slowed);
    timer_init(&observation->pause, loop, on_paused, observation);
    poke_init(&observation->poke, loop, go_on, observation);
    poke(&observation->poke);
    return observation;
}

struct observation *observe_start(struct loop *loop, struct aws *aws, struct observe_memory *memory,
                                  const struct desired *desired, const bool *wanted,
                                  observe_done *done, void *context)
{
    struct observation *observation =
        observe_open(loop, aws, memory, &desired->list, wanted, done, context);

    observation->desired = desired;
    observe_iam(observation);
    observe_routes(observation);
    observe_policies(observation);
    observe_tables(observation);
    return observation;
}

void observe_cancel(struct observation *observation)
{
    struct read *read;

    poke_cancel(&observation->poke);
    list_each(read, &observation->waiting, link)
    {
        free_read(read);
    }
    list_each(read, &observation->under_way, link)
    {
        free_read(read);
    }
    list_each(read, &observation->slowed, link)
    {
        free_read(read);
    }
    timer_stop(&observation->pause);
    for (size_t i = 0; observation->observed && i < observation->resources->count; i++)
        observed_free(&observation->observed[i]);
    free(observation->observed);
    map_free(&observation->iam);
    arena_free(&observation->arena);
    free(observation);
}
