#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "control/api.h"

#include "base/text.h"

#include <string.h>

static void given_a_known_path_when_found_then_route_and_id_are_told(void **state)
{
    static const struct {
        const char *method;
        const char *path;
        enum api_route route;
        const char *id;
    } cases[] = {
        {"GET", "/healthz", API_HEALTHZ, ""},
        {"HEAD", "/healthz", API_HEALTHZ, ""},
        {"GET", "/v1/status", API_GET_STATUS, ""},
        {"GET", "/v1/deployments/fraud-0123456789ab", API_GET_DEPLOYMENT, "fraud-0123456789ab"},
        {"POST", "/v1/deployments/a/cancel", API_CANCEL, "a"},
        {"POST", "/v1/deployments/a b/retry", API_RETRY, "a b"},
        {"POST", "/v1/deploy", API_DEPLOY, ""},
        {"POST", "/v1/reload", API_RELOAD, ""},
    };

    (void)state;
    for (size_t i = 0; i < array_length(cases); i++) {
        enum api_route route;
        char id[API_ID_SIZE];

        assert_int_equal(api_find(cases[i].method, cases[i].path, &route, id), API_MATCH);
        assert_int_equal(route, cases[i].route);
        assert_string_equal(id, cases[i].id);
    }
}

static void given_an_unknown_path_when_looked_for_then_there_is_none(void **state)
{
    static const char *const paths[] = {
        "",
        "/v1",
        "/v1/status/",
        "/v1/statuses",
        "/v1/deployments/",
        "/v1/deployments//cancel",
        "/v1/deployments/a/",
        "/v1/deployments/a/cancel/b",
        "/v1/deployments/a/b/cancel",
    };
    char id[API_ID_SIZE];
    char long_path[512];
    enum api_route route;

    (void)state;
    for (size_t i = 0; i < array_length(paths); i++)
        assert_int_equal(api_find("GET", paths[i], &route, id), API_NO_SUCH_PATH);
    strcpy(long_path, "/v1/deployments/");
    memset(long_path + strlen(long_path), 'a', 300);
    long_path[300] = '\0';
    assert_int_equal(api_find("GET", long_path, &route, id), API_NO_SUCH_PATH);
}

static void given_another_method_when_looked_for_then_the_path_is_named_as_there(void **state)
{
    enum api_route route;
    char id[API_ID_SIZE];

    (void)state;
    assert_int_equal(api_find("POST", "/v1/status", &route, id), API_NO_SUCH_METHOD);
    assert_string_equal(api_method(route), "GET");
    assert_int_equal(api_find("GET", "/v1/deployments/a/cancel", &route, id), API_NO_SUCH_METHOD);
    assert_string_equal(api_method(route), "POST");
}

static void given_an_id_with_odd_letters_when_put_into_a_path_then_it_is_encoded(void **state)
{
    cleanup(free_pointer)
    char *path = api_path(API_CANCEL, "a/b?c");
    cleanup(free_pointer)
    char *plain = api_path(API_GET_STATUS, NULL);

    (void)state;
    assert_string_equal(path, "/v1/deployments/a%2Fb%3Fc/cancel");
    assert_string_equal(plain, "/v1/status");
}

static void given_every_path_when_made_then_it_is_found_again(void **state)
{
    (void)state;
    for (int i = 0; i < API_ROUTES; i++) {
        cleanup(free_pointer)
        char *path = api_path((enum api_route)i, "fraud-1");
        enum api_route found;
        char id[API_ID_SIZE];

        assert_int_equal(api_find(api_method((enum api_route)i), path, &found, id), API_MATCH);
        assert_int_equal(found, i);
    }
}

static void given_a_request_that_changes_something_then_it_needs_the_unix_socket(void **state)
{
    (void)state;
    for (int i = 0; i < API_ROUTES; i++)
        if (text_equal(api_method((enum api_route)i), "POST"))
            assert_int_equal(api_reach((enum api_route)i), API_UNIX_ONLY);
}

static void given_an_error_class_when_sent_and_read_then_the_exit_code_tells_it(void **state)
{
    static const struct {
        enum error_class class;
        enum api_exit exit;
    } cases[] = {
        {ERROR_NONE, API_EXIT_DONE},
        {ERROR_INVALID, API_EXIT_BAD_INPUT},
        {ERROR_LIMIT, API_EXIT_BAD_INPUT},
        {ERROR_NOT_FOUND, API_EXIT_NO},
        {ERROR_DENIED, API_EXIT_REFUSED},
        {ERROR_CONFLICT, API_EXIT_REFUSED},
        {ERROR_STORAGE, API_EXIT_UNREACHABLE},
        {ERROR_TRANSIENT, API_EXIT_UNREACHABLE},
        {ERROR_THROTTLED, API_EXIT_UNREACHABLE},
        {ERROR_UNKNOWN, API_EXIT_UNREACHABLE},
    };

    (void)state;
    for (size_t i = 0; i < array_length(cases); i++)
        assert_int_equal(api_exit_of(api_status_of(cases[i].class)), cases[i].exit);
    assert_int_equal(api_exit_of(405), API_EXIT_BAD_INPUT);
    assert_int_equal(api_exit_of(302), API_EXIT_UNREACHABLE);
}

static void given_an_error_when_sent_as_json_then_the_same_is_read(void **state)
{
    struct error sent;
    struct error read;

    (void)state;
    error_set(&sent, ERROR_CONFLICT, "it has ended: it is \"%s\"", "succeeded");
    text_fill(sent.code, sizeof(sent.code), "ValidationException");
    cleanup(json_free)
    cJSON *document = api_error_to_json(&sent);

    api_error_from_json(409, document, &read);
    assert_int_equal(read.class, ERROR_CONFLICT);
    assert_string_equal(read.sentence, sent.sentence);
    assert_string_equal(read.code, sent.code);
}

static void given_an_answer_without_a_reason_when_read_then_the_status_is_told(void **state)
{
    static const char *const bodies[] = {"{}",
                                         "[]",
                                         "{\"error\":1}",
                                         "{\"error\":{\"message\":2}}",
                                         "{\"error\":{\"class\":\"denied\",\"message\":\"\"}}",
                                         "{\"error\":{\"class\":\"odd\",\"message\":\"m\"}}",
                                         "{\"error\":{\"message\":\"m\"}}"};
    struct error error;

    (void)state;
    for (size_t i = 0; i < array_length(bodies); i++) {
        cleanup(json_free)
        cJSON *document = cJSON_Parse(bodies[i]);

        api_error_from_json(502, document, &error);
        assert_int_equal(error.class, ERROR_UNKNOWN);
        assert_true(strstr(error.sentence, "502") || text_equal(error.sentence, "m"));
    }
    api_error_from_json(502, NULL, &error);
    assert_non_null(strstr(error.sentence, "502"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(given_a_known_path_when_found_then_route_and_id_are_told),
        cmocka_unit_test(given_an_unknown_path_when_looked_for_then_there_is_none),
        cmocka_unit_test(given_another_method_when_looked_for_then_the_path_is_named_as_there),
        cmocka_unit_test(given_an_id_with_odd_letters_when_put_into_a_path_then_it_is_encoded),
        cmocka_unit_test(given_every_path_when_made_then_it_is_found_again),
        cmocka_unit_test(given_a_request_that_changes_something_then_it_needs_the_unix_socket),
        cmocka_unit_test(given_an_error_class_when_sent_and_read_then_the_exit_code_tells_it),
        cmocka_unit_test(given_an_error_when_sent_as_json_then_the_same_is_read),
        cmocka_unit_test(given_an_answer_without_a_reason_when_read_then_the_status_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
