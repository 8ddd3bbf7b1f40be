/* Event patterns: what they match, what is no pattern, and what is said of both. */
#include "policy/given.h"

#include "policy/event_pattern.h"

static struct event_pattern *compile(struct arena *arena, const char *text, struct error *error)
{
    char *json = given_text(arena, text);

    return event_pattern_read(json, strlen(json), error);
}

static const struct {
    const char *pattern;
    const char *event;
    bool matches;
} cases[] = {
    {"{'source':['aws.s3']}", "{'source':'aws.s3'}", true},
    {"{'source':['aws.s3']}", "{'source':'aws.ec2'}", false},
    {"{'source':['aws.s3','aws.ec2']}", "{'source':'aws.ec2'}", true},
    {"{'source':['aws.s3']}", "{'source':['aws.ec2','aws.s3']}", true},
    {"{'detail':{'a':{'b':[1]}}}", "{'detail':{'a':{'b':1.0}}}", true},
    {"{'a':['1']}", "{'a':1}", false},
    {"{'a':[null]}", "{'a':null}", true},
    {"{'a':[true]}", "{'a':'true'}", false},
    {"{'a':[{'prefix':'eu-'}]}", "{'a':'eu-west-1'}", true},
    {"{'a':[{'suffix':'.png'}]}", "{'a':'x.jpg'}", false},
    {"{'a':[{'prefix':{'equals-ignore-case':'EU-'}}]}", "{'a':'eu-west-1'}", true},
    {"{'a':[{'equals-ignore-case':'Alice'}]}", "{'a':'aLICE'}", true},
    {"{'a':[{'wildcard':'dir/*.png'}]}", "{'a':'dir/sub/x.png'}", true},
    {"{'a':[{'anything-but':['x','y']}]}", "{'a':'z'}", true},
    {"{'a':[{'anything-but':'x'}]}", "{'a':'x'}", false},
    {"{'a':[{'anything-but':{'prefix':'x'}}]}", "{'a':'xy'}", false},
    {"{'a':[{'anything-but':'x'}]}", "{'b':'x'}", false},
    {"{'a':[{'numeric':['>',0,'<=',5]}]}", "{'a':5}", true},
    {"{'a':[{'numeric':['>',0,'<',5]}]}", "{'a':5}", false},
    {"{'a':[{'numeric':['=',3e2]}]}", "{'a':300}", true},
    {"{'a':[{'exists':true}]}", "{'a':''}", true},
    {"{'a':[{'exists':false}]}", "{'b':1}", true},
    {"{'a':[{'exists':false}]}", "{'a':{}}", true},
    {"{'a':[{'cidr':'10.0.0.0/24'}]}", "{'a':'10.0.0.255'}", true},
    {"{'a':[{'cidr':'10.0.0.0/24'}]}", "{'a':'10.0.1.0'}", false},
    {"{'a':['10.0.0.1']}", "{'a':'10.0.0.1'}", true},
    {"{'$or':[{'a':['1']},{'b':['2']}]}", "{'b':'2'}", true},
    {"{'$or':[{'a':['1']},{'b':['2']}]}", "{'b':'3'}", false},
    {"{'d':{'a':['1'],'b':['2']}}", "{'d':[{'a':'1','b':'3'},{'a':'4','b':'2'}]}", false},
    {"{'d':{'a':['1'],'b':['2']}}", "{'d':[{'a':'1','b':'3'},{'a':'1','b':'2'}]}", true},
    {"{'d':{'a':['1']}}", "{'d.a':'1'}", true},
};

static void each_operator_matches_what_the_guide_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < array_length(cases); i++) {
        cleanup(arena_free)
        struct arena arena = {0};
        cleanup(json_free)
        cJSON *event = given_json(&arena, cases[i].event);
        struct error error = {.class = ERROR_NONE};
        struct event_pattern *pattern = compile(&arena, cases[i].pattern, &error);

        if (!pattern)
            fail_msg("%s: %s", cases[i].pattern, error.sentence);
        cleanup(free_pointer)
        char *explanation = event_pattern_explain(pattern, event);
        bool matches = event_pattern_match(pattern, event);

        event_pattern_free(pattern);
        if (matches != cases[i].matches || matches != !explanation)
            fail_msg("%s on %s", cases[i].pattern, cases[i].event);
    }
}

static void what_eventbridge_refuses_is_refused_with_its_place(void **state)
{
    static const struct {
        const char *pattern;
        const char *words;
    } refused[] = {
        {"[]", "the pattern"},
        {"{}", ""},
        {"{'a':'x'}", "a"},
        {"{'a':[]}", "a: an empty array"},
        {"{'a':[['x']]}", "a[0]: an array stands in an array"},
        {"{'a':[{'unknown':1}]}", "a[0].unknown"},
        {"{'a':['x',{'prefix':1}]}", "a[1].prefix"},
        {"{'a':[{'prefix':'x','suffix':'y'}]}", "a[0]"},
        {"{'a':[{'wildcard':'a**'}]}", "two stars"},
        {"{'a':[{'numeric':['>']}]}", "numeric"},
        {"{'a':[{'cidr':'10.0.0.0/32'}]}", "cidr"},
        {"{'a':[{'exists':'yes'}]}", "exists"},
        {"{'a':[{'anything-but':[]}]}", "anything-but"},
    };

    (void)state;
    for (size_t i = 0; i < array_length(refused); i++) {
        cleanup(arena_free)
        struct arena arena = {0};
        struct error error = {.class = ERROR_NONE};
        struct event_pattern *pattern = compile(&arena, refused[i].pattern, &error);

        if (pattern)
            fail_msg("taken: %s", refused[i].pattern);
        if (error.class != ERROR_INVALID || !strstr(error.sentence, refused[i].words))
            fail_msg("%s: \"%s\"", refused[i].pattern, error.sentence);
    }
}

static void the_field_that_does_not_match_is_named(void **state)
{
    cleanup(arena_free)
    struct arena arena = {0};
    cleanup(json_free)
    cJSON *event = given_json(&arena, "{'source':'a','detail':{'state':'X'}}");
    struct error error = {.class = ERROR_NONE};
    struct event_pattern *pattern =
        compile(&arena, "{'source':['a'],'detail':{'state':['Y']}}", &error);
    cleanup(free_pointer)
    char *field = event_pattern_explain(pattern, event);

    (void)state;
    event_pattern_free(pattern);
    assert_string_equal(field, "detail.state");
}

static void an_event_needs_what_every_event_has(void **state)
{
    cleanup(arena_free)
    struct arena arena = {0};
    cleanup(json_free)
    cJSON *whole =
        given_json(&arena, "{'id':'1','account':'2','source':'a','time':'t','region':'r',"
                           "'detail-type':'d'}");
    cleanup(json_free)
    cJSON *part = given_json(&arena, "{'id':'1','account':'2'}");
    struct error error = {.class = ERROR_NONE};

    (void)state;
    assert_int_equal(event_pattern_check_event(whole, &error), 0);
    assert_int_equal(event_pattern_check_event(part, &error), -1);
    assert_non_null(strstr(error.sentence, "\"source\""));
}

static void a_pattern_may_be_used_again_and_again(void **state)
{
    cleanup(arena_free)
    struct arena arena = {0};
    cleanup(json_free)
    cJSON *event = given_json(&arena, "{'a':'x'}");
    cleanup(json_free)
    cJSON *other = given_json(&arena, "{'a':'y'}");
    struct error error = {.class = ERROR_NONE};
    struct event_pattern *pattern = compile(&arena, "{'a':['x']}", &error);

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_true(event_pattern_match(pattern, event));
        assert_false(event_pattern_match(pattern, other));
    }
    event_pattern_free(pattern);
    event_pattern_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_operator_matches_what_the_guide_says),
        cmocka_unit_test(what_eventbridge_refuses_is_refused_with_its_place),
        cmocka_unit_test(the_field_that_does_not_match_is_named),
        cmocka_unit_test(an_event_needs_what_every_event_has),
        cmocka_unit_test(a_pattern_may_be_used_again_and_again),
    };

    json_initialise();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
