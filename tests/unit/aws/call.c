/* One call after the other against a server that answers what the test says. */
#include "aws/world.h"

#include "aws/retry.h"
#include "aws/service_s3.h"
#include "aws/service_sqs.h"
#include "aws/service_sts.h"
#include "base/time.h"

/* ---- keys that are the test's own ------------------------------------------------------------ */

static int fetches;

static void fetch(struct source *source)
{
    struct credentials_set set;
    struct error error;
    char key[32];

    snprintf(key, sizeof(key), "KEY%d", ++fetches);
    assert_int_equal(credentials_set_fill(&set, key, "secret", NULL, &error), 0);
    source_succeeded(source, &set);
}

static void cancel(struct source *source)
{
    (void)source;
}

static void free_source(struct source *source)
{
    free(source);
}

static const struct source_kind kind = {fetch, cancel, free_source, false};
static struct credentials *credentials;

static void given_answers(const struct server_answer *answers, size_t count)
{
    struct source *source = memory_allocate(sizeof(*source));

    given(answers, count);
    fetches = 0;
    source->kind = &kind;
    source->name = text_copy("fake");
    credentials = credentials_new(world.loop, source);
}

static void end_all(void)
{
    sender_free(steal_pointer(world.sender));
    credentials_free(credentials);
    end();
}

/* ---- calls ----------------------------------------------------------------------------------- */

struct told {
    int times;
    struct aws_result result; /* without its output */
    char output[64];
    char request_id[64];
    struct aws_call *call;
    void (*then)(struct told *told);
};

static void called_back(void *context, const struct aws_result *result)
{
    struct told *told = context;

    told->times++;
    told->result = *result;
    told->call = NULL;
    text_fill(told->request_id, sizeof(told->request_id), result->request_id);
    if (told->then)
        told->then(told);
    came();
}

static void identity_came(void *context, const struct aws_result *result)
{
    struct told *told = context;
    const struct sts_get_caller_identity_output *output = result->output;

    if (result->ok)
        text_fill(told->output, sizeof(told->output), output->account);
    called_back(context, result);
}

static void start(struct told *told, const struct aws_operation *operation, const void *input,
                  const struct aws_call_options *options)
{
    const struct sender_order order = {
        .account = "prod",
        .region = "us-east-1",
        .credentials = operation->anonymous ? NULL : credentials,
        .operation = operation,
        .input = input,
        .options = options,
    };

    *told = (struct told){.then = told->then};
    world.waiting++;
    told->call =
        sender_call(world.sender, &order,
                    operation == &sts_get_caller_identity ? identity_came : called_back, told);
    assert_int_equal(told->times, 0);
}

static struct told who_am_i(void)
{
    struct told told = {0};

    start(&told, &sts_get_caller_identity, NULL, NULL);
    run();
    return told;
}

/* As if every message counted. */
static struct told send_message(void)
{
    struct aws_operation operation = sqs_send_message;
    const struct sqs_send_message_input input = {.queue_url = "https://q", .message_body = "m"};
    struct told told = {0};

    operation.idempotent = false;
    start(&told, &operation, &input, NULL);
    run();
    return told;
}

#define IDENTITY                                                                                 \
    ANSWER("200 OK", "x-amzn-requestid: request-1\r\n",                                          \
           "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account>" \
           "</GetCallerIdentityResult></GetCallerIdentityResponse>")
#define FAILURE(status_, headers_, code_)                                              \
    ANSWER(status_, headers_,                                                          \
           "<ErrorResponse><Error><Code>" code_ "</Code><Message>no</Message></Error>" \
           "<RequestId>request-2</RequestId></ErrorResponse>")
#define SENT ANSWER("200 OK", "", "{\"MessageId\":\"m\",\"MD5OfMessageBody\":\"d\"}")

static const struct server_answer identity = {IDENTITY, .then = SERVER_CLOSE};

/* ---- tests ----------------------------------------------------------------------------------- */

static void a_call_is_encoded_signed_sent_and_decoded(void **state)
{
    (void)state;
    given_answers(&identity, 1);
    struct told told = who_am_i();

    assert_true(told.result.ok);
    assert_string_equal(told.output, "123456789012");
    assert_string_equal(told.request_id, "request-1");
    assert_int_equal(told.result.attempts, 1);
    assert_contains(request(0), "POST / HTTP/1.1\r\n");
    assert_contains(request(0), "user-agent: causeway/");
    assert_contains(request(0), "x-amz-date: 20261120T093000Z\r\n");
    assert_contains(request(0), "Credential=KEY1/20261120/us-east-1/sts/aws4_request, "
                                "SignedHeaders=content-type;host;x-amz-date, Signature=");
    assert_contains(request(0), "\r\n\r\nAction=GetCallerIdentity&Version=2011-06-15");
    end_all();
}

static void an_overriding_url_s_path_stands_before_the_request_s(void **state)
{
    const struct server_answer answer = {ANSWER("200 OK", "", "body"), .then = SERVER_CLOSE};
    const struct s3_get_object_input input = {.bucket = "b", .key = "a b/c", .version_id = "v 1"};
    struct told told = {0};

    (void)state;
    given_answers(&answer, 1);
    cleanup(free_pointer)
    char *url = text_printf("%s/before/", world.url);

    given_variable("AWS_ENDPOINT_URL_S3", url);
    start(&told, &s3_get_object, &input, NULL);
    run();
    assert_true(told.result.ok);
    assert_contains(request(0), "GET /before/b/a%20b/c?versionId=v%201 HTTP/1.1\r\n");
    assert_contains(request(0), "x-amz-content-sha256: e3b0c44298fc1c149afbf4c8996fb924");
    end_all();
}

static bool sift(void *context, const char *body, size_t length, struct buffer *rest)
{
    const char *account = strstr(body, "123456789012");

    (void)context;
    if (!account)
        return false;
    buffer_append(rest, body, (size_t)(account - body));
    buffer_append_text(rest, "2");
    account += strlen("123456789012");
    buffer_append(rest, account, length - (size_t)(account - body));
    return true;
}

static void what_is_left_of_an_answer_is_decoded_and_errors_are_left_whole(void **state)
{
    static const struct aws_call_options options = {.sift = sift};
    const struct server_answer answers[] = {
        {FAILURE("500 X", "", "InternalError123456789012"), .then = SERVER_CLOSE},
        {IDENTITY, .then = SERVER_CLOSE},
    };
    struct told told = {0};

    (void)state;
    given_answers(answers, 2);
    start(&told, &sts_get_caller_identity, NULL, &options);
    run();
    assert_true(told.result.ok);
    assert_int_equal(told.result.attempts, 2);
    assert_string_equal(told.output, "2");
    end_all();
}

static void what_cannot_be_sifted_is_decoded_as_it_came(void **state)
{
    static const struct aws_call_options options = {.sift = sift};
    const struct server_answer answer = {
        ANSWER("200 OK", "",
               "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>3</Account>"
               "</GetCallerIdentityResult></GetCallerIdentityResponse>"),
        .then = SERVER_CLOSE};
    struct told told = {0};

    (void)state;
    given_answers(&answer, 1);
    start(&told, &sts_get_caller_identity, NULL, &options);
    run();
    assert_string_equal(told.output, "3");
    end_all();
}

static void what_may_pass_by_itself_is_tried_again_twice_at_most(void **state)
{
    const struct server_answer answers[] = {
        {FAILURE("500 Oops", "", "InternalFailure"), .then = SERVER_CLOSE},
        {FAILURE("400 Bad", "", "Throttling"), .then = SERVER_CLOSE},
        {IDENTITY, .then = SERVER_CLOSE},
        {FAILURE("503 Oops", "", "ServiceUnavailable"), .then = SERVER_CLOSE},
    };

    (void)state;
    given_answers(answers, array_length(answers));
    struct told told = who_am_i();

    assert_true(told.result.ok);
    assert_int_equal(told.result.attempts, 3);
    told = who_am_i();
    assert_false(told.result.ok);
    assert_int_equal(told.result.attempts, 3);
    assert_int_equal(told.result.error.class, ERROR_TRANSIENT);
    assert_string_equal(told.result.error.sentence, "GetCallerIdentity: no");
    assert_string_equal(told.request_id, "request-2");
    assert_true(told.result.uncertain);
    assert_int_equal(world.server->requests, 6);
    end_all();
}

static void what_is_refused_is_final_and_certain(void **state)
{
    const struct server_answer answer = {FAILURE("403 No", "", "AccessDenied"),
                                         .then = SERVER_CLOSE};

    (void)state;
    given_answers(&answer, 1);
    struct told told = who_am_i();

    assert_int_equal(told.result.error.class, ERROR_DENIED);
    assert_int_equal(told.result.attempts, 1);
    assert_false(told.result.uncertain);
    end_all();
}

static void what_was_cut_off_is_not_sent_twice_unless_it_may_be(void **state)
{
    const struct server_answer answers[] = {
        {.then = SERVER_RESET},
        {SENT, .then = SERVER_CLOSE},
        {.then = SERVER_RESET},
        {IDENTITY, .then = SERVER_CLOSE},
    };

    (void)state;
    given_answers(answers, array_length(answers));
    struct told told = send_message();

    assert_int_equal(told.result.error.class, ERROR_TRANSIENT);
    assert_int_equal(told.result.attempts, 1);
    assert_true(told.result.uncertain);
    assert_true(send_message().result.ok);
    told = who_am_i();
    assert_true(told.result.ok);
    assert_int_equal(told.result.attempts, 2);
    assert_false(told.result.uncertain);
    end_all();
}

#define SENT_AND_KEPT                               \
    "HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n" \
    "{\"MessageId\":\"m\",\"MD5OfMessageBody\":\"d\"}"

/* libcurl would do so by itself. */
static void nor_on_a_connection_that_was_kept(void **state)
{
    const struct server_answer answers[] = {
        {SENT_AND_KEPT, .then = SERVER_KEEP}, {.then = SERVER_RESET}, {SENT, .then = SERVER_CLOSE}};

    (void)state;
    given_answers(answers, array_length(answers));
    assert_true(send_message().result.ok);
    assert_true(send_message().result.uncertain);
    assert_int_equal(world.server->requests, 2);
    end_all();
}

static void what_never_reached_anybody_is_sent_again(void **state)
{
    (void)state;
    given_answers(NULL, 0); /* nobody listens at port 1 */
    struct told told = send_message();

    assert_int_equal(told.result.error.class, ERROR_TRANSIENT);
    assert_int_equal(told.result.attempts, 3);
    assert_false(told.result.uncertain);
    assert_contains(told.result.error.sentence, "SendMessage: could not connect to 127.0.0.1:1");
    end_all();
}

static void a_caller_with_an_idea_of_its_own_has_one_attempt(void **state)
{
    const struct server_answer answer = {FAILURE("400 Bad", "", "Throttling"),
                                         .then = SERVER_CLOSE};
    const struct aws_call_options once = {.once = true};
    struct told told = {0};

    (void)state;
    given_answers(&answer, 1);
    start(&told, &sts_get_caller_identity, NULL, &once);
    run();
    assert_int_equal(told.result.error.class, ERROR_THROTTLED);
    assert_int_equal(told.result.attempts, 1);
    end_all();
}

static void refused_keys_are_renewed_once(void **state)
{
    const struct server_answer answers[] = {
        {FAILURE("403 No", "", "ExpiredToken"), .then = SERVER_CLOSE},
        {IDENTITY, .then = SERVER_CLOSE},
        {FAILURE("403 No", "", "ExpiredToken"), .then = SERVER_CLOSE},
    };

    (void)state;
    given_answers(answers, array_length(answers));
    struct told told = who_am_i();

    assert_true(told.result.ok);
    assert_int_equal(told.result.attempts, 2);
    assert_contains(request(0), "Credential=KEY1/");
    assert_contains(request(1), "Credential=KEY2/");
    told = who_am_i();
    assert_int_equal(told.result.error.class, ERROR_EXPIRED);
    assert_int_equal(told.result.attempts, 2);
    assert_contains(request(3), "Credential=KEY3/");
    end_all();
}

static void a_clock_that_is_off_is_corrected_and_stays_so(void **state)
{
    const struct server_answer answers[] = {
        {FAILURE("403 No", "Date: Fri, 20 Nov 2026 11:30:00 GMT\r\n", "RequestTimeTooSkewed"),
         .then = SERVER_CLOSE},
        {IDENTITY, .then = SERVER_CLOSE},
        {IDENTITY, .then = SERVER_CLOSE},
    };

    (void)state;
    given_answers(answers, array_length(answers));
    assert_true(who_am_i().result.ok);
    assert_contains(request(0), "x-amz-date: 20261120T093000Z");
    assert_contains(request(1), "x-amz-date: 20261120T113000Z");
    assert_int_equal(sender_clock_offset_ms(world.sender, "prod", &service_sts), 120 * MINUTES);
    assert_int_equal(sender_clock_offset_ms(world.sender, "staging", &service_sts), 0);
    assert_true(who_am_i().result.ok);
    assert_contains(request(2), "x-amz-date: 20261120T113000Z");
    end_all();
}

static void a_refused_signature_with_the_right_time_is_not_the_clock(void **state)
{
    const struct server_answer answers[] = {
        {FAILURE("403 No", "Date: Fri, 20 Nov 2026 09:31:00 GMT\r\n", "SignatureDoesNotMatch"),
         .then = SERVER_CLOSE},
        {FAILURE("403 No", "", "AuthFailure"), .then = SERVER_CLOSE},
    };

    (void)state;
    given_answers(answers, array_length(answers));
    for (int i = 0; i < 2; i++) {
        struct told told = who_am_i();

        assert_int_equal(told.result.error.class, ERROR_DENIED);
        assert_int_equal(told.result.attempts, 1);
    }
    end_all();
}

static void a_wait_that_is_asked_for_is_kept(void **state)
{
    const struct server_answer answers[] = {
        {FAILURE("400 Bad", "x-amz-retry-after: 300\r\n", "Throttling"), .then = SERVER_CLOSE},
        {IDENTITY, .then = SERVER_CLOSE},
    };

    (void)state;
    given_answers(answers, array_length(answers));
    int64_t started_ms = loop_now_ms(world.loop);

    assert_true(who_am_i().result.ok);
    assert_true(loop_now_ms(world.loop) - started_ms >= 290);
    end_all();
}

static void an_empty_bucket_leaves_no_retries(void **state)
{
    const struct server_answer answer = {FAILURE("500 Oops", "", "InternalFailure"),
                                         .then = SERVER_CLOSE};

    (void)state;
    given_answers(&answer, 1);
    /* Two retries a call at 5 of 500 tokens. */
    for (int i = 0; i < RETRY_BUCKET / (2 * RETRY_COST); i++)
        assert_int_equal(who_am_i().result.attempts, 3);
    assert_int_equal(who_am_i().result.attempts, 1);
    end_all();
}

static void an_answer_that_is_too_large_is_a_limit_and_uncertain(void **state)
{
    struct aws_operation small = sqs_send_message;
    const struct server_answer answer = {SENT, .then = SERVER_CLOSE};
    const struct sqs_send_message_input input = {.queue_url = "https://q", .message_body = "m"};
    struct told told = {0};

    (void)state;
    given_answers(&answer, 1);
    small.response_maximum = 10;
    start(&told, &small, &input, NULL);
    run();
    assert_int_equal(told.result.error.class, ERROR_LIMIT);
    assert_int_equal(told.result.attempts, 1);
    assert_true(told.result.uncertain);
    end_all();
}

static void a_silent_server_is_a_time_out_unless_the_call_may_wait(void **state)
{
    struct aws_operation impatient = sts_get_caller_identity;
    const struct server_answer answers[] = {{.then = SERVER_HOLD},
                                            {IDENTITY, .then = SERVER_CLOSE}};
    struct told told = {0};

    (void)state;
    impatient.stall_timeout_ms = 100;
    given_answers(answers, 2);
    start(&told, &impatient, NULL, NULL);
    run();
    assert_true(told.result.ok);
    assert_int_equal(told.result.attempts, 2);
    end_all();
}

static void no_keys_are_an_error_and_nothing_is_sent(void **state)
{
    struct error error = {0};
    struct told told = {0};

    (void)state;
    given_answers(&identity, 1);
    given_variable("AWS_EC2_METADATA_DISABLED", "true");
    struct credentials *none = credentials_default_chain(&world.outside, &error);
    const struct sender_order order = {.account = "prod",
                                       .region = "us-east-1",
                                       .credentials = none,
                                       .operation = &sts_get_caller_identity};

    world.waiting++;
    sender_call(world.sender, &order, called_back, &told);
    run();
    assert_contains(told.result.error.sentence, "GetCallerIdentity: no credentials: ");
    assert_int_equal(told.result.attempts, 0);
    assert_false(told.result.uncertain);
    assert_int_equal(world.server->requests, 0);
    credentials_free(none);
    end_all();
}

static void what_cannot_be_encoded_is_told_later_and_not_sent(void **state)
{
    const struct s3_get_object_input input = {.bucket = "b"};
    struct told told = {0};

    (void)state;
    given_answers(&identity, 1);
    start(&told, &s3_get_object, &input, NULL);
    run();
    assert_int_equal(told.result.error.class, ERROR_INVALID);
    assert_contains(told.result.error.sentence, "Key is missing");
    assert_int_equal(world.server->requests, 0);
    end_all();
}

/* A quota of one a second, and one at once. */
static void calls_beyond_the_quota_wait_in_the_order_they_came(void **state)
{
    struct aws_operation slow = sts_get_caller_identity;
    struct told told[3] = {0};

    (void)state;
    slow.per_second = 20;
    slow.burst = 1;
    given_answers(&identity, 1);
    int64_t started_ms = loop_now_ms(world.loop);

    for (size_t i = 0; i < 3; i++)
        start(&told[i], &slow, NULL, NULL);
    aws_call_cancel(told[1].call);
    world.waiting--;
    run();
    assert_true(told[0].result.ok && told[2].result.ok);
    assert_int_equal(told[1].times, 0);
    assert_true(loop_now_ms(world.loop) - started_ms >= 45);
    assert_int_equal(world.server->requests, 2);
    end_all();
}

/* Two calls under way at once, on a connection each: either may be answered first. */
static struct told pair[2];

static void cancel_the_other(struct told *told)
{
    aws_call_cancel(pair[told == &pair[0]].call);
    world.waiting--;
}

static void start_both(void (*then)(struct told *told))
{
    for (size_t i = 0; i < 2; i++) {
        pair[i].then = then;
        start(&pair[i], &sts_get_caller_identity, NULL, NULL);
    }
}

static void a_call_may_end_another_from_its_callback(void **state)
{
    (void)state;
    given_answers(&identity, 1);
    start_both(cancel_the_other);
    run();
    assert_int_equal(pair[0].times + pair[1].times, 1);
    end_all();
}

static void free_the_sender(struct told *told)
{
    (void)told;
    sender_free(steal_pointer(world.sender));
    world.waiting = 1;
}

static void the_sender_may_be_freed_from_a_callback_with_calls_under_way(void **state)
{
    (void)state;
    given_answers(&identity, 1);
    start_both(free_the_sender);
    run();
    assert_int_equal(pair[0].times + pair[1].times, 1);
    end_all();
}

/* The source of the keys has a call of its own under way, which only the waiting calls keep. */
static void the_sender_may_be_freed_while_a_role_is_being_assumed(void **state)
{
    const struct server_answer answer = {.then = SERVER_HOLD};
    const struct credentials_role role = {
        .role_arn = "arn:role", .session_name = "me", .region = "us-east-1"};
    struct told told = {0};

    (void)state;
    given_answers(&answer, 1);
    struct credentials *assumed = credentials_assume_role(&world.outside, credentials, &role);
    const struct sender_order order = {.account = "prod",
                                       .region = "us-east-1",
                                       .credentials = assumed,
                                       .operation = &sts_get_caller_identity};
    struct aws_call *first = sender_call(world.sender, &order, called_back, &told);

    wait_for_requests(1);
    sender_call(world.sender, &order, called_back, &told);
    aws_call_cancel(first); /* so that the source's own call is the oldest */
    credentials_free(assumed);
    sender_free(steal_pointer(world.sender));
    assert_int_equal(told.times, 0);
    end_all();
}

/* ---- observing ------------------------------------------------------------------------------- */

static char observed[512];

static void note(void *context, const struct aws_attempt *attempt)
{
    size_t used = strlen(observed);

    (void)context;
    snprintf(observed + used, sizeof(observed) - used, "%s %s %u %d %s\n", attempt->account,
             attempt->operation->name, attempt->attempt, attempt->status,
             error_class_name(attempt->class));
}

static void every_attempt_is_observed_the_sources_calls_too(void **state)
{
    const struct server_answer answers[] = {
        {ANSWER("200 OK", "", ASSUMED("ASSUMED", "2026-11-20T10:30:00Z")), .then = SERVER_CLOSE},
        {FAILURE("500 Oops", "", "InternalFailure"), .then = SERVER_CLOSE},
        {.then = SERVER_RESET},
        {IDENTITY, .then = SERVER_CLOSE},
    };
    const struct credentials_role role = {
        .role_arn = "arn:role", .session_name = "me", .region = "us-east-1"};
    struct told told = {0};

    (void)state;
    given_answers(answers, array_length(answers));
    sender_observe(world.sender, note, NULL);
    struct credentials *assumed = credentials_assume_role(&world.outside, credentials, &role);
    const struct sender_order order = {.account = "prod",
                                       .region = "us-east-1",
                                       .credentials = assumed,
                                       .operation = &sts_get_caller_identity};

    world.waiting++;
    sender_call(world.sender, &order, called_back, &told);
    run();
    assert_string_equal(observed, "arn:role AssumeRole 1 200 none\n"
                                  "prod GetCallerIdentity 1 500 transient\n"
                                  "prod GetCallerIdentity 2 0 transient\n"
                                  "prod GetCallerIdentity 3 200 none\n");
    credentials_free(assumed);
    end_all();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_is_encoded_signed_sent_and_decoded),
        cmocka_unit_test(an_overriding_url_s_path_stands_before_the_request_s),
        cmocka_unit_test(what_is_left_of_an_answer_is_decoded_and_errors_are_left_whole),
        cmocka_unit_test(what_cannot_be_sifted_is_decoded_as_it_came),
        cmocka_unit_test(what_may_pass_by_itself_is_tried_again_twice_at_most),
        cmocka_unit_test(what_is_refused_is_final_and_certain),
        cmocka_unit_test(what_was_cut_off_is_not_sent_twice_unless_it_may_be),
        cmocka_unit_test(nor_on_a_connection_that_was_kept),
        cmocka_unit_test(what_never_reached_anybody_is_sent_again),
        cmocka_unit_test(a_caller_with_an_idea_of_its_own_has_one_attempt),
        cmocka_unit_test(refused_keys_are_renewed_once),
        cmocka_unit_test(a_clock_that_is_off_is_corrected_and_stays_so),
        cmocka_unit_test(a_refused_signature_with_the_right_time_is_not_the_clock),
        cmocka_unit_test(a_wait_that_is_asked_for_is_kept),
        cmocka_unit_test(an_empty_bucket_leaves_no_retries),
        cmocka_unit_test(an_answer_that_is_too_large_is_a_limit_and_uncertain),
        cmocka_unit_test(a_silent_server_is_a_time_out_unless_the_call_may_wait),
        cmocka_unit_test(no_keys_are_an_error_and_nothing_is_sent),
        cmocka_unit_test(what_cannot_be_encoded_is_told_later_and_not_sent),
        cmocka_unit_test(calls_beyond_the_quota_wait_in_the_order_they_came),
        cmocka_unit_test(a_call_may_end_another_from_its_callback),
        cmocka_unit_test(the_sender_may_be_freed_from_a_callback_with_calls_under_way),
        cmocka_unit_test(the_sender_may_be_freed_while_a_role_is_being_assumed),
        cmocka_unit_test(every_attempt_is_observed_the_sources_calls_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
