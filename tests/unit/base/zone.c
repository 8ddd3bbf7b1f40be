/* Local times of other zones, held against the C library, which knows one zone at a time. */
#include "base/zone.h"

#include "base/memory.h"
#include "base/text.h"
#include "base/zone_rule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HOUR 3600
#define YEAR (INT64_C(31556952))

static const char *const names[] = {
    "UTC",
    "Europe/Berlin",
    "Europe/London",
    "Europe/Dublin", /* whose winter time is the exception */
    "America/New_York",
    "America/Sao_Paulo", /* summer time given up */
    "America/St_Johns",  /* half hours */
    "Asia/Kolkata",
    "Asia/Kathmandu", /* 5:45 */
    "Asia/Tehran",
    "Australia/Lord_Howe", /* half an hour of summer time */
    "Pacific/Auckland",    /* south of the equator */
    "Pacific/Apia",        /* a day left out */
    "Africa/Casablanca",
    "Asia/Tokyo",
    "America/Nuuk", /* a rule with times beyond the day */
    "Pacific/Kiritimati",
};

/* As the C library has it, while the process's zone is that one. */
static void expect_as_the_library(const struct zone *zone, const char *name, int64_t seconds)
{
    time_t time = (time_t)seconds;
    struct tm wanted;
    const struct tm found = zone_local(zone, seconds);

    assert_non_null(localtime_r(&time, &wanted));
    if (zone_offset(zone, seconds) != wanted.tm_gmtoff)
        fail_msg("%s at %lld: %lld, not %ld", name, (long long)seconds,
                 (long long)zone_offset(zone, seconds), wanted.tm_gmtoff);
    assert_int_equal(found.tm_min, wanted.tm_min);
    assert_int_equal(found.tm_hour, wanted.tm_hour);
    assert_int_equal(found.tm_mday, wanted.tm_mday);
    assert_int_equal(found.tm_mon, wanted.tm_mon);
    assert_int_equal(found.tm_wday, wanted.tm_wday);
}

static void every_zone_is_as_the_library_has_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < array_length(names); i++) {
        struct error error = {0};
        cleanup(zone_free_pointer)
        struct zone *zone = zone_load(names[i], &error);

        assert_string_equal(error.sentence, "");
        setenv("TZ", names[i], 1);
        tzset();
        /* Past the tables' end, in 2037, by the rule. */
        for (int64_t at = 0; at < 120 * YEAR; at += 37 * HOUR + 1201)
            expect_as_the_library(zone, names[i], at);
        /* Each quarter of an hour of a year of ours. */
        for (int64_t at = 56 * YEAR; at < 57 * YEAR; at += HOUR / 4)
            expect_as_the_library(zone, names[i], at);
    }
    unsetenv("TZ");
    tzset();
}

static void a_rule_is_read_as_posix_has_it(void **state)
{
    static const struct {
        const char *text;
        int64_t january;
        int64_t july; /* of 2026 */
    } cases[] = {
        {"UTC0", 0, 0},
        {"<+0330>-3:30", 12600, 12600},
        {"CET-1CEST,M3.5.0,M10.5.0/3", 3600, 7200},
        {"EST5EDT,M3.2.0,M11.1.0", -18000, -14400},
        {"NZST-12NZDT,M9.5.0,M4.1.0/3", 46800, 43200},
        {"IST-1GMT0,M10.5.0,M3.5.0/1", 0, 3600},
        {"AAA3BBB,J60/0,J300/0", -10800, -7200},
        {"AAA3BBB,59/0,300/0", -10800, -7200},
        {"XXX3EDT4,0/0,J365/23", -14400, -14400},
    };

    (void)state;
    for (size_t i = 0; i < array_length(cases); i++) {
        struct zone_rule rule;
        struct error error = {0};

        assert_int_equal(zone_rule_read(cases[i].text, &rule, &error), 0);
        assert_int_equal(zone_rule_offset(&rule, INT64_C(1768478400)), cases[i].january);
        assert_int_equal(zone_rule_offset(&rule, INT64_C(1784116800)), cases[i].july);
    }
}

static void what_is_no_rule_is_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "CE",
                                      "CET",
                                      "CET-1CEST",
                                      "CET-1CEST,M3.5.0",
                                      "CET-1CEST,M13.5.0,M10.5.0",
                                      "CET-1CEST,M3.6.0,M10.5.0",
                                      "CET-1CEST,M3.5.7,M10.5.0",
                                      "CET-1CEST,J0,J300",
                                      "CET-1CEST,366,300",
                                      "CET-168",
                                      "<+03",
                                      "CET-1:60",
                                      "CET-1 "};

    (void)state;
    for (size_t i = 0; i < array_length(bad); i++) {
        struct zone_rule rule;
        struct error error;

        if (zone_rule_read(bad[i], &rule, &error) == 0)
            fail_msg("\"%s\" was taken", bad[i]);
    }
}

static void names_that_lead_elsewhere_are_refused(void **state)
{
    static const char *const bad[] = {"",    "/etc/passwd",   "../etc/passwd", "Europe/../../etc/x",
                                      "a b", "Nowhere/At_All"};

    (void)state;
    for (size_t i = 0; i < array_length(bad); i++) {
        struct error error;

        assert_null(zone_load(bad[i], &error));
    }
}

/* Cut anywhere, and with any byte changed: refused, or a zone, and nothing worse. */
static void a_damaged_file_is_refused_or_read(void **state)
{
    static unsigned char bytes[65536];
    FILE *file = fopen("/usr/share/zoneinfo/Europe/Berlin", "re");
    struct error error;

    (void)state;
    assert_non_null(file);
    size_t length = fread(bytes, 1, sizeof(bytes), file);

    fclose(file);
    for (size_t cut = 0; cut < length; cut++) {
        cleanup(free_pointer)
        char *part = memory_copy_text((const char *)bytes, cut);

        assert_null(zone_read(part, cut, &error));
    }
    for (size_t place = 0; place < length; place++) {
        bytes[place] ^= 0xff;
        cleanup(zone_free_pointer)
        struct zone *zone = zone_read(bytes, length, &error);

        if (zone)
            (void)zone_local(zone, 1784116800);
        bytes[place] ^= 0xff;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_zone_is_as_the_library_has_it),
        cmocka_unit_test(a_rule_is_read_as_posix_has_it),
        cmocka_unit_test(what_is_no_rule_is_refused),
        cmocka_unit_test(names_that_lead_elsewhere_are_refused),
        cmocka_unit_test(a_damaged_file_is_refused_or_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
