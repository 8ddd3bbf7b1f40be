/* Shared policies: ours by Sid, everything else untouched. */
#include "policy/given.h"

#include "policy/merge.h"

#define OURS "{'Sid':'Ours','Effect':'Allow','Principal':{'AWS':'222222222222'},'Action':'ecr:Get'}"
#define THEIRS                                                                        \
    "{'Sid':'Theirs','Effect':'Allow','Principal':{'AWS':['AROAEXAMPLEEXAMPLE123']}," \
    "'Action':['ecr:Put'],'Condition':{'Bool':{'aws:SecureTransport':true}}}"
#define NAMELESS "{'Effect':'Deny','Principal':'*','Action':'ecr:Delete'}"
#define POLICY(list) "{'Version':'2008-10-17','Id':'kept','Statement':[" list "]}"

static cJSON *merge(struct arena *arena, const char *present, const char *own,
                    const char *withdrawn)
{
    cleanup(json_free)
    cJSON *json = present ? given_json(arena, present) : NULL;
    struct error error = {.class = ERROR_NONE};
    cJSON *merged = NULL;

    if (policy_merge(json, given(arena, POLICY_LOOSE, own), &withdrawn, withdrawn ? 1 : 0, &merged,
                     &error) < 0)
        fail_msg("%s", error.sentence);
    return merged;
}

static void assert_merged(const char *present, const char *own, const char *withdrawn,
                          const char *expected)
{
    cleanup(arena_free)
    struct arena arena = {0};
    cleanup(json_free)
    cJSON *wanted = given_json(&arena, expected);
    cleanup(json_free)
    cJSON *merged = merge(&arena, present, own, withdrawn);
    cleanup(free_pointer)
    char *text = json_print(merged);

    if (!json_equal(merged, wanted))
        fail_msg("expected %s, got %s", expected, text);
    assert_true(policy_owned_equal(given(&arena, POLICY_LOOSE, text),
                                   given(&arena, POLICY_LOOSE, own), &withdrawn,
                                   withdrawn ? 1 : 0));
}

static void where_nothing_stands_ours_are_the_policy(void **state)
{
    (void)state;
    assert_merged(NULL, "{'Statement':[" OURS "]}", NULL,
                  "{'Version':'2012-10-17','Statement':[" OURS "]}");
}

static void what_is_missing_goes_behind_what_others_wrote(void **state)
{
    (void)state;
    assert_merged(POLICY(THEIRS "," NAMELESS), "{'Statement':[" OURS "]}", NULL,
                  POLICY(THEIRS "," NAMELESS "," OURS));
}

static void what_was_changed_is_put_right_in_its_place(void **state)
{
    (void)state;
    assert_merged(
        POLICY("{'Sid':'Ours','Effect':'Allow','Principal':'*','Action':'ecr:*'}," THEIRS),
        "{'Statement':[" OURS "]}", NULL, POLICY(OURS "," THEIRS));
}

static void what_means_the_same_stays_as_the_service_wrote_it(void **state)
{
    static const char rewritten[] = POLICY(
        "{'Sid':'Ours','Effect':'Allow','Principal':{'AWS':['arn:aws:iam::222222222222:root']},"
        "'Action':['ecr:Get'],'Resource':'*'}," THEIRS);

    (void)state;
    assert_merged(rewritten, "{'Statement':[" OURS "]}", NULL, rewritten);
}

static void what_was_withdrawn_goes_and_nothing_else(void **state)
{
    (void)state;
    assert_merged(POLICY(THEIRS ",{'Sid':'Old','Effect':'Allow','Principal':'*','Action':'a:b'}"),
                  "{'Statement':[" OURS "]}", "Old", POLICY(THEIRS "," OURS));
}

static void a_single_statement_of_others_without_a_list_is_kept(void **state)
{
    (void)state;
    assert_merged("{'Statement':" THEIRS "}", "{'Statement':[" OURS "]}", NULL,
                  "{'Statement':[" THEIRS "," OURS "]}");
}

static void ours_twice_becomes_ours_once(void **state)
{
    (void)state;
    assert_merged(POLICY(OURS "," THEIRS "," OURS), "{'Statement':[" OURS "]}", NULL,
                  POLICY(OURS "," THEIRS));
}

static void where_nothing_is_left_the_policy_is_to_go(void **state)
{
    cleanup(arena_free)
    struct arena arena = {0};

    (void)state;
    assert_null(merge(&arena, POLICY(OURS), "{'Statement':[]}", "Ours"));
}

static void a_statement_of_ours_needs_a_sid(void **state)
{
    cleanup(arena_free)
    struct arena arena = {0};
    struct error error = {.class = ERROR_NONE};
    cJSON *merged;

    (void)state;
    assert_int_equal(
        policy_merge(NULL, given(&arena, POLICY_LOOSE, POLICY(NAMELESS)), NULL, 0, &merged, &error),
        -1);
    assert_non_null(strstr(error.sentence, "needs a Sid"));
}

#define VARIABLE                                                                 \
    "{'Sid':'Ours','Effect':'Allow','Principal':'*','Action':'s3:*','Resource':" \
    "'arn:aws:s3:::b/${aws:username}'}"
#define OWN_WITH_VARIABLE "{'Version':'2012-10-17','Statement':[" VARIABLE "]}"

static void variables_of_ours_bring_their_version(void **state)
{
    cleanup(arena_free)
    struct arena arena = {0};

    (void)state;
    assert_false(policy_owned_equal(given(&arena, POLICY_LOOSE, POLICY(VARIABLE)),
                                    given(&arena, POLICY_LOOSE, OWN_WITH_VARIABLE), NULL, 0));
    assert_merged(POLICY(THEIRS), OWN_WITH_VARIABLE, NULL,
                  "{'Version':'2012-10-17','Id':'kept','Statement':[" THEIRS "," VARIABLE "]}");
}

static void ours_are_of_2012_unless_they_say_otherwise(void **state)
{
    (void)state;
    assert_merged("{'Version':'2012-10-17','Statement':[" THEIRS "]}",
                  "{'Statement':[" VARIABLE "]}", NULL,
                  "{'Version':'2012-10-17','Statement':[" THEIRS "," VARIABLE "]}");
}

static void a_version_that_others_count_on_is_not_changed(void **state)
{
    cleanup(arena_free)
    struct arena arena = {0};
    cleanup(json_free)
    cJSON *present = given_json(
        &arena, POLICY("{'Effect':'Deny','Principal':'*','Action':'s3:*','Resource':'${a}'}"));
    struct error error = {.class = ERROR_NONE};
    cJSON *merged;

    (void)state;
    assert_int_equal(policy_merge(present, given(&arena, POLICY_LOOSE, OWN_WITH_VARIABLE), NULL, 0,
                                  &merged, &error),
                     -1);
    assert_int_equal(error.class, ERROR_CONFLICT);
}

static void others_statements_make_no_difference(void **state)
{
    cleanup(arena_free)
    struct arena arena = {0};
    const struct policy_document *own = given(&arena, POLICY_LOOSE, "{'Statement':[" OURS "]}");
    const char *old = "Theirs";

    (void)state;
    assert_true(
        policy_owned_equal(given(&arena, POLICY_LOOSE, POLICY(THEIRS "," OURS)), own, NULL, 0));
    assert_false(policy_owned_equal(given(&arena, POLICY_LOOSE, POLICY(THEIRS)), own, NULL, 0));
    assert_false(
        policy_owned_equal(given(&arena, POLICY_LOOSE, POLICY(THEIRS "," OURS)), own, &old, 1));
    assert_false(
        policy_owned_equal(given(&arena, POLICY_LOOSE, POLICY(OURS "," OURS)), own, NULL, 0));
}

static void decayed_principals_are_found_with_their_statement(void **state)
{
    cleanup(arena_free)
    struct arena arena = {0};
    const struct policy_document *document =
        given(&arena, POLICY_LOOSE, POLICY(OURS "," THEIRS "," NAMELESS));
    size_t count;
    const struct policy_decay *found = policy_find_decay(&arena, document, &count);

    (void)state;
    assert_int_equal(count, 1);
    assert_string_equal(found[0].principal, "AROAEXAMPLEEXAMPLE123");
    assert_string_equal(found[0].statement->sid, "Theirs");
}

/* A hundred policies of others, drawn from a fixed sequence, each merged with ours and out again.
 */
static void others_survive_a_hundred_random_edits(void **state)
{
    static const char *const foreign[] = {THEIRS, NAMELESS,
                                          "{'Sid':'More','Effect':'Deny','Principal':{'Service':"
                                          "['a.b','c.d']},'NotAction':'x:y','Id':'odd'}"};
    uint32_t seed = 1;

    (void)state;
    for (size_t round = 0; round < 100; round++) {
        cleanup(arena_free)
        struct arena arena = {0};
        char list[2048] = "";

        for (size_t i = 0; i < 4; i++) {
            seed = seed * 1664525u + 1013904223u;
            strcat(strcat(list, i ? "," : ""), foreign[(seed >> 16) % array_length(foreign)]);
        }
        const char *before = arena_printf(&arena, POLICY("%s"), list);
        cleanup(json_free)
        cJSON *wanted = given_json(&arena, before);
        cleanup(json_free)
        cJSON *with_ours = merge(&arena, before, "{'Statement':[" OURS "]}", NULL);
        cleanup(free_pointer)
        char *text = json_print(with_ours);
        cleanup(json_free)
        cJSON *without = merge(&arena, text, "{'Statement':[]}", "Ours");

        assert_int_equal(cJSON_GetArraySize(json_get(with_ours, "Statement")), 5);
        assert_true(json_equal(wanted, without));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_nothing_stands_ours_are_the_policy),
        cmocka_unit_test(what_is_missing_goes_behind_what_others_wrote),
        cmocka_unit_test(what_was_changed_is_put_right_in_its_place),
        cmocka_unit_test(what_means_the_same_stays_as_the_service_wrote_it),
        cmocka_unit_test(what_was_withdrawn_goes_and_nothing_else),
        cmocka_unit_test(a_single_statement_of_others_without_a_list_is_kept),
        cmocka_unit_test(ours_twice_becomes_ours_once),
        cmocka_unit_test(where_nothing_is_left_the_policy_is_to_go),
        cmocka_unit_test(a_statement_of_ours_needs_a_sid),
        cmocka_unit_test(variables_of_ours_bring_their_version),
        cmocka_unit_test(ours_are_of_2012_unless_they_say_otherwise),
        cmocka_unit_test(a_version_that_others_count_on_is_not_changed),
        cmocka_unit_test(others_statements_make_no_difference),
        cmocka_unit_test(decayed_principals_are_found_with_their_statement),
        cmocka_unit_test(others_survive_a_hundred_random_edits),
    };

    json_initialise();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
