#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/time.h"

#include <inttypes.h>
#include <string.h>

/* 2026-11-20T09:30:12Z */
#define MORNING_MS INT64_C(1795167012000)

static void times_are_written_in_utc_with_milliseconds(void **state)
{
    static const struct {
        int64_t time_ms;
        const char *text;
        const char *basic;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000Z", "19700101T000000Z"},
        {MORNING_MS, "2026-11-20T09:30:12.000Z", "20261120T093012Z"},
        {MORNING_MS + 7, "2026-11-20T09:30:12.007Z", "20261120T093012Z"},
        {-1, "1969-12-31T23:59:59.999Z", "19691231T235959Z"},
        {INT64_C(951782400000), "2000-02-29T00:00:00.000Z", "20000229T000000Z"},
    };

    (void)state;
    for (size_t i = 0; i < array_length(cases); i++) {
        char text[TIME_TEXT_SIZE];
        char basic[TIME_TEXT_SIZE];

        assert_string_equal(time_format(cases[i].time_ms, text), cases[i].text);
        assert_string_equal(time_format_basic(cases[i].time_ms, basic), cases[i].basic);
    }
}

static void every_time_that_a_number_can_hold_fits_into_its_text(void **state)
{
    char text[TIME_TEXT_SIZE];

    (void)state;
    assert_string_equal(time_format(INT64_MAX, text), "292278994-08-17T07:12:55.807Z");
    assert_string_equal(time_format(INT64_MIN, text), "-292275055-05-16T16:47:04.192Z");
}

static void times_are_read_as_rfc_3339_writes_them(void **state)
{
    static const struct {
        const char *text;
        int64_t time_ms;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-11-20T09:30:12Z", MORNING_MS},
        {"2026-11-20t09:30:12z", MORNING_MS},
        {"2026-11-20 09:30:12Z", MORNING_MS},
        {"2026-11-20T10:30:12+01:00", MORNING_MS},
        {"2026-11-20T04:00:12-05:30", MORNING_MS},
        {"2026-11-20T09:30:12-00:00", MORNING_MS},
        {"2026-11-20T09:30:12.5Z", MORNING_MS + 500},
        {"2026-11-20T09:30:12.0079999Z", MORNING_MS + 7},
        {"2026-11-20T09:30:12.123456789+00:00", MORNING_MS + 123},
        {"1969-12-31T23:59:59.999Z", -1},
        {"2000-02-29T00:00:00Z", INT64_C(951782400000)},
        /* The examples of RFC 3339, 5.8. */
        {"1985-04-12T23:20:50.52Z", INT64_C(482196050520)},
        {"1996-12-19T16:39:57-08:00", INT64_C(851042397000)},
        {"1990-12-31T23:59:60Z", INT64_C(662688000000)},
        {"1990-12-31T15:59:60-08:00", INT64_C(662688000000)},
        {"1937-01-01T12:00:27.87+00:20", INT64_C(-1041337172130)},
    };

    (void)state;
    for (size_t i = 0; i < array_length(cases); i++) {
        int64_t time_ms = 42;

        assert_true(time_parse(cases[i].text, &time_ms));
        assert_int_equal(time_ms, cases[i].time_ms);
    }
}

static void digits_alone_are_seconds_or_milliseconds_since_1970(void **state)
{
    int64_t time_ms = 0;

    (void)state;
    assert_true(time_parse("1795167012", &time_ms));
    assert_int_equal(time_ms, MORNING_MS);
    assert_true(time_parse("1795167012345", &time_ms));
    assert_int_equal(time_ms, MORNING_MS + 345);
}

static void what_is_no_time_is_refused(void **state)
{
    static const char *const texts[] = {
        NULL,
        "",
        "yesterday",
        "2026-11-20",
        "2026-11-20T09:30:12",
        "2026-11-20T09:30Z",
        "2026-11-20T09:30:12.Z",
        "2026-11-20T09:30:12Z ",
        " 2026-11-20T09:30:12Z",
        "2026-11-20T09:30:12+0100",
        "2026-11-20T09:30:12+24:00",
        "2026-11-20T09:30:12+01:60",
        "2026-11-20T24:00:00Z",
        "2026-11-20T09:60:00Z",
        "2026-11-20T09:30:60Z", /* no leap second is there */
        "2026-11-20T09:30:61Z",
        "2026-00-20T09:30:12Z",
        "2026-13-20T09:30:12Z",
        "2026-11-00T09:30:12Z",
        "2026-11-31T09:30:12Z",
        "2026-02-29T09:30:12Z",
        "1900-02-29T09:30:12Z",
        "26-11-20T09:30:12Z",
        "-1795167012",
        "99999999999999999999999",
        "6666666666666660",          /* the year 213226 */
        "0000-01-01T00:00:00+00:01", /* before there were any */
        "9999-12-31T23:59:59-00:01",
    };

    (void)state;
    for (size_t i = 0; i < array_length(texts); i++) {
        int64_t time_ms = 0;

        assert_false(time_parse(texts[i], &time_ms));
    }
}

static void every_time_that_is_written_is_read_back(void **state)
{
    (void)state;
    for (int64_t time_ms = INT64_C(-62167219200000); time_ms < INT64_C(253402300800000);
         time_ms += INT64_C(1234567890123)) {
        char text[TIME_TEXT_SIZE];
        int64_t again = 0;

        assert_true(time_parse(time_format(time_ms, text), &again));
        assert_int_equal(again, time_ms);
    }
}

static void http_dates_are_read(void **state)
{
    int64_t time_ms = 0;

    (void)state;
    assert_true(time_parse_http("Fri, 20 Nov 2026 09:30:12 GMT", &time_ms));
    assert_int_equal(time_ms, MORNING_MS);
    /* The example of RFC 9110, 5.6.7. */
    assert_true(time_parse_http("Sun, 06 Nov 1994 08:49:37 GMT", &time_ms));
    assert_int_equal(time_ms, INT64_C(784111777000));
}

static void what_is_no_http_date_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "Fri, 20 Nov 2026 09:30:12",
        "Fri, 20 Nov 2026 09:30:12 CET",
        "Fri, 20 Nov 2026 09:30:12 GMT, really",
        "Fri, 31 Nov 2026 09:30:12 GMT",
        "Sun, 29 Feb 2026 09:30:12 GMT",
        "2026-11-20T09:30:12Z",
    };

    (void)state;
    for (size_t i = 0; i < array_length(texts); i++) {
        int64_t time_ms = 0;

        assert_false(time_parse_http(texts[i], &time_ms));
    }
}

static void durations_are_read_as_systemd_writes_them(void **state)
{
    static const struct {
        const char *text;
        int64_t duration_ms;
    } cases[] = {
        {"0", 0},         {"0s", 0},          {"250ms", 250},    {"30s", 30000},
        {"10m", 600000},  {"1h30m", 5400000}, {"2d", 172800000}, {"1h 30m", 5400000},
        {"1m1ms", 60001}, {"1s1s", 2000},     {"007s", 7000},
    };

    (void)state;
    for (size_t i = 0; i < array_length(cases); i++) {
        int64_t duration_ms = 42;

        assert_true(duration_parse(cases[i].text, &duration_ms));
        assert_int_equal(duration_ms, cases[i].duration_ms);
    }
}

static void what_is_no_duration_is_refused(void **state)
{
    static const char *const texts[] = {
        NULL,
        "",
        "10",
        "s",
        "-1s",
        "1.5h",
        "1 s",
        "1s ",
        " 1s",
        "1w",
        "1sec",
        "1h30",
        "1H",
        "00",
        "9223372036854775808ms",
        "106751991168d",
        "106751991167d 24h",
    };

    (void)state;
    for (size_t i = 0; i < array_length(texts); i++) {
        int64_t duration_ms = 0;

        assert_false(duration_parse(texts[i], &duration_ms));
    }
}

static void durations_are_told_in_at_most_two_units(void **state)
{
    static const struct {
        int64_t duration_ms;
        const char *text;
    } cases[] = {
        {0, "0ms"},
        {250, "250ms"},
        {999, "999ms"},
        {1000, "1s"},
        {1099, "1s"},
        {1299, "1.2s"},
        {59999, "59.9s"},
        {60000, "1m"},
        {61500, "1m 1s"},
        {7200000, "2h"},
        {7500000, "2h 5m"},
        {7230000, "2h"},
        {90000000, "1d 1h"},
        {86400000, "1d"},
        {-1500, "-1.5s"},
        {INT64_MAX, "106751991167d 7h"},
        {INT64_MIN, "-106751991167d 7h"},
    };

    (void)state;
    for (size_t i = 0; i < array_length(cases); i++) {
        char text[DURATION_TEXT_SIZE];

        assert_string_equal(duration_format(cases[i].duration_ms, text), cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_written_in_utc_with_milliseconds),
        cmocka_unit_test(every_time_that_a_number_can_hold_fits_into_its_text),
        cmocka_unit_test(times_are_read_as_rfc_3339_writes_them),
        cmocka_unit_test(digits_alone_are_seconds_or_milliseconds_since_1970),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(every_time_that_is_written_is_read_back),
        cmocka_unit_test(http_dates_are_read),
        cmocka_unit_test(what_is_no_http_date_is_refused),
        cmocka_unit_test(durations_are_read_as_systemd_writes_them),
        cmocka_unit_test(what_is_no_duration_is_refused),
        cmocka_unit_test(durations_are_told_in_at_most_two_units),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
