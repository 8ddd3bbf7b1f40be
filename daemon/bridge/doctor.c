#include "bridge/doctor.h"

#include "aws/service_events.h"
#include "aws/service_sts.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"
#include "bridge/hop.h"
#include "net/timer.h"

#include <stdlib.h>

#define CANARY_SOURCE "causeway"
#define CANARY_TYPE "Causeway Canary"
/* Events cross two buses in half a second, mostly; AWS promises nothing. */
#define CANARY_WAIT_MS 30000

enum { ID_DIGITS = 16 };

struct doctor {
    struct loop *loop;
    struct aws *aws;
    const struct config *config;
    const char *principal;
    bridge_answer *answer;
    void *context;
    void (*ended)(void *context, struct doctor *doctor);
    void *ended_context;
    cJSON *view;
    cJSON *hops;
    cJSON *early_hops; /* what the plan says of the canary's way, */
    cJSON *late_hops;  /* and of what comes behind it */
    struct aws_call *call;
    struct timer wait;
    char id[ID_DIGITS + 1];
    int64_t asked_ms;
    int64_t sent_ms;      /* of the canary, by the loop's clock */
    int64_t sent_wall_ms; /* the same by the wall's */
    cJSON *times;         /* the view's */
};

/* ---- hops ------------------------------------------------------------------------------------ */

static cJSON *add_hop(cJSON *list, const char *name, bool ok, const char *sentence)
{
    cJSON *hop = cJSON_CreateObject();

    json_add_text(hop, "hop", name);
    json_add_bool(hop, "ok", ok);
    json_add_text(hop, "sentence", sentence);
    cJSON_AddItemToArray(list, hop);
    return hop;
}

static void add_took(struct doctor *doctor, const char *hop, int64_t took_ms)
{
    cJSON *time = cJSON_CreateObject();

    json_add_text(time, "hop", hop);
    json_add_integer(time, "took_ms", took_ms);
    cJSON_AddItemToArray(doctor->times, time);
}

static void add_time(struct doctor *doctor, const char *hop, int64_t since_ms)
{
    add_took(doctor, hop, loop_now_ms(doctor->loop) - since_ms);
}

static void move_hops(cJSON *to, cJSON *from)
{
    cJSON *hop;

    while ((hop = cJSON_DetachItemFromArray(from, 0)))
        cJSON_AddItemToArray(to, hop);
}

/* The resources that a hop consists of: a kind in one of the two accounts, "" for any name. */
static const struct hop {
    const char *name;
    enum resource_kind kind;
    bool in_staging;
    const char *resource;
    bool behind_canary;
} hops[] = {
    {"rule in staging", RESOURCE_EVENT_RULE, true, "", false},
    {"role of that rule", RESOURCE_IAM_ROLE, true, "causeway-forward", false},
    {"bus in production", RESOURCE_EVENT_BUS, false, "", false},
    {"rules in production", RESOURCE_EVENT_RULE, false, "", false},
    {"queue", RESOURCE_SQS_QUEUE, false, "", false},
    {"roles in staging", RESOURCE_IAM_ROLE, true, "", true},
    {"buckets", RESOURCE_S3_BUCKET_POLICY, true, "", true},
    {"keys", RESOURCE_KMS_KEY_POLICY, true, "", true},
    {"groups of model packages", RESOURCE_PACKAGE_GROUP_POLICY, true, "", true},
    {"repositories", RESOURCE_ECR_REPOSITORY, true, "", true},
    {"roles in production", RESOURCE_IAM_ROLE, false, "", true},
    {"table that the daemons share", RESOURCE_DYNAMODB_TABLE, false, "", true},
};

static bool belongs(const struct doctor *doctor, const struct hop *hop,
                    const struct resource *resource)
{
    const struct config_bridge *bridge = doctor->config->bridge;

    return resource->kind == hop->kind && !resource->orphan &&
           text_equal(resource->account, hop->in_staging ? bridge->from : bridge->to) &&
           (!*hop->resource || text_equal(resource->name, hop->resource));
}

/* The entry's resource breaks the hop: what is wrong with it, and what nobody may do any more. */
static void add_broken(struct doctor *doctor, cJSON *list, const char *name,
                       const struct plan_entry *entry, const struct pass_outcome *outcome)
{
    cleanup(arena_free)
    struct arena arena = {0};
    cleanup(free_pointer)
    char *sentence =
        text_printf("%s is %s%s%s", entry->resource->key, plan_verdict_name(entry->verdict),
                    entry->note ? ": " : "", entry->note ? entry->note : "");
    const char *missing = NULL;
    cJSON *hop = add_hop(list, name, false, sentence);

    json_add_text(hop, "difference", entry->difference);
    if (entry->verdict == PLAN_UNREADABLE)
        return;
    missing = hop_missing(&arena, doctor->config, doctor->principal, outcome->resources,
                          outcome->observed, entry->resource);
    if (missing)
        json_add_text(hop, "missing", missing);
}

static void examine_hop(struct doctor *doctor, const struct hop *hop,
                        const struct pass_outcome *outcome)
{
    const struct plan *plan = outcome->plan;
    cJSON *list = hop->behind_canary ? doctor->late_hops : doctor->early_hops;
    size_t count = 0;

    for (size_t i = 0; i < plan->entry_count; i++) {
        const struct plan_entry *entry = &plan->entries[i];

        if (!belongs(doctor, hop, entry->resource))
            continue;
        count++;
        if (entry->verdict == PLAN_SAME)
            continue;
        add_broken(doctor, list, hop->name, entry, outcome);
        return;
    }
    if (count > 0) {
        cleanup(free_pointer)
        char *sentence = text_printf("%zu as the file says", count);

        add_hop(list, hop->name, true, sentence);
    }
}

/* ---- the end --------------------------------------------------------------------------------- */

static void free_doctor(struct doctor *doctor)
{
    if (doctor->call)
        aws_call_cancel(doctor->call);
    timer_stop(&doctor->wait);
    cJSON_Delete(doctor->view);
    cJSON_Delete(doctor->early_hops);
    cJSON_Delete(doctor->late_hops);
    free(doctor);
}

static void end(struct doctor *doctor, const cJSON *view, const struct error *error)
{
    if (doctor->ended)
        doctor->ended(doctor->ended_context, doctor);
    doctor->answer(doctor->context, view, error);
    free_doctor(doctor);
}

static void conclude(struct doctor *doctor)
{
    const char *broken = NULL;
    const cJSON *hop;

    move_hops(doctor->hops, doctor->late_hops);
    cJSON_ArrayForEach(hop, doctor->hops)
    {
        if (!broken && !json_get_bool(hop, "ok", false))
            broken = json_get_text(hop, "hop");
    }
    json_add_bool(doctor->view, "healthy", !broken);
    json_add_text(doctor->view, "broken", broken);
    end(doctor, doctor->view, NULL);
}

void doctor_cancel(struct doctor *doctor, const struct error *error)
{
    end(doctor, NULL, error);
}

/* ---- the canary ------------------------------------------------------------------------------ */

bool doctor_is_canary(const cJSON *event)
{
    return text_equal(json_get_text(event, "source"), CANARY_SOURCE) &&
           text_equal(json_get_text(event, "detail-type"), CANARY_TYPE);
}

/* Where SQS's clock is not ours, neither part is longer than the whole. */
static void add_way(struct doctor *doctor, int64_t took_ms, int64_t sent_ms)
{
    int64_t over_buses_ms = sent_ms - doctor->sent_wall_ms;

    if (over_buses_ms < 0)
        over_buses_ms = 0;
    if (sent_ms == 0 || over_buses_ms > took_ms)
        over_buses_ms = took_ms;
    add_took(doctor, "staging to queue", over_buses_ms);
    if (sent_ms)
        add_took(doctor, "queue to causewayd", took_ms - over_buses_ms);
}

void doctor_see(struct doctor *doctor, const cJSON *event, int64_t sent_ms)
{
    if (!timer_is_running(&doctor->wait) ||
        !text_equal(json_get_text(json_get(event, "detail"), "id"), doctor->id))
        return;
    const int64_t took_ms = loop_now_ms(doctor->loop) - doctor->sent_ms;
    cleanup(free_pointer)
    char *sentence = text_printf("an event from staging arrived after %lld ms", (long long)took_ms);

    add_hop(doctor->hops, "canary", true, sentence);
    json_add_integer(doctor->view, "canary_ms", took_ms);
    add_way(doctor, took_ms, sent_ms);
    conclude(doctor);
}

static void on_waited(void *context)
{
    struct doctor *doctor = context;

    add_hop(doctor->hops, "canary", false,
            "an event that was put on staging's bus did not arrive in the queue within 30 s");
    conclude(doctor);
}

static void on_sent(void *context, const struct aws_result *result)
{
    struct doctor *doctor = context;
    const struct events_put_events_output *answer = result->output;

    doctor->call = NULL;
    if (result->ok && answer->failed_entry_count == 0) {
        add_time(doctor, "bus in staging", doctor->sent_ms);
        return;
    }
    add_hop(doctor->hops, "canary", false,
            result->ok ? "staging's bus did not take the event" : result->error.sentence);
    conclude(doctor);
}

/* The wait begins with the call: the event may be there before the answer is. */
static void send_canary(struct doctor *doctor)
{
    cleanup(free_pointer)
    char *detail = text_printf("{\"id\":\"%s\"}", doctor->id);
    const struct events_entry entry = {
        .source = CANARY_SOURCE,
        .detail_type = CANARY_TYPE,
        .detail = detail,
    };

    doctor->sent_ms = loop_now_ms(doctor->loop);
    doctor->sent_wall_ms = clock_wall_ms();
    timer_start(&doctor->wait, CANARY_WAIT_MS);
    doctor->call = aws_call(doctor->aws, doctor->config->bridge->from, &events_put_events,
                            &(struct events_put_events_input){&entry, 1}, on_sent, doctor);
}

/* ---- the examination ------------------------------------------------------------------------- */

static void on_assumed(void *context, const struct aws_result *result)
{
    struct doctor *doctor = context;
    cleanup(free_pointer)
    char *sentence = NULL;

    doctor->call = NULL;
    if (result->ok) {
        add_time(doctor, "role in staging", doctor->asked_ms);
        const struct sts_get_caller_identity_output *answer = result->output;

        sentence = text_printf("the daemon is %s in staging", answer->arn);
    } else {
        sentence = text_printf("staging does not let the daemon in: %s", result->error.sentence);
    }
    add_hop(doctor->hops, "role in staging", result->ok, sentence);
    move_hops(doctor->hops, doctor->early_hops);
    if (result->ok)
        send_canary(doctor);
    else
        conclude(doctor);
}

void doctor_examine(struct doctor *doctor, const struct pass_outcome *outcome)
{
    for (size_t i = 0; i < array_length(hops); i++)
        examine_hop(doctor, &hops[i], outcome);
    doctor->asked_ms = loop_now_ms(doctor->loop);
    doctor->call = aws_call(doctor->aws, doctor->config->bridge->from, &sts_get_caller_identity,
                            NULL, on_assumed, doctor);
}

struct doctor *doctor_new(struct loop *loop, struct aws *aws, const struct config *config,
                          const char *principal, bridge_answer *answer, void *context)
{
    struct doctor *doctor = memory_allocate(sizeof(*doctor));

    *doctor = (struct doctor){
        .loop = loop,
        .aws = aws,
        .config = config,
        .principal = principal,
        .answer = answer,
        .context = context,
        .view = cJSON_CreateObject(),
        .early_hops = cJSON_CreateArray(),
        .late_hops = cJSON_CreateArray(),
    };
    doctor->hops = json_add_array(doctor->view, "hops");
    doctor->times = json_add_array(doctor->view, "times");
    add_hop(doctor->hops, "credentials", true, "AWS knows the daemon's own credentials");
    timer_init(&doctor->wait, loop, on_waited, doctor);
    random_hex(doctor->id, ID_DIGITS);
    return doctor;
}

void doctor_on_end(struct doctor *doctor, void (*ended)(void *context, struct doctor *doctor),
                   void *context)
{
    doctor->ended = ended;
    doctor->ended_context = context;
}
