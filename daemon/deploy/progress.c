#include "deploy/progress.h"

#include "aws/service_sagemaker.h"
#include "base/clock.h"
#include "base/list.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "deploy/record.h"
#include "net/timer.h"

#include <stdlib.h>

/* What nobody asked about for so long is forgotten. */
#define FORGET_MS 60000

/* One endpoint. */
struct look {
    struct list link;
    struct progress *progress;
    char *endpoint;
    struct aws_call *call; /* or NULL */
    cJSON *seen;           /* or NULL */
    int64_t asked_ms;      /* monotonic */
};

/* Somebody who waits. */
struct question {
    struct list link;
    struct timer timer;
    void (*done)(void *context);
    void *context;
};

struct progress {
    struct loop *loop;
    struct aws *aws;
    struct list looks;
    struct list questions;
    size_t under_way;
};

struct progress *progress_new(struct loop *loop, struct aws *aws)
{
    struct progress *progress = memory_allocate(sizeof(*progress));

    progress->loop = loop;
    progress->aws = aws;
    list_init(&progress->looks);
    list_init(&progress->questions);
    return progress;
}

static void answer(struct question *question)
{
    list_remove(&question->link);
    timer_stop(&question->timer);
    question->done(question->context);
    free(question);
}

static void answer_all(struct progress *progress)
{
    struct question *question;

    list_each(question, &progress->questions, link) answer(question);
}

static void forget(struct look *look)
{
    list_remove(&look->link);
    if (look->call)
        aws_call_cancel(look->call);
    cJSON_Delete(look->seen);
    free(look->endpoint);
    free(look);
}

void progress_free(struct progress *progress)
{
    struct look *look;

    if (!progress)
        return;
    list_each(look, &progress->looks, link) forget(look);
    answer_all(progress);
    free(progress);
}

bool progress_is_wanted(const cJSON *view)
{
    const char *state = json_get_text(view, "state");

    return text_equal(state, deployment_state_name(STATE_SETTLING)) ||
           text_equal(state, deployment_state_name(STATE_ROLLING_BACK));
}

/* ---- what is told of an answer --------------------------------------------------------------- */

static const struct sagemaker_production_variant *
find(const struct sagemaker_production_variant *variants, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (text_equal(variants[i].variant_name, name))
            return &variants[i];
    return NULL;
}

/* The stage that it is in: the one that began last. */
static const struct sagemaker_variant_status *
stage_of(const struct sagemaker_production_variant *variant)
{
    const struct sagemaker_variant_status *last = NULL;

    for (size_t i = 0; i < variant->variant_status_count; i++)
        if (!last || variant->variant_status[i].start_time_ms >= last->start_time_ms)
            last = &variant->variant_status[i];
    return last;
}

static void add_variants(cJSON *list, const struct sagemaker_production_variant *variants,
                         size_t count, const struct sagemaker_production_variant *before,
                         size_t before_count)
{
    for (size_t i = 0; i < count; i++) {
        const struct sagemaker_production_variant *variant = &variants[i];
        const struct sagemaker_production_variant *old =
            find(before, before_count, variant->variant_name);
        const struct sagemaker_variant_status *stage = stage_of(variant);
        cJSON *entry = cJSON_CreateObject();

        json_add_text(entry, "name", variant->variant_name);
        json_add_integer(entry, "current", variant->current_instance_count);
        json_add_integer(entry, "desired", variant->desired_instance_count);
        if (old)
            json_add_integer(entry, "before", old->current_instance_count);
        if (cJSON_IsNumber(variant->current_weight))
            json_put(entry, "weight", cJSON_CreateNumber(variant->current_weight->valuedouble));
        if (stage) {
            json_add_text(entry, "phase", stage->status);
            json_add_text(entry, "message", stage->status_message);
            if (stage->start_time_ms)
                json_add_integer(entry, "since_ms", stage->start_time_ms);
        }
        cJSON_AddItemToArray(list, entry);
    }
}

cJSON *progress_view(const struct sagemaker_describe_endpoint_output *endpoint)
{
    const struct sagemaker_pending_deployment *pending = &endpoint->pending_deployment;
    cJSON *view = cJSON_CreateObject();
    cJSON *list;

    json_add_text(view, "status", endpoint->endpoint_status);
    list = json_add_array(view, "variants");
    if (pending->production_variant_count > 0) {
        add_variants(list, pending->production_variants, pending->production_variant_count,
                     endpoint->production_variants, endpoint->production_variant_count);
        add_variants(list, pending->shadow_variants, pending->shadow_variant_count,
                     endpoint->shadow_variants, endpoint->shadow_variant_count);
    } else {
        add_variants(list, endpoint->production_variants, endpoint->production_variant_count, NULL,
                     0);
        add_variants(list, endpoint->shadow_variants, endpoint->shadow_variant_count, NULL, 0);
    }
    return view;
}

/* ---- looking --------------------------------------------------------------------------------- */

static void on_described(void *context, const struct aws_result *result)
{
    struct look *look = context;
    struct progress *progress = look->progress;
    char moment[TIME_TEXT_SIZE];

    look->call = NULL;
    progress->under_way--;
    if (result->ok) {
        int64_t now_ms = clock_wall_ms();

        cJSON_Delete(look->seen);
        look->seen = progress_view(result->output);
        json_add_text(look->seen, "seen", time_format(now_ms, moment));
        json_add_integer(look->seen, "seen_ms", now_ms);
    } else { /* what the machine asks tells of the trouble; here, nothing is shown */
        log_debug(&(struct log_fields){.error = &result->error},
                  "how far endpoint %s is cannot be told: %s", look->endpoint,
                  result->error.sentence);
        cJSON_Delete(steal_pointer(look->seen));
    }
    if (progress->under_way == 0)
        answer_all(progress);
}

static struct look *find_look(const struct progress *progress, const char *endpoint)
{
    struct look *look;

    list_each(look, &progress->looks, link)
    {
        if (text_equal(look->endpoint, endpoint))
            return look;
    }
    return NULL;
}

static void begin_look(struct progress *progress, const char *account, const char *endpoint)
{
    const struct sagemaker_describe_endpoint_input input = {.endpoint_name = endpoint};
    const struct aws_call_options options = {.once = true};
    struct look *look = find_look(progress, endpoint);

    if (!look) {
        look = memory_allocate(sizeof(*look));
        look->progress = progress;
        look->endpoint = text_copy(endpoint);
        list_append(&progress->looks, &look->link);
    } else if (look->call || clock_monotonic_ms() - look->asked_ms < PROGRESS_FRESH_MS) {
        return;
    }
    look->asked_ms = clock_monotonic_ms();
    look->call = aws_call_with(progress->aws, account, &sagemaker_describe_endpoint, &input,
                               &options, on_described, look);
    progress->under_way++;
}

static void forget_old(struct progress *progress)
{
    struct look *look;

    list_each(look, &progress->looks, link)
    {
        if (!look->call && clock_monotonic_ms() - look->asked_ms > FORGET_MS)
            forget(look);
    }
}

static void on_time(void *context)
{
    answer(context);
}

void progress_look(struct progress *progress, const char *account, const cJSON *views,
                   void (*done)(void *context), void *context)
{
    const cJSON *view;

    forget_old(progress);
    cJSON_ArrayForEach(view, views)
    {
        const char *endpoint = json_get_text(view, "endpoint");

        if (progress->under_way < PROGRESS_LOOKS && endpoint && progress_is_wanted(view))
            begin_look(progress, account, endpoint);
    }
    if (progress->under_way == 0) {
        done(context);
        return;
    }
    struct question *question = memory_allocate(sizeof(*question));

    question->done = done;
    question->context = context;
    list_append(&progress->questions, &question->link);
    timer_init(&question->timer, progress->loop, on_time, question);
    timer_start(&question->timer, PROGRESS_WAIT_MS);
}

void progress_add(const struct progress *progress, cJSON *view)
{
    const char *endpoint = json_get_text(view, "endpoint");
    const struct look *look = NULL;

    if (progress_is_wanted(view) && endpoint)
        look = find_look(progress, endpoint);
    if (look && look->seen)
        json_put(view, "rollout", cJSON_Duplicate(look->seen, true));
}
