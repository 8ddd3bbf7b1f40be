/* One call. Each wait has its handle in the struct (queue, keys, answer, back-off, bad news), and
 * at most one of them is pending:
 *
 *     begin -> queue -> keys -> sign, send -> answer -> done
 *       ^------------------- back-off ----------' */
#include "aws/codec.h"
#include "aws/credentials_internal.h"
#include "aws/sender_internal.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"
#include "base/time.h"

#include <stdlib.h>
#include <string.h>

enum {
    CONNECT_TIMEOUT_MS = 5000,
    STALL_TIMEOUT_MS = 30000,  /* AWS's own answers come within seconds */
    TOTAL_TIMEOUT_MS = 600000, /* against a server that says a byte now and then */
    /* A Date that differs by less is no reason to refuse a request, which AWS does at five minutes;
     * what is lacking is the way of the answer. */
    CLOCK_OFFSET_MINIMUM_MS = 240000,
    LARGE_ANSWER_BYTES = 4096,
};

struct aws_call {
    struct list link;      /* in the sender's calls */
    struct list in_queue;  /* pending: its turn */
    struct sender *sender; /* NULL where done has freed it */
    struct lane *lane;
    struct queue *queue;
    struct credentials *credentials;
    const struct aws_operation *operation;
    struct aws_call_options options;
    aws_done *done;
    void *context;
    const char *account;
    struct arena arena;         /* what lives as long as the call */
    struct arena attempt_arena; /* the signature and the answer of one attempt */
    struct aws_endpoint endpoint;
    struct aws_request request; /* as encoded; signed copies are made of it */
    const char *url;
    struct credentials_wait *keys; /* pending: keys */
    struct http_call *answer;      /* pending: the answer */
    struct timer back_off;         /* pending: the time for the next attempt */
    struct poke refuse;            /* pending: to say that nothing was sent */
    const char *access_key_id;     /* of the last attempt, in attempt_arena */
    int64_t sent_ms;
    unsigned attempts;
    int cost; /* of the last retry, in tokens */
    bool refreshed;
    bool uncertain;
    bool delivered; /* done is running */
    struct error error;
};

/* What one attempt came to. */
struct outcome {
    int status; /* 0 where no answer came */
    const void *output;
    const char *request_id;
    int64_t retry_after_ms; /* -1 where nothing was said of it */
    int64_t date_ms;        /* the answer's; -1 where it has none */
    bool was_sent;
    bool timed_out;
    struct error error; /* of class ERROR_NONE where it succeeded */
};

/* ---- beginning and end ----------------------------------------------------------------------- */

static void release(struct aws_call *call)
{
    list_remove(&call->link);
    list_remove(&call->in_queue);
    credentials_cancel(call->keys);
    http_cancel(call->answer);
    timer_stop(&call->back_off);
    poke_cancel(&call->refuse);
    credentials_free(call->credentials);
    arena_free(&call->attempt_arena);
    arena_free(&call->arena);
    free(call);
}

void aws_call_cancel(struct aws_call *call)
{
    if (call && !call->delivered)
        release(call);
}

bool call_let_go_of_credentials(struct list *in_sender)
{
    struct aws_call *call = container_of(in_sender, struct aws_call, link);

    if (!call->credentials)
        return false;
    credentials_cancel(steal_pointer(call->keys));
    credentials_free(steal_pointer(call->credentials));
    return true;
}

void call_abandon(struct list *in_sender)
{
    struct aws_call *call = container_of(in_sender, struct aws_call, link);

    if (!call->delivered) {
        release(call);
        return;
    }
    list_remove(&call->link); /* deliver() releases it */
    call->sender = NULL;
}

static void deliver(struct aws_call *call, const struct aws_result *result)
{
    call->delivered = true;
    call->done(call->context, result);
    release(call);
}

static void deliver_error(struct aws_call *call)
{
    struct aws_result result = {
        .error = call->error,
        .attempts = call->attempts,
        .uncertain = call->uncertain,
    };

    result.request_id = result.error.request_id;
    deliver(call, &result);
}

static void refuse(void *context)
{
    deliver_error(context);
}

static void try_again(void *context);

static struct aws_call *call_new(struct sender *sender, const struct aws_operation *operation,
                                 aws_done *done, void *context)
{
    struct aws_call *call = memory_allocate(sizeof(*call));

    call->sender = sender;
    call->operation = operation;
    call->done = done;
    call->context = context;
    list_init(&call->in_queue);
    list_init(&call->link);
    list_append(&sender->calls, &call->link);
    timer_init(&call->back_off, sender->settings.loop, try_again, call);
    poke_init(&call->refuse, sender->settings.loop, refuse, call);
    return call;
}

struct aws_call *sender_refuse(struct sender *sender, const struct aws_operation *operation,
                               const struct error *error, aws_done *done, void *context)
{
    struct aws_call *call = call_new(sender, operation, done, context);

    call->error = *error;
    poke(&call->refuse);
    return call;
}

static int encode(struct aws_call *call, const struct sender_order *order)
{
    struct aws_request *request = &call->request;

    if (aws_encode(&call->arena, order->operation, order->input, request, &call->error) != 0)
        return -1;
    aws_request_add_header(request, "user-agent", "causeway/" CAUSEWAY_VERSION);
    if (request->url) {
        call->url = request->url;
        return 0;
    }
    if (aws_endpoint_resolve(&call->arena, order->operation->service, order->region,
                             &call->sender->settings.endpoints, &call->endpoint, &call->error) != 0)
        return -1;
    request->host = call->endpoint.host;
    request->path = arena_printf(&call->arena, "%s%s", call->endpoint.path, request->path);
    call->url = arena_printf(&call->arena, "%s%s%s%s", call->endpoint.base_url, request->path,
                             *request->query ? "?" : "", request->query);
    return 0;
}

static void begin(struct aws_call *call)
{
    arena_free(&call->attempt_arena);
    call->attempt_arena.block_size = 0; /* the last answer may have been a large one */
    list_append(&call->queue->waiting, &call->in_queue);
    if (!timer_is_running(&call->queue->timer))
        queue_look(call->queue);
}

static void try_again(void *context)
{
    begin(context);
}

struct aws_call *sender_call(struct sender *sender, const struct sender_order *order,
                             aws_done *done, void *context)
{
    struct aws_call *call = call_new(sender, order->operation, done, context);

    call->account = arena_copy(&call->arena, order->account);
    if (order->options)
        call->options = *order->options;
    if (!order->operation->anonymous)
        call->credentials = credentials_retain(order->credentials);
    if (encode(call, order) != 0) {
        error_prefix(&call->error, "%s: ", order->operation->name);
        poke(&call->refuse);
        return call;
    }
    call->lane = sender_lane(sender, order->account, order->operation->service);
    call->queue = sender_queue(sender, order->account, order->operation);
    begin(call);
    return call;
}

/* ---- what an answer says --------------------------------------------------------------------- */

/* Seconds, or milliseconds in AWS's own header. A date, which HTTP allows too, is not obeyed. */
static int64_t retry_after_ms(const struct http_response *response)
{
    const char *own = http_response_header(response, "x-amz-retry-after");
    const char *common = http_response_header(response, "retry-after");
    uint64_t number;

    if (own && text_to_u64(own, &number) && number <= RETRY_BACKOFF_MAXIMUM_MS)
        return (int64_t)number;
    if (common && text_to_u64(common, &number))
        return number < RETRY_BACKOFF_MAXIMUM_MS / 1000 ? (int64_t)number * 1000
                                                        : RETRY_BACKOFF_MAXIMUM_MS;
    return -1;
}

/* What is to be decoded of the answer, which is in the attempt's arena where it is not the whole.
 */
static void sift(struct aws_call *call, struct aws_response *response)
{
    struct buffer rest = BUFFER(response->body_length);

    if (response->status < 200 || response->status > 299 ||
        !call->options.sift(call->context, response->body, response->body_length, &rest)) {
        buffer_free(&rest);
        return;
    }
    response->body_length = rest.length;
    char *body = buffer_take(&rest);

    arena_adopt(&call->attempt_arena, body, free);
    response->body = body;
}

static void read_answer(struct aws_call *call, const struct http_response *http,
                        struct outcome *outcome)
{
    struct aws_header *headers =
        arena_allocate_array(&call->attempt_arena, http->header_count, sizeof(*headers));
    struct aws_response response = {
        .status = http->status,
        .headers = headers,
        .header_count = http->header_count,
        .body = http->body,
        .body_length = http->body_length,
    };
    const char *date = http_response_header(http, "date");

    for (size_t i = 0; i < http->header_count; i++)
        headers[i] = (struct aws_header){http->headers[i].name, http->headers[i].value};
    outcome->status = http->status;
    outcome->was_sent = true;
    outcome->retry_after_ms = retry_after_ms(http);
    if (!date || !time_parse_http(date, &outcome->date_ms))
        outcome->date_ms = -1;
    if (call->options.sift)
        sift(call, &response);
    /* What is decoded of a large answer is hardly longer than it, and lies in one piece. */
    if (response.body_length > LARGE_ANSWER_BYTES)
        call->attempt_arena.block_size = response.body_length;
    if (aws_decode(&call->attempt_arena, call->operation, &response, &outcome->output,
                   &outcome->error) != 0)
        return;
    outcome->request_id = codec_request_id(&response);
}

/* How far the answer's clock is from the one we signed with; 0 where that explains nothing. */
static int64_t clock_error_ms(const struct aws_call *call, const struct outcome *outcome)
{
    if (outcome->date_ms < 0)
        return 0;
    int64_t off_ms = outcome->date_ms - (clock_wall_ms() + call->lane->clock_offset_ms);

    return llabs(off_ms) >= CLOCK_OFFSET_MINIMUM_MS ? off_ms : 0;
}

/* These codes have other reasons too: then the class is what is left. */
static void correct_class(const struct aws_call *call, struct outcome *outcome)
{
    if (outcome->error.class == ERROR_CLOCK_SKEW && clock_error_ms(call, outcome) == 0)
        outcome->error.class =
            text_equal(outcome->error.code, "RequestExpired") ? ERROR_EXPIRED : ERROR_DENIED;
    if (!text_equal(call->operation->method, "HEAD"))
        return;
    /* The answer to a HEAD has no body that could say RequestTimeTooSkewed, or, where S3 answers
     * 400, ExpiredToken: with new keys, once, it is seen whether that was it. */
    if (outcome->error.class == ERROR_DENIED && clock_error_ms(call, outcome) != 0)
        outcome->error.class = ERROR_CLOCK_SKEW;
    if (outcome->status == 400 && outcome->error.class == ERROR_INVALID && !call->refreshed)
        outcome->error.class = ERROR_EXPIRED;
}

/* ---- after an attempt ------------------------------------------------------------------------ */

static void observe(const struct aws_call *call, const struct outcome *outcome)
{
    const struct sender *sender = call->sender;
    const struct aws_attempt attempt = {
        .account = call->account,
        .operation = call->operation,
        .attempt = call->attempts,
        .status = outcome->status,
        .class = outcome->error.class,
        .elapsed_ms = loop_now_ms(sender->settings.loop) - call->sent_ms,
    };

    if (sender->observer)
        sender->observer(sender->observer_context, &attempt);
}

/* Whether the service may have done what was asked and we do not know: it was cut off, or failed
 * in the middle of it. What it refused it did not do. */
static bool is_uncertain(const struct outcome *outcome)
{
    if (outcome->status == 0)
        return outcome->was_sent;
    return outcome->error.class == ERROR_TRANSIENT || outcome->error.class == ERROR_UNKNOWN;
}

static void refresh(struct aws_call *call, const struct outcome *outcome)
{
    call->refreshed = true;
    if (outcome->error.class == ERROR_CLOCK_SKEW)
        call->lane->clock_offset_ms += clock_error_ms(call, outcome);
    else if (call->credentials)
        credentials_invalidate(call->credentials, call->access_key_id);
}

static struct retry_decision decide(struct aws_call *call, const struct outcome *outcome)
{
    const struct retry_input input = {
        .attempt = call->attempts,
        .class = outcome->error.class,
        .timed_out = outcome->timed_out,
        .idempotent = call->operation->idempotent,
        .was_sent = outcome->was_sent,
        .refreshed = call->refreshed,
        .retry_after_ms = outcome->retry_after_ms,
        .draw = random_fraction(),
    };
    const bool is_refresh = input.class == ERROR_EXPIRED || input.class == ERROR_CLOCK_SKEW;

    if (call->options.once && !is_refresh)
        return (struct retry_decision){.action = RETRY_GIVE_UP};
    return retry_decide(&call->lane->bucket, &input);
}

static void failed(struct aws_call *call, const struct outcome *outcome)
{
    call->error = outcome->error;
    call->uncertain = call->uncertain || is_uncertain(outcome);
    const struct retry_decision decision = decide(call, outcome);

    switch (decision.action) {
    case RETRY_GIVE_UP:
        deliver_error(call);
        break;
    case RETRY_WAIT:
        call->cost = decision.cost;
        timer_start(&call->back_off, decision.delay_ms);
        break;
    case RETRY_REFRESH:
        refresh(call, outcome);
        begin(call);
        break;
    }
}

static void succeeded(struct aws_call *call, const struct outcome *outcome)
{
    const struct aws_result result = {
        .ok = true,
        .output = outcome->output,
        .request_id = outcome->request_id,
        .attempts = call->attempts,
    };

    retry_succeeded(&call->lane->bucket, call->cost);
    deliver(call, &result);
}

/* What the answer says about how fast the others may follow; who waited for it goes on. */
static void pace(const struct aws_call *call, const struct outcome *outcome)
{
    const int64_t now_ms = loop_now_ms(call->sender->settings.loop);

    if (outcome->error.class == ERROR_THROTTLED)
        pacing_throttled(&call->queue->pacing, now_ms);
    else if (outcome->status != 0)
        pacing_accepted(&call->queue->pacing, now_ms);
    queue_look(call->queue);
}

static void answered(void *context, const struct http_response *response,
                     const struct error *trouble)
{
    struct aws_call *call = context;
    struct outcome outcome = {.retry_after_ms = -1, .date_ms = -1};

    if (response) {
        read_answer(call, response, &outcome);
        correct_class(call, &outcome);
    } else {
        outcome.error = *trouble;
        outcome.was_sent = http_was_sent(call->answer);
        outcome.timed_out = http_timed_out(call->answer);
        error_prefix(&outcome.error, "%s: ", call->operation->name);
    }
    call->answer = NULL;
    observe(call, &outcome);
    pace(call, &outcome);
    if (outcome.error.class == ERROR_NONE)
        succeeded(call, &outcome);
    else
        failed(call, &outcome);
}

/* ---- sending --------------------------------------------------------------------------------- */

static void send_request(struct aws_call *call, const struct aws_request *request)
{
    const struct aws_operation *operation = call->operation;
    const int64_t stall_ms =
        operation->stall_timeout_ms ? operation->stall_timeout_ms : STALL_TIMEOUT_MS;
    struct http_header headers[AWS_HEADERS_MAX];

    for (size_t i = 0; i < request->header_count; i++)
        headers[i] = (struct http_header){request->headers[i].name, request->headers[i].value};
    const struct http_request http = {
        .method = request->method,
        .url = call->url,
        .headers = headers,
        .header_count = request->header_count,
        .body = request->body,
        .body_length = request->body_length,
        .connect_timeout_ms = CONNECT_TIMEOUT_MS,
        .stall_timeout_ms = stall_ms + call->options.extra_wait_ms,
        .total_timeout_ms = TOTAL_TIMEOUT_MS + call->options.extra_wait_ms,
        .response_maximum = codec_response_maximum(operation),
        .never_twice = !operation->idempotent,
    };

    call->attempts++;
    call->sent_ms = loop_now_ms(call->sender->settings.loop);
    call->answer = http_start(call->sender->settings.http, &http, answered, call);
}

static void sign_and_send(struct aws_call *call, const struct aws_keys *keys)
{
    const bool is_s3 = call->operation->service->protocol == AWS_REST_XML;
    struct aws_request request = call->request;
    const struct aws_signing signing = {
        .keys = keys,
        .region = call->endpoint.signing_region,
        .service = call->operation->service->signing_name,
        .now_ms = clock_wall_ms() + call->lane->clock_offset_ms,
        .normalize_path = !is_s3,
        .sign_body = is_s3,
        .cache = &call->lane->signing_key,
    };

    call->access_key_id = arena_copy(&call->attempt_arena, keys->access_key_id);
    aws_sign(&call->attempt_arena, &request, &signing);
    send_request(call, &request);
}

static void keys_came(void *context, const struct aws_keys *keys, const struct error *error)
{
    struct aws_call *call = context;

    call->keys = NULL;
    if (keys) {
        sign_and_send(call, keys);
        return;
    }
    call->error = *error;
    error_prefix(&call->error, "%s: no credentials: ", call->operation->name);
    deliver_error(call);
}

void call_go_on(struct list *in_queue)
{
    struct aws_call *call = container_of(in_queue, struct aws_call, in_queue);
    struct aws_keys keys;

    if (!call->credentials)
        send_request(call, &call->request);
    else if (credentials_at_hand(call->credentials, &keys))
        sign_and_send(call, &keys);
    else
        call->keys = credentials_get(call->credentials, keys_came, call);
}
