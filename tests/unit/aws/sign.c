/* What the published vectors do not say of signing: the cache, and signing again. */
#include "aws/sign.h"

#include "base/memory.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* 2026-11-20T23:59:59Z */
#define LAST_SECOND_MS INT64_C(1795219199000)

static const struct aws_keys keys = {"AKID", "secret", NULL};
static const struct aws_keys other_keys = {"AKID", "other", NULL};
static const struct aws_keys session_keys = {"ASIA", "secret", "token"};

static struct aws_signing signing(struct aws_sign_cache *cache)
{
    return (struct aws_signing){.keys = &keys,
                                .region = "us-east-1",
                                .service = "sqs",
                                .now_ms = LAST_SECOND_MS,
                                .normalize_path = true,
                                .cache = cache};
}

static struct aws_request post(void)
{
    return (struct aws_request){.method = "POST",
                                .host = "sqs.us-east-1.amazonaws.com",
                                .path = "/",
                                .query = "",
                                .body = "{}",
                                .body_length = 2};
}

static const char *header(const struct aws_request *request, const char *name)
{
    const char *found = NULL;

    for (size_t i = 0; i < request->header_count; i++)
        if (text_equal(request->headers[i].name, name)) {
            assert_null(found); /* once */
            found = request->headers[i].value;
        }
    return found;
}

static const char *authorization(struct arena *arena, const struct aws_signing *how)
{
    struct aws_request request = post();

    aws_sign(arena, &request, how);
    return header(&request, "authorization");
}

static void a_cached_key_signs_as_a_derived_one(void **state)
{
    cleanup(arena_free)
    struct arena arena = {0};
    struct aws_sign_cache cache = {0};
    struct aws_signing changes[] = {signing(&cache), signing(&cache), signing(&cache),
                                    signing(&cache), signing(&cache), signing(&cache)};

    (void)state;
    changes[2].now_ms += 1000; /* the next day */
    changes[3].region = "eu-west-1";
    changes[4].service = "sagemaker";
    changes[5].keys = &other_keys;
    /* To and fro, so that what is cached is right once and wrong once. */
    for (size_t i = 0; i < 2 * array_length(changes); i++) {
        struct aws_signing cached = changes[i * 5 % array_length(changes)];
        struct aws_signing plain = cached;

        plain.cache = NULL;
        assert_string_equal(authorization(&arena, &cached), authorization(&arena, &plain));
        assert_string_equal(authorization(&arena, &cached), authorization(&arena, &plain));
    }
}

static void a_scope_that_does_not_fit_is_not_cached(void **state)
{
    cleanup(arena_free)
    struct arena arena = {0};
    struct aws_sign_cache cache = {0};
    struct aws_signing how = signing(&cache);
    char region[200];

    (void)state;
    memset(region, 'r', sizeof(region) - 1);
    region[sizeof(region) - 1] = '\0';
    how.region = region;
    authorization(&arena, &how);
    assert_string_equal(cache.scope, "");
}

static void a_request_may_be_signed_again(void **state)
{
    cleanup(arena_free)
    struct arena arena = {0};
    struct aws_request request = post();
    struct aws_signing how = signing(NULL);

    (void)state;
    how.keys = &session_keys;
    aws_sign(&arena, &request, &how);
    how.now_ms += 60000;
    aws_sign(&arena, &request, &how);
    assert_string_equal(header(&request, "authorization"), authorization(&arena, &how));
    assert_string_equal(header(&request, "x-amz-date"), "20261121T000059Z");
    assert_string_equal(header(&request, "x-amz-security-token"), "token");
}

static void the_body_s_digest_is_added_where_it_is_wanted(void **state)
{
    cleanup(arena_free)
    struct arena arena = {0};
    struct aws_request request = post();
    struct aws_signing how = signing(NULL);

    (void)state;
    aws_sign(&arena, &request, &how);
    assert_null(header(&request, "x-amz-content-sha256"));
    how.sign_body = true;
    aws_sign(&arena, &request, &how);
    assert_string_equal(header(&request, "x-amz-content-sha256"),
                        "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
}

static void secrets_are_not_in_what_is_sent(void **state)
{
    cleanup(arena_free)
    struct arena arena = {0};
    struct aws_request request = post();
    struct aws_signing how = signing(NULL);

    (void)state;
    aws_sign(&arena, &request, &how);
    for (size_t i = 0; i < request.header_count; i++)
        assert_null(strstr(request.headers[i].value, "secret"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cached_key_signs_as_a_derived_one),
        cmocka_unit_test(a_scope_that_does_not_fit_is_not_cached),
        cmocka_unit_test(a_request_may_be_signed_again),
        cmocka_unit_test(the_body_s_digest_is_added_where_it_is_wanted),
        cmocka_unit_test(secrets_are_not_in_what_is_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
