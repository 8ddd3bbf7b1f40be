/* Accounts: whose keys and region a call has. */
#include "aws/aws.h"

#include "aws/service_sts.h"
#include "aws/world.h"

#define ROLE "arn:aws:iam::123456789012:role/r"

static struct aws *aws;

#define IDENTITY                                                                      \
    ANSWER("200 OK", "",                                                              \
           "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>1</Account>" \
           "</GetCallerIdentityResult></GetCallerIdentityResponse>")
#define ASSUMED_ROLE ANSWER("200 OK", "", ASSUMED("ASSUMED", "2026-11-20T10:30:00Z"))

static const struct server_answer identity = {IDENTITY, .then = SERVER_CLOSE};

/* The process's own environment is read here: whoever runs the test may have settings in it. */
static void clear_environment(void)
{
    char name[256];

    for (size_t i = 0; environ[i];) {
        text_fill(name, sizeof(name), environ[i]);
        name[strcspn(name, "=")] = '\0';
        if (text_starts_with(name, "AWS_"))
            unsetenv(name);
        else
            i++;
    }
}

static void given_aws(const struct server_answer *answers, size_t count)
{
    struct error error = {0};

    given(answers, count);
    clear_environment();
    setenv("AWS_ENDPOINT_URL", world.url, 1);
    setenv("AWS_ACCESS_KEY_ID", "OWN", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
    setenv("HOME", world.folder, 1);
    aws = aws_new(world.loop, &error);
    if (!aws)
        fail_msg("%s", error.sentence);
}

static void end_aws(void)
{
    aws_free(steal_pointer(aws));
    end();
}

static void set_account(const char *name, const char *region, const char *role_arn)
{
    const struct aws_account account = {
        .name = name, .id = "123456789012", .region = region, .role_arn = role_arn};
    struct error error = {0};

    assert_int_equal(aws_set_account(aws, &account, &error), 0);
}

struct told {
    int times;
    bool ok;
    struct error error;
    void (*then)(void);
};

static void called_back(void *context, const struct aws_result *result)
{
    struct told *told = context;

    told->times++;
    told->ok = result->ok;
    told->error = result->error;
    if (told->then)
        told->then();
    came();
}

static void start(struct told *told, const char *account)
{
    world.waiting++;
    aws_call(aws, account, &sts_get_caller_identity, NULL, called_back, told);
    assert_int_equal(told->times, 0);
}

static struct told who_am_i(const char *account)
{
    struct told told = {0};

    start(&told, account);
    run();
    return told;
}

static void an_account_without_a_role_has_our_own_keys_and_its_region(void **state)
{
    int64_t expiry_ms = 1;

    (void)state;
    given_aws(&identity, 1);
    set_account("prod", "eu-west-1", NULL);
    assert_true(who_am_i("prod").ok);
    assert_contains(request(0), "Credential=OWN/20261120/eu-west-1/sts/aws4_request");
    assert_string_equal(aws_credentials_source(aws, "prod", &expiry_ms), "environment");
    assert_int_equal(expiry_ms, 0);
    assert_null(aws_credentials_source(aws, "staging", NULL));
    end_aws();
}

static void an_account_with_a_role_has_the_role_s_keys(void **state)
{
    const struct server_answer answers[] = {{ASSUMED_ROLE, .then = SERVER_CLOSE},
                                            {IDENTITY, .then = SERVER_CLOSE}};
    int64_t expiry_ms = 0;

    (void)state;
    given_aws(answers, 2);
    set_account("staging", "eu-west-1", ROLE);
    assert_true(who_am_i("staging").ok);
    assert_contains(request(0), "Credential=OWN/20261120/eu-west-1/sts/aws4_request");
    assert_null(strstr(request(0), "ExternalId"));
    assert_contains(request(1), "Credential=ASSUMED/20261120/eu-west-1/sts/aws4_request");
    assert_contains(request(1), "x-amz-security-token: assumed-token\r\n");
    assert_string_equal(aws_credentials_source(aws, "staging", &expiry_ms), "assumed role " ROLE);
    assert_int_equal(expiry_ms, WORLD_NOW_MS + 60 * MINUTES);
    end_aws();
}

static void the_same_account_again_keeps_its_keys(void **state)
{
    const struct server_answer answers[] = {{ASSUMED_ROLE, .then = SERVER_CLOSE},
                                            {IDENTITY, .then = SERVER_CLOSE}};

    (void)state;
    given_aws(answers, 2);
    set_account("staging", "eu-west-1", ROLE);
    assert_true(who_am_i("staging").ok);
    set_account("staging", "eu-west-1", ROLE);
    assert_true(who_am_i("staging").ok);
    assert_int_equal(world.server->requests, 3);
    end_aws();
}

static void a_changed_account_counts_for_the_calls_to_come(void **state)
{
    const struct server_answer answers[] = {{ASSUMED_ROLE, .then = SERVER_CLOSE},
                                            {IDENTITY, .then = SERVER_CLOSE}};
    struct told before = {0};
    struct told after = {0};

    (void)state;
    given_aws(answers, 2);
    set_account("a", "eu-west-1", ROLE);
    start(&before, "a");
    set_account("a", "us-west-2", NULL);
    wait_for_requests(1);
    start(&after, "a");
    run();
    assert_true(before.ok && after.ok);
    assert_int_equal(world.server->requests, 3);
    /* The order of the last two is theirs. */
    const char *first = strstr(request(1), "ASSUMED") ? request(1) : request(2);
    const char *second = first == request(1) ? request(2) : request(1);

    assert_contains(first, "Credential=ASSUMED/20261120/eu-west-1/");
    assert_contains(second, "Credential=OWN/20261120/us-west-2/");
    end_aws();
}

static void unknown_accounts_and_missing_regions_are_errors(void **state)
{
    const struct aws_account account = {.name = "a", .id = "1"};
    struct error error = {0};

    (void)state;
    given_aws(&identity, 1);
    struct told told = who_am_i("nobody");

    assert_int_equal(told.error.class, ERROR_INVALID);
    assert_contains(told.error.sentence, "no account \"nobody\"");
    assert_int_equal(aws_set_account(aws, &account, &error), -1);
    assert_int_equal(error.class, ERROR_INVALID);
    end_aws();
}

static void free_aws(void)
{
    aws_free(steal_pointer(aws));
    world.waiting = 1;
}

/* Any of them may be answered first. */
static void all_may_be_freed_from_a_callback_with_calls_and_roles_under_way(void **state)
{
    struct told told[5] = {0};
    int times = 0;

    (void)state;
    given_aws(&identity, 1);
    set_account("prod", "us-east-1", NULL);
    set_account("staging", "us-east-1", ROLE);
    for (size_t i = 0; i < 5; i++) {
        told[i].then = free_aws;
        start(&told[i], i % 2 ? "staging" : "prod");
    }
    run();
    for (size_t i = 0; i < 5; i++)
        times += told[i].times;
    assert_int_equal(times, 1);
    end();
}

static void settings_that_cannot_be_are_told_at_once(void **state)
{
    struct error error = {0};

    (void)state;
    given(NULL, 0);
    clear_environment();
    setenv("HOME", world.folder, 1);
    setenv("AWS_PROFILE", "absent", 1);
    assert_null(aws_new(world.loop, &error));
    assert_contains(error.sentence, "no profile \"absent\"");
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_account_without_a_role_has_our_own_keys_and_its_region),
        cmocka_unit_test(an_account_with_a_role_has_the_role_s_keys),
        cmocka_unit_test(the_same_account_again_keeps_its_keys),
        cmocka_unit_test(a_changed_account_counts_for_the_calls_to_come),
        cmocka_unit_test(unknown_accounts_and_missing_regions_are_errors),
        cmocka_unit_test(all_may_be_freed_from_a_callback_with_calls_and_roles_under_way),
        cmocka_unit_test(settings_that_cannot_be_are_told_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
