#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "deploy/image.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>

#define HEX "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define HOST "345594592951.dkr.ecr.us-east-1.amazonaws.com"

static void an_image_is_read_in_its_parts(void **state)
{
    static const struct {
        const char *uri;
        struct image image;
    } cases[] = {
        {HOST "/fraud:7", {"345594592951", "us-east-1", "fraud", "7", ""}},
        {HOST "/fraud", {"345594592951", "us-east-1", "fraud", "latest", ""}},
        {HOST "/team/fraud-x_1.2:v1.0-a_B",
         {"345594592951", "us-east-1", "team/fraud-x_1.2", "v1.0-a_B", ""}},
        {HOST "/fraud@sha256:" HEX, {"345594592951", "us-east-1", "fraud", "", "sha256:" HEX}},
        {HOST "/fraud:7@sha256:" HEX, {"345594592951", "us-east-1", "fraud", "7", "sha256:" HEX}},
        {"345594592951.dkr.ecr-fips.us-gov-west-1.amazonaws.com/fraud:7",
         {"345594592951", "us-gov-west-1", "fraud", "7", ""}},
        {"345594592951.dkr.ecr.cn-north-1.amazonaws.com.cn/fraud:7",
         {"345594592951", "cn-north-1", "fraud", "7", ""}},
    };

    (void)state;
    for (size_t i = 0; i < array_length(cases); i++) {
        struct image image;
        struct error error;

        assert_int_equal(image_parse(cases[i].uri, &image, &error), 0);
        assert_string_equal(image.account, cases[i].image.account);
        assert_string_equal(image.region, cases[i].image.region);
        assert_string_equal(image.repository, cases[i].image.repository);
        assert_string_equal(image.tag, cases[i].image.tag);
        assert_string_equal(image.digest, cases[i].image.digest);
    }
}

static void what_is_not_in_a_private_registry_is_refused(void **state)
{
    static const char *const uris[] = {
        "",
        "fraud:7",
        "/fraud:7",
        "docker.io/library/fraud:7",
        "public.ecr.aws/x/fraud:7",
        "34559459295.dkr.ecr.us-east-1.amazonaws.com/fraud:7",
        "34559459295x.dkr.ecr.us-east-1.amazonaws.com/fraud:7",
        "345594592951.dkr.ecr.amazonaws.com/fraud:7",
        "345594592951.dkr.ecr..amazonaws.com/fraud:7",
        "345594592951.dkr.ecr.us-east-1.amazonaws.com.example/fraud:7",
        "345594592951.dkr.ecr.us-east-1.amazonaws.com",
        "example/345594592951.dkr.ecr.us-east-1.amazonaws.com/fraud:7",
        "345594592951.dkr.ecr.example.com/x.amazonaws.com/fraud:7",
        "https://345594592951.dkr.ecr.us-east-1.amazonaws.com/fraud:7",
    };

    (void)state;
    for (size_t i = 0; i < array_length(uris); i++) {
        struct image image;
        struct error error = {0};

        assert_int_equal(image_parse(uris[i], &image, &error), -1);
        assert_int_equal(error.class, ERROR_INVALID);
    }
}

static void a_repository_tag_or_digest_that_ecr_would_refuse_is_refused(void **state)
{
    static const char *const names[] = {
        "",
        ":7",
        "Fraud:7",
        "fraud:",
        "fraud x:7",
        "fraud:7 8",
        "a:b/c",
        "fraud@",
        "fraud@sha256:abc",
        "fraud@md5:" HEX,
        "fraud:7@",
        "fraud:-7",
        "a:b:c",
        "fraud@sha256:" HEX "0",
    };
    char long_tag[200];

    (void)state;
    memset(long_tag, 'x', sizeof(long_tag) - 1);
    memcpy(long_tag, "fraud:", 6);
    long_tag[6 + 129] = '\0';
    for (size_t i = 0; i <= array_length(names); i++) {
        struct image image;
        struct error error = {0};
        char uri[400];

        snprintf(uri, sizeof(uri), HOST "/%s", i < array_length(names) ? names[i] : long_tag);
        if (image_parse(uri, &image, &error) == 0)
            fail_msg("%s was taken", uri);
        assert_int_equal(error.class, ERROR_INVALID);
    }
}

static void an_image_is_named_by_its_digest_whatever_it_was_called_before(void **state)
{
    static const char *const uris[] = {HOST "/fraud", HOST "/fraud:7", HOST "/fraud@sha256:1",
                                       HOST "/fraud:7@sha256:1"};

    (void)state;
    for (size_t i = 0; i < array_length(uris); i++) {
        cleanup(free_pointer)
        char *pinned = image_by_digest(uris[i], "sha256:" HEX);

        assert_string_equal(pinned, HOST "/fraud@sha256:" HEX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_image_is_read_in_its_parts),
        cmocka_unit_test(what_is_not_in_a_private_registry_is_refused),
        cmocka_unit_test(a_repository_tag_or_digest_that_ecr_would_refuse_is_refused),
        cmocka_unit_test(an_image_is_named_by_its_digest_whatever_it_was_called_before),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
