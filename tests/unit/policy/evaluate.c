/* Would AWS allow it, and which statement says so. */
#include "policy/given.h"

#include "policy/evaluate.h"

#define ROLE "arn:aws:iam::222222222222:role/path/build"
#define SESSION "arn:aws:sts::222222222222:assumed-role/build/run"
#define USER "arn:aws:iam::222222222222:user/anna"
#define STRANGER "arn:aws:iam::111111111111:role/build"
#define ALL "{'Statement':[{'Effect':'Allow','Action':'*','Resource':'*'}]}"
#define NOTHING "{'Statement':[{'Effect':'Allow','Action':'ec2:*','Resource':'*'}]}"
#define TO(principal) \
    "{'Statement':[{'Effect':'Allow','Principal':" principal ",'Action':'*','Resource':'*'}]}"

#define QUEUE "'arn:aws:sqs:eu-west-1:222222222222:q'"
#define KEY "'arn:aws:kms:eu-west-1:222222222222:key/1'"
#define ASK(principal, action, resource, policies)              \
    "{'request':{'principal':'" principal "','action':'" action \
    "','resource':{'resource':" resource ",'accountId':'222222222222'},'context':{}}" policies "}"
#define SEND(principal, policies) ASK(principal, "sqs:SendMessage", QUEUE, policies)

static struct policy_decision decide(struct arena *arena, const char *question)
{
    cleanup(json_free)
    cJSON *json = given_json(arena, question);
    struct error error = {.class = ERROR_NONE};
    struct policy_request request;
    struct policy_chain chain;

    if (policy_question_read(arena, json, &request, &chain, &error) < 0)
        fail_msg("%s: %s", question, error.sentence);
    return policy_evaluate(arena, &request, &chain);
}

static void assert_verdicts(const char *const *questions, size_t count,
                            enum policy_verdict expected)
{
    for (size_t i = 0; i < count; i++) {
        cleanup(arena_free)
        struct arena arena = {0};
        struct policy_decision decision = decide(&arena, questions[i]);
        cleanup(free_pointer)
        char *text = policy_explain(&decision);

        if (decision.verdict != expected)
            fail_msg("%s: expected %s, got %s", questions[i], policy_verdict_name(expected), text);
    }
}

static void these_are_allowed(void **state)
{
    static const char *const questions[] = {
        SEND(ROLE, ",'identityPolicies':[" ALL "]"),
        SEND(ROLE, ",'resourcePolicy':" TO("{'AWS':'" ROLE "'}")),
        SEND(SESSION, ",'resourcePolicy':" TO("{'AWS':'" ROLE "'}")),
        SEND(STRANGER,
             ",'identityPolicies':[" ALL "],'resourcePolicy':" TO("{'AWS':'111111111111'}")),
        SEND("events.amazonaws.com", ",'resourcePolicy':" TO("{'Service':'events.amazonaws.com'}")),
        SEND("*", ",'resourcePolicy':" TO("'*'")),
        SEND(USER,
             ",'permissionBoundaries':[" NOTHING "],'resourcePolicy':" TO("{'AWS':'" USER "'}")),
        SEND(SESSION, ",'sessionPolicy':" NOTHING ",'resourcePolicy':" TO("{'AWS':'" SESSION "'}")),
        SEND(ROLE, ",'permissionBoundaries':[" NOTHING "],'resourcePolicy':" TO("'*'")),
        SEND("arn:aws:iam::222222222222:root", ""),
        ASK(ROLE, "kms:Decrypt", KEY,
            ",'identityPolicies':[" ALL "],'resourcePolicy':" TO("{'AWS':'222222222222'}")),
        ASK(ROLE, "ecr:GetAuthorizationToken", "'*'", ",'identityPolicies':[" ALL "]"),
        SEND("events.amazonaws.com",
             ",'serviceControlPolicies':[{'policies':[" NOTHING "]}],'resourcePolicy':" TO("'*'")),
    };

    (void)state;
    assert_verdicts(questions, array_length(questions), POLICY_ALLOWED);
}

static void these_lack_an_allow(void **state)
{
    static const char *const questions[] = {
        SEND(ROLE, ""),
        SEND(ROLE, ",'resourcePolicy':" TO("{'AWS':'222222222222'}")),
        SEND(ROLE, ",'resourcePolicy':" TO("{'AWS':'AROAEXAMPLEEXAMPLE123'}")),
        SEND(STRANGER, ",'identityPolicies':[" ALL "]"),
        SEND(STRANGER, ",'resourcePolicy':" TO("'*'")),
        SEND(ROLE, ",'identityPolicies':[" ALL "],'permissionBoundaries':[" NOTHING "]"),
        SEND(ROLE,
             ",'permissionBoundaries':[" NOTHING "],'resourcePolicy':" TO("{'AWS':'" ROLE "'}")),
        SEND(SESSION, ",'identityPolicies':[" ALL "],'sessionPolicy':" NOTHING),
        SEND(ROLE, ",'identityPolicies':[" ALL "],'serviceControlPolicies':[{'policies':[" ALL
                   "]},{'policies':[" NOTHING "]}]"),
        SEND(ROLE, ",'identityPolicies':[" ALL "],'serviceControlPolicies':[{'policies':[]}]"),
        SEND(ROLE, ",'identityPolicies':[" ALL
                   "],'resourceControlPolicies':[{'policies':[" TO("{'AWS':'111111111111'}") "]}]"),
        SEND("sns.amazonaws.com", ",'resourcePolicy':" TO("{'Service':'events.amazonaws.com'}")),
        SEND("*", ",'resourcePolicy':" TO("{'AWS':'222222222222'}")),
        ASK(ROLE, "kms:Decrypt", KEY, ",'identityPolicies':[" ALL "]"),
        ASK(ROLE, "sts:AssumeRole", "'arn:aws:iam::222222222222:role/x'",
            ",'identityPolicies':[" ALL "],'resourcePolicy':" TO("{'AWS':'111111111111'}")),
        SEND(ROLE,
             ",'identityPolicies':[{'Version':'2012-10-17','Statement':[{'Effect':'Allow',"
             "'Action':'*','Resource':'arn:aws:sqs:eu-west-1:222222222222:${aws:username}'}]}]"),
    };

    (void)state;
    assert_verdicts(questions, array_length(questions), POLICY_IMPLICITLY_DENIED);
}

#define DENY "{'Statement':[{'Effect':'Deny','Action':'sqs:*','Resource':'*'}]}"

static void a_deny_anywhere_is_the_answer(void **state)
{
    static const char *const questions[] = {
        SEND(ROLE, ",'identityPolicies':[" ALL "," DENY "]"),
        SEND(ROLE, ",'identityPolicies':[" ALL "],'permissionBoundaries':[" DENY "]"),
        SEND(SESSION, ",'identityPolicies':[" ALL "],'sessionPolicy':" DENY),
        SEND(ROLE, ",'identityPolicies':[" ALL "],'serviceControlPolicies':[{'policies':[" ALL
                   "," DENY "]}]"),
        SEND(ROLE, ",'identityPolicies':[" ALL "],'resourcePolicy':{'Statement':[{'Effect':'Deny',"
                   "'Principal':{'AWS':'222222222222'},'Action':'*'}]}"),
        SEND(ROLE, ",'identityPolicies':[" ALL "],'resourcePolicy':{'Statement':[{'Effect':'Deny',"
                   "'NotPrincipal':{'AWS':'" USER "'},'Action':'*'}]}"),
        SEND(ROLE, ",'identityPolicies':[" ALL "],'permissionBoundaries':[" ALL
                   "],'resourcePolicy':{'Statement':[{'Effect':'Deny','NotPrincipal':{'AWS':'" ROLE
                   "'},'Action':'*'}]}"),
        SEND(ROLE, ",'identityPolicies':[" ALL "],'resourceControlPolicies':[{'policies':[" TO(
                       "'*'") ",{'Statement':[{'Effect':'Deny','Principal':'*','Action':'sqs:*','"
                              "Resource':'*'}]}]}]"),
    };

    (void)state;
    assert_verdicts(questions, array_length(questions), POLICY_EXPLICITLY_DENIED);
}

/* A statement that is about the queue, or is not, by its element. */
static void actions_and_resources_match_as_the_guide_says(void **state)
{
    static const struct {
        const char *element;
        bool applies;
    } cases[] = {
        {"'Action':'SQS:sendmessage','Resource':'*'", true},
        {"'Action':'sqs:Send*','Resource':'*'", true},
        {"'Action':'sqs:?endMessage','Resource':'*'", true},
        {"'Action':'*:*','Resource':'*'", true},
        {"'Action':'s*','Resource':'*'", false},
        {"'Action':'s?s:*','Resource':'*'", false},
        {"'NotAction':['ec2:*','iam:*'],'Resource':'*'", true},
        {"'NotAction':['sqs:*'],'Resource':'*'", false},
        {"'Action':'*','Resource':'arn:aws:sqs:*:222222222222:q'", true},
        {"'Action':'*','Resource':'arn:aws:sqs:*'", true},
        {"'Action':'*','Resource':'arn:aws:*:q'", false},
        {"'Action':'*','Resource':'arn:aws:sqs:eu-west-1:222222222222:Q'", false},
        {"'Action':'*','NotResource':'arn:aws:sqs:eu-west-1:222222222222:other'", true},
        {"'Action':'*','NotResource':'arn:aws:sqs:*:*:q'", false},
        {"'Action':'*','NotResource':'arn:aws:sqs:*:*:${aws:username}'", false},
    };

    (void)state;
    for (size_t i = 0; i < array_length(cases); i++) {
        cleanup(arena_free)
        struct arena arena = {0};
        const char *question = arena_printf(
            &arena,
            SEND(
                ROLE,
                ",'identityPolicies':[{'Version':'2012-10-17','Statement':{'Effect':'Allow',%s}}]"),
            cases[i].element);

        if ((decide(&arena, question).verdict == POLICY_ALLOWED) != cases[i].applies)
            fail_msg("%s", cases[i].element);
    }
}

static void the_trace_names_the_statement_that_decided(void **state)
{
    cleanup(arena_free)
    struct arena arena = {0};
    struct policy_decision decision = decide(
        &arena,
        SEND(ROLE,
             ",'identityPolicies':[{'Statement':[{'Sid':'Reads','Effect':'Allow','Action':"
             "'s3:*','Resource':'*'},{'Sid':'Sends','Effect':'Allow','Action':'sqs:*',"
             "'Resource':'*'}]}],'resourcePolicy':{'Statement':[{'Sid':'Far','Effect':'Allow',"
             "'Principal':{'AWS':'111111111111'},'Action':'*'},{'Sid':'Near','Effect':'Allow',"
             "'Principal':{'AWS':'222222222222'},'Action':'*'},{'Sid':'Plain','Effect':'Deny',"
             "'Principal':'*','Action':'*','Condition':{'Bool':{'aws:SecureTransport':"
             "'false'}}}]}"));
    cleanup(free_pointer)
    char *text = policy_explain(&decision);
    cleanup(json_free)
    cJSON *json = policy_explain_json(&decision);

    (void)state;
    assert_string_equal(decision.decisive->statement->sid, "Sends");
    assert_int_equal(decision.grant, POLICY_GRANT_ACCOUNT);
    assert_string_equal(
        text,
        "Allowed: the identity policy allows it\n"
        "  resource policy 1, statement 1 \"Far\": is not about this principal\n"
        "  resource policy 1, statement 2 \"Near\": allows (to the account: its identity policies "
        "decide)\n"
        "  resource policy 1, statement 3 \"Plain\": would deny, but its condition Bool of "
        "aws:SecureTransport does not hold\n"
        "  identity policy 1, statement 1 \"Reads\": is not about this action\n"
        "* identity policy 1, statement 2 \"Sends\": allows\n");
    assert_string_equal(json_get_text(json, "verdict"), "Allowed");
    assert_int_equal(cJSON_GetArraySize(json_get(json, "statements")), 5);
}

static void what_is_missing_is_named(void **state)
{
    static const struct {
        const char *question;
        enum policy_layer missing;
    } cases[] = {
        {SEND(ROLE, ""), POLICY_LAYER_IDENTITY},
        {SEND(STRANGER, ",'identityPolicies':[" ALL "]"), POLICY_LAYER_RESOURCE},
        {SEND(STRANGER, ",'resourcePolicy':" TO("'*'")), POLICY_LAYER_IDENTITY},
        {SEND(ROLE, ",'identityPolicies':[" ALL "],'permissionBoundaries':[" NOTHING "]"),
         POLICY_LAYER_BOUNDARY},
        {SEND(SESSION, ",'identityPolicies':[" ALL "],'sessionPolicy':" NOTHING),
         POLICY_LAYER_SESSION},
        {SEND(ROLE, ",'identityPolicies':[" ALL "],'serviceControlPolicies':[{'policies':[]}]"),
         POLICY_LAYER_SERVICE_CONTROL},
    };

    (void)state;
    for (size_t i = 0; i < array_length(cases); i++) {
        cleanup(arena_free)
        struct arena arena = {0};
        struct policy_decision decision = decide(&arena, cases[i].question);

        assert_int_equal(decision.missing, cases[i].missing);
        assert_null(decision.decisive);
    }
}

static void a_question_that_is_none_is_refused_with_its_place(void **state)
{
    static const struct {
        const char *question;
        const char *words;
    } cases[] = {
        {"{}", "/request"},
        {"{'request':{'principal':'x'}}", "/request/action"},
        {"{'request':{'action':'a:b'}}", "/request/principal"},
        {"{'request':{'action':'a:b','principal':'x'}}", "/request/resource"},
        {"{'request':{'action':'a:b','principal':'x','resource':'*','context':[]}}",
         "/request/context"},
        {"{'request':{'action':'a:b','principal':'x','resource':'*','context':{'k':{}}}}",
         "/request/context/k"},
        {"{'request':{'action':'a:b','principal':'x','resource':'*'},'identityPolicies':[{},1]}",
         "/identityPolicies/1"},
        {"{'request':{'action':'a:b','principal':'x','resource':'*'},'serviceControlPolicies':{}}",
         "/serviceControlPolicies"},
    };

    (void)state;
    for (size_t i = 0; i < array_length(cases); i++) {
        cleanup(arena_free)
        struct arena arena = {0};
        cleanup(json_free)
        cJSON *json = given_json(&arena, cases[i].question);
        struct error error = {.class = ERROR_NONE};
        struct policy_request request;
        struct policy_chain chain;

        assert_int_equal(policy_question_read(&arena, json, &request, &chain, &error), -1);
        if (!strstr(error.sentence, cases[i].words))
            fail_msg("%s: %s", cases[i].question, error.sentence);
    }
}

static const char *context_value(const struct policy_request *request, const char *key)
{
    const struct policy_context_entry *entry = policy_context_get(&request->context, key);

    return entry ? entry->values.items[0] : "";
}

static void the_context_is_completed_from_the_request(void **state)
{
    cleanup(arena_free)
    struct arena arena = {0};
    struct policy_request session = {.principal = SESSION, .resource_account = "111111111111"};
    struct policy_request service = {.principal = "events.amazonaws.com", .resource_account = ""};

    (void)state;
    policy_request_complete(&arena, &session);
    assert_string_equal(context_value(&session, "aws:PrincipalArn"),
                        "arn:aws:iam::222222222222:role/build");
    assert_string_equal(context_value(&session, "aws:PrincipalAccount"), "222222222222");
    assert_string_equal(context_value(&session, "aws:PrincipalType"), "AssumedRole");
    assert_string_equal(context_value(&session, "aws:ResourceAccount"), "111111111111");
    assert_string_equal(context_value(&session, "aws:PrincipalIsAWSService"), "false");
    policy_request_complete(&arena, &service);
    assert_string_equal(context_value(&service, "aws:PrincipalServiceName"),
                        "events.amazonaws.com");
    assert_string_equal(context_value(&service, "aws:PrincipalArn"), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(these_are_allowed),
        cmocka_unit_test(these_lack_an_allow),
        cmocka_unit_test(a_deny_anywhere_is_the_answer),
        cmocka_unit_test(actions_and_resources_match_as_the_guide_says),
        cmocka_unit_test(the_trace_names_the_statement_that_decided),
        cmocka_unit_test(what_is_missing_is_named),
        cmocka_unit_test(a_question_that_is_none_is_refused_with_its_place),
        cmocka_unit_test(the_context_is_completed_from_the_request),
    };

    json_initialise();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
