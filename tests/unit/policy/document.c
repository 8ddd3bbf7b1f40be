/* Reading policies: what AWS refuses is refused, with its place. */
#include "policy/given.h"

#include "base/text.h"

#define ALLOW(rest) "{'Version':'2012-10-17','Statement':[{'Effect':'Allow'," rest "}]}"

static void a_whole_policy_becomes_plain_structs(void **state)
{
    cleanup(arena_free)
    struct arena arena = {0};
    const struct policy_document *document =
        given(&arena, POLICY_RESOURCE,
              "{'Version':'2012-10-17','Id':'a','Statement':[{'Sid':'One','Effect':'Deny',"
              "'Principal':{'AWS':['222222222222','arn:aws:iam::222222222222:role/a'],"
              "'Service':'events.amazonaws.com'},'Action':['sqs:SendMessage','sqs:Get*'],"
              "'Resource':'*','Condition':{'Bool':{'aws:SecureTransport':false},"
              "'NumericLessThan':{'s3:max-keys':[10,'20']}}}]}");
    const struct policy_statement *statement = &document->statements[0];

    (void)state;
    assert_string_equal(document->version, "2012-10-17");
    assert_string_equal(document->id, "a");
    assert_string_equal(statement->sid, "One");
    assert_int_equal(statement->effect, POLICY_DENY);
    assert_int_equal(statement->principal.count, 3);
    assert_int_equal(statement->principal.items[2].type, POLICY_PRINCIPAL_SERVICE);
    assert_string_equal(statement->principal.items[1].value, "arn:aws:iam::222222222222:role/a");
    assert_int_equal(statement->action.count, 2);
    assert_string_equal(statement->resource.items[0], "*");
    assert_false(statement->not_resource.present);
    assert_int_equal(statement->condition_count, 2);
    assert_string_equal(statement->conditions[0].values.items[0], "false");
    assert_string_equal(statement->conditions[1].values.items[0], "10");
    assert_ptr_equal(policy_find_statement(document, "One"), statement);
    assert_null(policy_find_statement(document, "Two"));
}

static void one_statement_needs_no_list(void **state)
{
    cleanup(arena_free)
    struct arena arena = {0};
    const struct policy_document *document = given(&arena, POLICY_IDENTITY,
                                                   "{'Statement':{'Effect':'Allow','Action':'*',"
                                                   "'Resource':'*'}}");

    (void)state;
    assert_int_equal(document->statement_count, 1);
    assert_string_equal(document->statements[0].pointer, "/Statement");
    assert_null(document->version);
}

static void a_statement_knows_where_it_stands(void **state)
{
    cleanup(arena_free)
    struct arena arena = {0};
    const struct policy_document *document = given(&arena, POLICY_IDENTITY,
                                                   "{\n"
                                                   "  'Statement': [\n"
                                                   "    {'Effect': 'Allow', 'Action': '*', "
                                                   "'Resource': '*'},\n"
                                                   "      {'Effect': 'Deny', 'Action': '*', "
                                                   "'Resource': '*'}\n"
                                                   "  ]\n"
                                                   "}");

    (void)state;
    assert_int_equal(document->statements[0].line, 3);
    assert_int_equal(document->statements[0].column, 5);
    assert_int_equal(document->statements[1].line, 4);
    assert_int_equal(document->statements[1].column, 7);
    assert_string_equal(document->statements[1].pointer, "/Statement/1");
}

static void what_was_read_is_written_back_in_the_same_meaning(void **state)
{
    static const char *const policies[] = {
        "{'Version':'2012-10-17','Id':'x','Statement':[{'Sid':'a','Effect':'Allow','Principal':"
        "{'AWS':['222222222222','111111111111'],'Service':'sns.amazonaws.com'},'NotAction':"
        "['s3:Get*','s3:Put*'],'NotResource':'arn:aws:s3:::b','Condition':{'StringEquals':"
        "{'aws:PrincipalOrgID':'o-1','aws:username':['a','b']}}}]}",
        "{'Statement':[{'Effect':'Deny','Principal':'*','Action':'sqs:*'},"
        "{'Effect':'Deny','NotPrincipal':{'AWS':'222222222222'},'Action':'sqs:*'}]}",
    };

    (void)state;
    for (size_t i = 0; i < array_length(policies); i++) {
        cleanup(arena_free)
        struct arena arena = {0};
        cleanup(json_free)
        cJSON *original = given_json(&arena, policies[i]);
        cleanup(json_free)
        cJSON *written = policy_write_json(given(&arena, POLICY_RESOURCE, policies[i]));
        cleanup(free_pointer)
        char *text = json_print(written);

        if (!json_equal(original, written))
            fail_msg("%s became %s", policies[i], text);
    }
}

/* Each document, its kind, and words of the sentence that refuses it. */
static const struct {
    enum policy_kind kind;
    const char *text;
    const char *words;
} refused[] = {
    {POLICY_IDENTITY, "[]", "a policy is an object"},
    {POLICY_IDENTITY, "{'Version':'2012-10-17'", "line 1, column"},
    {POLICY_IDENTITY, "{'Version':'2012-10-17'}", "no statement"},
    {POLICY_IDENTITY, "{'Statement':[]}", "no statement"},
    {POLICY_IDENTITY, "{'Statement':'x'}", "/Statement"},
    {POLICY_IDENTITY, "{'Statement':[1]}", "/Statement/0"},
    {POLICY_IDENTITY, "{'Version':'2012-10-18','Statement':[]}", "(/Version)"},
    {POLICY_IDENTITY, "{'Version':20121017,'Statement':[]}", "a text is expected"},
    {POLICY_IDENTITY, "{'Statements':[]}", "no such element"},
    {POLICY_IDENTITY, ALLOW("'Action':'s3:*'"), "no Resource"},
    {POLICY_IDENTITY, ALLOW("'Resource':'*'"), "no Action"},
    {POLICY_IDENTITY, ALLOW("'Action':[],'Resource':'*'"), "the list is empty"},
    {POLICY_IDENTITY, ALLOW("'Action':'*','Resource':[]"), "(/Statement/0/Resource)"},
    {POLICY_IDENTITY, ALLOW("'Action':'*','NotAction':'s3:*','Resource':'*'"), "exclude each"},
    {POLICY_IDENTITY, ALLOW("'Action':'*','Resource':'*','NotResource':'*'"), "exclude each"},
    {POLICY_IDENTITY, ALLOW("'Action':['*',1],'Resource':'*'"), "(/Statement/0/Action/1)"},
    {POLICY_IDENTITY, ALLOW("'Action':'GetObject','Resource':'*'"), "prefix"},
    {POLICY_IDENTITY, ALLOW("'Action':'s3:','Resource':'*'"), "letters"},
    {POLICY_IDENTITY, ALLOW("'Action':'s*:Get','Resource':'*'"), "no wildcard"},
    {POLICY_IDENTITY, ALLOW("'Action':'s3:Get Object','Resource':'*'"), "letters"},
    {POLICY_IDENTITY, ALLOW("'Action':'*','Resource':'bucket'"), "ARN of six parts"},
    {POLICY_IDENTITY, ALLOW("'Action':'*','Resource':''"), "names no resource"},
    {POLICY_IDENTITY, ALLOW("'Action':'*','Resource':'*','Principal':'*'"), "no Principal"},
    {POLICY_IDENTITY, ALLOW("'Action':'*','Resource':'*','Sid':'a b'"), "letters A-Z"},
    {POLICY_IDENTITY, ALLOW("'Action':'*','Resource':'*','Sid':5"), "/Sid"},
    {POLICY_IDENTITY, ALLOW("'Action':'*','Resource':'*','Conditions':{}"), "no such element"},
    {POLICY_IDENTITY, ALLOW("'Action':'*','Resource':'*','Condition':[]"), "operators"},
    {POLICY_IDENTITY, ALLOW("'Action':'*','Resource':'*','Condition':{'Bool':'x'}"), "keys"},
    {POLICY_IDENTITY, ALLOW("'Action':'*','Resource':'*','Condition':{'StringIs':{'aws:a':'b'}}"),
     "no such condition operator"},
    {POLICY_IDENTITY,
     ALLOW("'Action':'*','Resource':'*','Condition':{'NullIfExists':{'aws:a':'true'}}"),
     "IfExists"},
    {POLICY_IDENTITY, ALLOW("'Action':'*','Resource':'*','Condition':{'Bool':{'MFA':'true'}}"),
     "prefix"},
    {POLICY_IDENTITY,
     ALLOW("'Action':'*','Resource':'*','Condition':{'StringLike':{'aws:a':{'b':'c'}}}"),
     "a text is expected"},
    {POLICY_IDENTITY, "{'Statement':[{'Effect':'allow','Action':'*','Resource':'*'}]}", "Effect"},
    {POLICY_IDENTITY, "{'Statement':[{'Action':'*','Resource':'*'}]}", "no Effect"},
    {POLICY_IDENTITY,
     "{'Statement':[{'Sid':'a','Effect':'Allow','Action':'*','Resource':'*'},"
     "{'Sid':'a','Effect':'Allow','Action':'*','Resource':'*'}]}",
     "another statement has the Sid"},
    {POLICY_TRUST, ALLOW("'Action':'sts:AssumeRole'"), "no Principal"},
    {POLICY_TRUST, ALLOW("'Action':'sts:AssumeRole','Principal':'*','Resource':'*'"),
     "no Resource"},
    {POLICY_TRUST,
     "{'Statement':[{'Effect':'Deny','Action':'sts:AssumeRole','NotPrincipal':{'AWS':'*'}}]}",
     "NotPrincipal"},
    {POLICY_RESOURCE, ALLOW("'Action':'sqs:*','Principal':{}"), "names no principal"},
    {POLICY_RESOURCE, ALLOW("'Action':'sqs:*','Principal':{'AWS':[]}"), "the list is empty"},
    {POLICY_RESOURCE, ALLOW("'Action':'sqs:*','Principal':'222222222222'"), "without a type"},
    {POLICY_RESOURCE, ALLOW("'Action':'sqs:*','Principal':{'Aws':'*'}"), "no such type"},
    {POLICY_RESOURCE, ALLOW("'Action':'sqs:*','Principal':{'AWS':'someone'}"), "an account"},
    {POLICY_RESOURCE, ALLOW("'Action':'sqs:*','Principal':{'AWS':'arn:aws:iam::1:role/*'}"),
     "wildcard"},
    {POLICY_RESOURCE, ALLOW("'Action':'sqs:*','Principal':{'AWS':'arn:aws:s3:::b'}"), "iam or sts"},
    {POLICY_RESOURCE, ALLOW("'Action':'sqs:*','Principal':{'Service':'events'}"), "a service"},
    {POLICY_RESOURCE, ALLOW("'Action':'sqs:*','NotPrincipal':{'AWS':'*'}"), "statements that deny"},
    {POLICY_RESOURCE, ALLOW("'Action':'sqs:*','Principal':['*']"), "an object of principals"},
};

static void what_aws_refuses_is_refused_with_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < array_length(refused); i++) {
        cleanup(arena_free)
        struct arena arena = {0};
        struct error error = {.class = ERROR_NONE};
        char *text = given_text(&arena, refused[i].text);

        if (policy_read_text(&arena, refused[i].kind, text, strlen(text), &error))
            fail_msg("taken: %s", refused[i].text);
        if (error.class != ERROR_INVALID || !strstr(error.sentence, refused[i].words))
            fail_msg("%s: expected \"%s\", got \"%s\"", refused[i].text, refused[i].words,
                     error.sentence);
    }
}

static void what_aws_takes_is_taken(void **state)
{
    static const struct {
        enum policy_kind kind;
        const char *text;
    } taken[] = {
        {POLICY_IDENTITY, ALLOW("'Action':'*','Resource':'*'")},
        {POLICY_IDENTITY, ALLOW("'NotAction':['iam:*'],'NotResource':['arn:aws:s3:::b/*']")},
        {POLICY_IDENTITY,
         ALLOW("'Action':'s3:Get?bject*','Resource':'arn:aws:s3:::${aws:username}'")},
        {POLICY_IDENTITY, ALLOW("'Action':'s3:*','Resource':'*','Sid':''")},
        {POLICY_IDENTITY, ALLOW("'Action':'s3:*','Resource':'*','Condition':"
                                "{'ForAnyValue:stringlikeifexists':{'aws:TagKeys':['a']}}")},
        {POLICY_TRUST, ALLOW("'Action':['sts:AssumeRole','sts:TagSession'],'Principal':"
                             "{'Federated':'arn:aws:iam::222222222222:oidc-provider/x.y'}")},
        {POLICY_RESOURCE, ALLOW("'Action':'kms:*','Principal':{'AWS':'AROAEXAMPLEEXAMPLE123'},"
                                "'Resource':'*','Sid':'Enable IAM User Permissions'")},
        {POLICY_RESOURCE, ALLOW("'Action':'ecr:BatchGetImage','Principal':'*'")},
        {POLICY_RESOURCE, ALLOW("'Action':'s3:GetObject','Resource':'*','Principal':"
                                "{'CanonicalUser':'79a59df900b949e55d96a1e698fbaced'}")},
        {POLICY_RESOURCE,
         ALLOW("'Action':'s3:GetObject','Resource':'*','Principal':{'AWS':"
               "'arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1'}")},
    };

    (void)state;
    for (size_t i = 0; i < array_length(taken); i++) {
        cleanup(arena_free)
        struct arena arena = {0};

        assert_non_null(given(&arena, taken[i].kind, taken[i].text));
    }
}

static void loosely_only_the_shape_counts(void **state)
{
    cleanup(arena_free)
    struct arena arena = {0};
    const struct policy_document *document =
        given(&arena, POLICY_LOOSE,
              "{'Version':'x','More':1,'Statement':[{'Effect':'allow','Principal':{'AWS':[]},"
              "'NotPrincipal':'x','Action':[],'Other':2}]}");

    (void)state;
    assert_int_equal(document->statement_count, 1);
    assert_true(document->statements[0].action.present);
    assert_int_equal(document->statements[0].principal.count, 0);
}

static void a_place_is_found_by_its_pointer(void **state)
{
    static const char text[] = "{\"a/b\": [10, {\"\\u0063\": \"x,]}\"}],\n \"d\": {\"e\": null}}";
    size_t line = 0;
    size_t column = 0;

    (void)state;
    assert_true(policy_locate(text, strlen(text), "/a~1b/1/c", &line, &column));
    assert_int_equal(line, 1);
    assert_int_equal(column, 25);
    assert_true(policy_locate(text, strlen(text), "/d/e", &line, &column));
    assert_int_equal(line, 2);
    assert_int_equal(column, 13);
    assert_true(policy_locate(text, strlen(text), "", &line, &column));
    assert_int_equal(column, 1);
    assert_false(policy_locate(text, strlen(text), "/a~1b/2", &line, &column));
    assert_false(policy_locate(text, strlen(text), "/x", &line, &column));
    assert_false(policy_locate(text, strlen(text), "/d/e/f", &line, &column));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_policy_becomes_plain_structs),
        cmocka_unit_test(one_statement_needs_no_list),
        cmocka_unit_test(a_statement_knows_where_it_stands),
        cmocka_unit_test(what_was_read_is_written_back_in_the_same_meaning),
        cmocka_unit_test(what_aws_refuses_is_refused_with_its_place),
        cmocka_unit_test(what_aws_takes_is_taken),
        cmocka_unit_test(loosely_only_the_shape_counts),
        cmocka_unit_test(a_place_is_found_by_its_pointer),
    };

    json_initialise();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
