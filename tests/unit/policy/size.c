/* Sizes as the services count them. */
#include "policy/given.h"

#include "base/buffer.h"
#include "policy/size.h"

static void iam_does_not_count_white_space_between_texts(void **state)
{
    static const char text[] = "{ \"Sid\" :\n\t\"a \\\" b\" }\r\n";

    (void)state;
    assert_int_equal(policy_size(POLICY_PLACE_MANAGED, text), strlen("{\"Sid\":\"a \\\" b\"}"));
    assert_int_equal(policy_size(POLICY_PLACE_QUEUE, text), strlen(text));
}

/* A text of that many characters, quotes and all. */
static void fill(struct buffer *buffer, size_t size)
{
    buffer_append_text(buffer, "\"");
    while (buffer->length < size - 1)
        buffer_append_text(buffer, "a");
    buffer_append_text(buffer, "\"");
}

static void each_place_takes_its_limit_and_no_more(void **state)
{
    static const struct {
        enum policy_place place;
        size_t limit;
    } places[] = {
        {POLICY_PLACE_MANAGED, 6144}, {POLICY_PLACE_ROLE_INLINE, 10240},
        {POLICY_PLACE_TRUST, 2048},   {POLICY_PLACE_BUCKET, 20480},
        {POLICY_PLACE_KEY, 32768},    {POLICY_PLACE_REPOSITORY, 10240},
        {POLICY_PLACE_BUS, 10240},    {POLICY_PLACE_QUEUE, 8192},
    };

    (void)state;
    for (size_t i = 0; i < array_length(places); i++) {
        cleanup(buffer_free)
        struct buffer fits = BUFFER(65536);
        cleanup(buffer_free)
        struct buffer exceeds = BUFFER(65536);
        struct error error = {.class = ERROR_NONE};

        fill(&fits, places[i].limit);
        fill(&exceeds, places[i].limit + 1);
        assert_int_equal(policy_place_limit(places[i].place), places[i].limit);
        assert_int_equal(policy_size_check(places[i].place, fits.data, 0, &error), 0);
        assert_int_equal(policy_size_check(places[i].place, exceeds.data, 0, &error), -1);
        assert_int_equal(error.class, ERROR_LIMIT);
        assert_non_null(strstr(error.sentence, policy_place_name(places[i].place)));
    }
}

static void inline_policies_of_a_role_share_their_limit(void **state)
{
    struct error error = {.class = ERROR_NONE};

    (void)state;
    assert_int_equal(policy_size_check(POLICY_PLACE_ROLE_INLINE, "{}", 10238, &error), 0);
    assert_int_equal(policy_size_check(POLICY_PLACE_ROLE_INLINE, "{}", 10239, &error), -1);
    assert_non_null(strstr(error.sentence, "10241 characters, 2 of them here"));
}

static void sqs_counts_what_is_in_a_policy_too(void **state)
{
    cleanup(arena_free)
    struct arena arena = {0};
    struct error error = {.class = ERROR_NONE};
    const struct policy_document *seven =
        given(&arena, POLICY_LOOSE,
              "{'Statement':{'Effect':'Allow','Action':['a:1','a:2','a:3','a:4','a:5','a:6',"
              "'a:7']}}");
    const struct policy_document *eight =
        given(&arena, POLICY_LOOSE,
              "{'Statement':{'Effect':'Allow','Action':['a:1','a:2','a:3','a:4','a:5','a:6',"
              "'a:7','a:8']}}");

    (void)state;
    assert_int_equal(policy_count_check(POLICY_PLACE_QUEUE, seven, &error), 0);
    assert_int_equal(policy_count_check(POLICY_PLACE_QUEUE, eight, &error), -1);
    assert_int_equal(error.class, ERROR_LIMIT);
    assert_int_equal(policy_count_check(POLICY_PLACE_BUCKET, eight, &error), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(iam_does_not_count_white_space_between_texts),
        cmocka_unit_test(each_place_takes_its_limit_and_no_more),
        cmocka_unit_test(inline_policies_of_a_role_share_their_limit),
        cmocka_unit_test(sqs_counts_what_is_in_a_policy_too),
    };

    json_initialise();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
