/* Where a service is. */
#include "aws/endpoint.h"

#include "aws/service_ecr.h"
#include "aws/service_events.h"
#include "aws/service_runtime.h"
#include "aws/service_s3.h"
#include "aws/service_sagemaker.h"
#include "aws/service_sqs.h"
#include "aws/service_sts.h"
#include "base/memory.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char *const (*variables)[2];

static const char *environment(const char *name)
{
    for (size_t i = 0; variables && variables[i][0]; i++)
        if (text_equal(variables[i][0], name))
            return variables[i][1];
    return NULL;
}

static struct aws_endpoint resolve(struct arena *arena, const struct aws_service *service,
                                   const char *region, struct aws_endpoint_settings settings)
{
    struct aws_endpoint endpoint;
    struct error error = {0};

    settings.environment = environment;
    if (aws_endpoint_resolve(arena, service, region, &settings, &endpoint, &error) != 0)
        fail_msg("%s", error.sentence);
    return endpoint;
}

static void assert_refused(const struct aws_service *service, const char *region,
                           struct aws_endpoint_settings settings, const char *words)
{
    cleanup(arena_free)
    struct arena arena = {0};
    struct aws_endpoint endpoint;
    struct error error = {0};

    settings.environment = environment;
    assert_int_equal(aws_endpoint_resolve(&arena, service, region, &settings, &endpoint, &error),
                     -1);
    assert_int_equal(error.class, ERROR_INVALID);
    assert_non_null(strstr(error.sentence, words));
}

static const struct aws_service global_service = {.name = "iam",
                                                  .host_prefix = "iam",
                                                  .signing_name = "iam",
                                                  .environment = "IAM",
                                                  .global = true};

/* As botocore's rules have them. */
static const struct {
    const struct aws_service *service;
    const char *region;
    bool fips;
    const char *host;
    const char *signing_region;
} names[] = {
    {&service_sqs, "us-east-1", false, "sqs.us-east-1.amazonaws.com", "us-east-1"},
    {&service_sqs, "us-east-1", true, "sqs-fips.us-east-1.amazonaws.com", "us-east-1"},
    {&service_sqs, "us-gov-west-1", true, "sqs.us-gov-west-1.amazonaws.com", "us-gov-west-1"},
    {&service_sqs, "cn-north-1", false, "sqs.cn-north-1.amazonaws.com.cn", "cn-north-1"},
    {&service_sqs, "eusc-de-east-1", false, "sqs.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1"},
    {&service_sqs, "us-iso-east-1", false, "sqs.us-iso-east-1.c2s.ic.gov", "us-iso-east-1"},
    {&service_sqs, "us-isob-east-1", false, "sqs.us-isob-east-1.sc2s.sgov.gov", "us-isob-east-1"},
    {&service_sts, "eu-central-1", false, "sts.eu-central-1.amazonaws.com", "eu-central-1"},
    {&service_ecr, "us-east-2", false, "api.ecr.us-east-2.amazonaws.com", "us-east-2"},
    {&service_ecr, "us-east-2", true, "api.ecr-fips.us-east-2.amazonaws.com", "us-east-2"},
    {&service_events, "us-east-1", false, "events.us-east-1.amazonaws.com", "us-east-1"},
    {&service_sagemaker, "us-west-2", false, "api.sagemaker.us-west-2.amazonaws.com", "us-west-2"},
    {&service_runtime, "us-west-2", false, "runtime.sagemaker.us-west-2.amazonaws.com",
     "us-west-2"},
    {&service_s3, "eu-west-1", false, "s3.eu-west-1.amazonaws.com", "eu-west-1"},
    {&global_service, "eu-west-1", false, "iam.amazonaws.com", "us-east-1"},
    {&global_service, "cn-northwest-1", false, "iam.cn-north-1.amazonaws.com.cn", "cn-north-1"},
    {&global_service, "us-gov-east-1", false, "iam.us-gov.amazonaws.com", "us-gov-west-1"},
};

static void services_have_the_names_that_aws_gave_them(void **state)
{
    (void)state;
    variables = NULL;
    for (size_t i = 0; i < array_length(names); i++) {
        cleanup(arena_free)
        struct arena arena = {0};
        struct aws_endpoint endpoint =
            resolve(&arena, names[i].service, names[i].region,
                    (struct aws_endpoint_settings){.use_fips = names[i].fips});
        cleanup(free_pointer)
        char *url = text_printf("https://%s", names[i].host);

        assert_string_equal(endpoint.host, names[i].host);
        assert_string_equal(endpoint.base_url, url);
        assert_string_equal(endpoint.path, "");
        assert_string_equal(endpoint.signing_region, names[i].signing_region);
    }
}

static void partitions_go_by_the_region_s_first_letters(void **state)
{
    (void)state;
    assert_string_equal(aws_partition("eu-west-1"), "aws");
    assert_string_equal(aws_partition("cn-north-1"), "aws-cn");
    assert_string_equal(aws_partition("us-gov-west-1"), "aws-us-gov");
    assert_string_equal(aws_partition("us-isob-east-1"), "aws-iso-b");
    assert_string_equal(aws_partition("mars-1"), "aws");
    assert_string_equal(aws_dns_suffix("cn-north-1"), "amazonaws.com.cn");
}

static void the_most_special_overriding_url_counts(void **state)
{
    static const char *const both[][2] = {{"AWS_ENDPOINT_URL", "http://127.0.0.1:4566"},
                                          {"AWS_ENDPOINT_URL_SQS", "https://queues.example/q/"},
                                          {NULL, NULL}};
    const struct aws_endpoint_settings settings = {.profile_endpoint_url = "https://profile"};
    cleanup(arena_free)
    struct arena arena = {0};

    (void)state;
    variables = both;
    struct aws_endpoint endpoint = resolve(&arena, &service_sqs, "us-east-1", settings);

    assert_string_equal(endpoint.base_url, "https://queues.example");
    assert_string_equal(endpoint.host, "queues.example");
    assert_string_equal(endpoint.path, "/q");
    assert_string_equal(endpoint.signing_region, "us-east-1");
    endpoint = resolve(&arena, &service_s3, "us-east-1", settings);
    assert_string_equal(endpoint.base_url, "http://127.0.0.1:4566");
    assert_string_equal(endpoint.host, "127.0.0.1:4566");
    variables = NULL;
    assert_string_equal(resolve(&arena, &service_s3, "us-east-1", settings).host, "profile");
}

static void configured_urls_can_be_ignored(void **state)
{
    static const char *const one[][2] = {{"AWS_ENDPOINT_URL", "http://127.0.0.1:4566"},
                                         {NULL, NULL}};
    cleanup(arena_free)
    struct arena arena = {0};

    (void)state;
    variables = one;
    assert_string_equal(resolve(&arena, &service_sts, "us-east-1",
                                (struct aws_endpoint_settings){.ignore_configured = true})
                            .host,
                        "sts.us-east-1.amazonaws.com");
}

static void the_scheme_s_own_port_is_not_said_in_host(void **state)
{
    static const struct {
        const char *url;
        const char *host;
    } cases[] = {
        {"https://a:443", "a"},         {"http://a:80/", "a"},     {"http://a:443", "a:443"},
        {"https://[::1]:443", "[::1]"}, {"http://[::1]", "[::1]"}, {"HTTPS://a:8443", "a:8443"},
    };

    (void)state;
    variables = NULL;
    for (size_t i = 0; i < array_length(cases); i++) {
        cleanup(arena_free)
        struct arena arena = {0};
        struct aws_endpoint endpoint =
            resolve(&arena, &service_sqs, "us-east-1",
                    (struct aws_endpoint_settings){.profile_endpoint_url = cases[i].url});

        assert_string_equal(endpoint.host, cases[i].host);
    }
}

static void what_is_no_url_or_no_region_is_refused(void **state)
{
    static const char *const urls[] = {"ftp://a",      "a:80",           "https://",
                                       "https://u@a",  "https://a?q",    "https://a#f",
                                       "https://a b",  "https://a:0",    "https://a:x",
                                       "https://[::1", "https://a:70000"};
    static const char *const regions[] = {"", "us.east", "-a", "a-", "US-EAST-1", "a/b", "a@b"};

    (void)state;
    variables = NULL;
    for (size_t i = 0; i < array_length(urls); i++)
        assert_refused(&service_sqs, "us-east-1",
                       (struct aws_endpoint_settings){.profile_endpoint_url = urls[i]},
                       "not an http or https URL");
    for (size_t i = 0; i < array_length(regions); i++)
        assert_refused(&service_sqs, regions[i], (struct aws_endpoint_settings){0},
                       "is not a region");
    assert_refused(&service_sqs, NULL, (struct aws_endpoint_settings){0}, "is not a region");
}

static void fips_and_an_overriding_url_exclude_each_other(void **state)
{
    (void)state;
    variables = NULL;
    assert_refused(
        &service_sqs, "us-east-1",
        (struct aws_endpoint_settings){.profile_endpoint_url = "https://a", .use_fips = true},
        "exclude each other");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(services_have_the_names_that_aws_gave_them),
        cmocka_unit_test(partitions_go_by_the_region_s_first_letters),
        cmocka_unit_test(the_most_special_overriding_url_counts),
        cmocka_unit_test(configured_urls_can_be_ignored),
        cmocka_unit_test(the_scheme_s_own_port_is_not_said_in_host),
        cmocka_unit_test(what_is_no_url_or_no_region_is_refused),
        cmocka_unit_test(fips_and_an_overriding_url_exclude_each_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
