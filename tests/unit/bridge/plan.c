/* Plans: what is to be called, in which order, and what never is. */
#include "bridge/world.h"

struct world {
    struct config *config;
    struct resource_list list;
    struct observed *observed;
    struct plan_options options;
    struct plan plan;
};

static struct world given(const char *text, bool there)
{
    struct world world = {.config = config_of(text)};

    world.list = list_of(world.config);
    world.observed = there ? observed_of(&world.list) : observed_nothing(&world.list);
    world.options = options_of(world.config);
    return world;
}

static void make(struct world *world)
{
    plan_make(&world->plan, &world->list, world->observed, &world->options);
}

static void end(struct world *world)
{
    plan_free(&world->plan);
    free_observed(world->observed, &world->list);
    resource_list_free(&world->list);
    config_unref(world->config);
}

static cJSON *fields_of(const struct world *world, const char *key)
{
    return world->observed[index_of(&world->list, key)].fields;
}

static const struct plan_entry *entry_of(const struct world *world, const char *key)
{
    return &world->plan.entries[index_of(&world->list, key)];
}

#define BUCKET "staging/s3_bucket_policy/axcess-devst-sagemaker"
#define QUEUE "prod/sqs_queue/causeway-events"
#define STAGING_ROLE "staging/iam_role/causeway-staging"

static void nothing_to_do_is_an_empty_plan(void **state)
{
    (void)state;
    struct world world = given(ACCOUNTS BRIDGE, true);

    make(&world);
    assert_true(plan_is_empty(&world.plan));
    assert_int_equal(world.plan.action_count, 0);
    end(&world);
}

static void everything_is_made_before_what_refers_to_it(void **state)
{
    (void)state;
    struct world world = given(ACCOUNTS BRIDGE, false);

    fields_of(&world, BUCKET);
    world.observed[index_of(&world.list, STAGING_ROLE)].presence = PRESENCE_ABSENT;
    make(&world);
    assert_true(world.plan.action_count > 20);
    for (size_t i = 0; i < world.plan.action_count; i++)
        for (size_t j = 0; j < world.plan.actions[i].after_count; j++)
            assert_true(world.plan.actions[i].after[j] < i);
    /* The repository's policy names the role that models run with. */
    const struct plan_action *policy = action_of(&world.plan, "SetRepositoryPolicy");
    bool waits = false;

    for (size_t i = 0; i < policy->after_count; i++)
        waits |= text_equal(world.plan.actions[policy->after[i]].sentence,
                            "create the role causeway-execution in prod");
    assert_true(waits);
    end(&world);
}

static void equal_inputs_are_equal_plans(void **state)
{
    (void)state;
    struct world first = given(ACCOUNTS BRIDGE, false);
    struct world second = given(ACCOUNTS BRIDGE, false);

    make(&first);
    make(&second);
    cleanup(json_free)
    cJSON *view_of_first = plan_view(&first.plan);
    cleanup(json_free)
    cJSON *view_of_second = plan_view(&second.plan);
    cleanup(free_pointer)
    char *text_of_first = json_print(view_of_first);
    cleanup(free_pointer)
    char *text_of_second = json_print(view_of_second);

    assert_string_equal(text_of_first, text_of_second);
    end(&first);
    end(&second);
}

static void statements_of_others_stay_as_they_are(void **state)
{
    (void)state;
    struct world world = given(ACCOUNTS BRIDGE, true);
    cJSON *policy =
        json_of("{'Version':'2012-10-17','Statement':["
                "{'Sid':'Theirs','Effect':'Deny','Principal':'*','Action':'s3:PutObject',"
                "'Resource':'*'},"
                "{'Sid':'CausewayRead','Effect':'Allow','Principal':'*',"
                "'Action':'s3:*','Resource':'*'},"
                "{'Effect':'Allow','Principal':'*','Action':'s3:ListBucket',"
                "'Resource':'*'}]}");

    json_put(fields_of(&world, BUCKET), "policy", policy);
    make(&world);
    const struct plan_action *action = action_of(&world.plan, "PutBucketPolicy");
    cleanup(json_free)
    cJSON *written = json_of(json_get_text(action->input, "Policy"));

    assert_int_equal(world.plan.action_count, 1);
    assert_string_equal(json_text(json_pointer(written, "/Statement/0/Sid")), "Theirs");
    assert_string_equal(json_text(json_pointer(written, "/Statement/1/Sid")), "CausewayRead");
    assert_string_equal(json_text(json_pointer(written, "/Statement/1/Action/0")), "s3:GetObject");
    assert_string_equal(json_text(json_pointer(written, "/Statement/2/Action")), "s3:ListBucket");
    end(&world);
}

static void policies_compare_by_what_they_mean(void **state)
{
    (void)state;
    struct world world = given(ACCOUNTS BRIDGE, true);
    cJSON *policy =
        json_of("{'Version':'2008-10-17','Id':'x','Statement':{"
                "'Sid':'CausewayRead','Effect':'Allow','Principal':{'AWS':['" PROD "']},"
                "'Action':['s3:GETOBJECTVERSION','s3:GetObject'],"
                "'Resource':['arn:aws:s3:::axcess-devst-sagemaker/*'],"
                "'Condition':{'ArnLike':{'AWS:principalarn':"
                "['arn:aws:iam::" PROD ":role/causeway-instance']}}}}");
    cJSON *list = cJSON_CreateArray();

    cJSON_AddItemToArray(list, cJSON_Duplicate(json_get(policy, "Statement"), true));
    json_put(policy, "Statement", list);
    json_put(fields_of(&world, BUCKET), "policy", policy);
    make(&world);
    assert_true(plan_is_empty(&world.plan));
    end(&world);
}

static void a_decayed_principal_is_a_difference(void **state)
{
    (void)state;
    struct world world = given(ACCOUNTS BRIDGE, true);
    cJSON *fields = fields_of(&world, "staging/ecr_repository/sagemaker-inference");
    cJSON *statement = (cJSON *)json_pointer(fields, "/policy/Statement/0");

    json_put(statement, "Principal", json_of("{'AWS':'AROAEXAMPLEEXAMPLEEXA'}"));
    make(&world);
    assert_non_null(action_of(&world.plan, "SetRepositoryPolicy"));
    assert_non_null(
        strstr(entry_of(&world, "staging/ecr_repository/sagemaker-inference")->difference,
               "AROAEXAMPLEEXAMPLEEXA"));
    end(&world);
}

static void the_fifth_version_makes_room_for_the_next(void **state)
{
    (void)state;
    struct world world = given(ACCOUNTS BRIDGE "  privileges: guide\n", true);
    cJSON *fields = fields_of(&world, "prod/iam_policy/s3-cross-account-policy-1");

    json_put(fields, "policy", json_of("{'Version':'2012-10-17','Statement':[]}"));
    json_put(fields, "_versions",
             json_of("[{'id':'v6','default':true,'created':6},{'id':'v3','created':3},"
                     "{'id':'v2','created':2},{'id':'v5','created':5},{'id':'v4','created':4}]"));
    make(&world);
    assert_int_equal(world.plan.action_count, 2);
    assert_string_equal(world.plan.actions[0].operation->name, "DeletePolicyVersion");
    assert_string_equal(json_get_text(world.plan.actions[0].input, "VersionId"), "v2");
    assert_string_equal(world.plan.actions[1].operation->name, "CreatePolicyVersion");
    end(&world);
}

static void a_trust_that_would_shut_the_daemon_out_is_refused(void **state)
{
    (void)state;
    struct world world =
        given(ACCOUNTS "resources:\n"
                       "  - kind: iam_role\n"
                       "    account: staging\n"
                       "    name: causeway-staging\n"
                       "    trust: { statements: [ { Effect: Allow, Action: sts:AssumeRole,\n"
                       "      Principal: { AWS: \"arn:aws:iam::" PROD ":role/another\" } } ] }\n",
              true);

    json_put(fields_of(&world, STAGING_ROLE), "trust",
             json_of("{'Version':'2012-10-17','Statement':[]}"));
    make(&world);
    assert_int_equal(entry_of(&world, STAGING_ROLE)->verdict, PLAN_REFUSED);
    assert_int_equal(world.plan.action_count, 0);
    end(&world);
}

static void a_trust_that_lets_the_daemon_in_is_written(void **state)
{
    (void)state;
    struct world world = given(ACCOUNTS BRIDGE, true);

    json_put(fields_of(&world, STAGING_ROLE), "trust",
             json_of("{'Version':'2012-10-17','Statement':[]}"));
    make(&world);
    assert_non_null(action_of(&world.plan, "UpdateAssumeRolePolicy"));
    end(&world);
}

static void a_queue_policy_that_denies_the_daemon_is_refused(void **state)
{
    (void)state;
    struct world world =
        given(ACCOUNTS "resources:\n"
                       "  - kind: sqs_queue\n"
                       "    account: prod\n"
                       "    name: causeway-events\n"
                       "    policy: { statements: [ { Sid: No, Effect: Deny, Principal: \"*\",\n"
                       "      Action: \"sqs:*\", Resource: \"*\" } ] }\n",
              true);

    cJSON_DeleteItemFromObjectCaseSensitive(fields_of(&world, QUEUE), "policy");
    make(&world);
    assert_int_equal(entry_of(&world, QUEUE)->verdict, PLAN_REFUSED);
    assert_non_null(strstr(entry_of(&world, QUEUE)->note, "deny sqs:ReceiveMessage"));
    end(&world);
}

static void a_queue_that_would_be_made_with_such_a_policy_is_refused(void **state)
{
    (void)state;
    struct world world =
        given(ACCOUNTS "resources:\n"
                       "  - kind: sqs_queue\n"
                       "    account: prod\n"
                       "    name: causeway-events\n"
                       "    policy: { statements: [ { Sid: No, Effect: Deny, Principal: \"*\",\n"
                       "      Action: \"sqs:*\", Resource: \"*\" } ] }\n",
              false);

    make(&world);
    assert_int_equal(entry_of(&world, QUEUE)->verdict, PLAN_REFUSED);
    assert_int_equal(world.plan.action_count, 0);
    end(&world);
}

/* Others have almost filled the document: ours does not fit beside theirs. */
static void
a_document_that_aws_would_find_too_large_is_refused_before_anything_is_changed(void **state)
{
    (void)state;
    struct world world = given(ACCOUNTS BRIDGE, true);
    cJSON *fields = fields_of(&world, BUCKET);
    struct buffer filling = BUFFER(65536);

    while (filling.length < 20300)
        buffer_append_text(&filling, "x");
    cleanup(json_free)
    cJSON *policy = json_of("{'Version':'2012-10-17','Statement':[{'Sid':'Theirs','Effect':'Allow',"
                            "'Principal':'*','Action':'s3:GetObject'}]}");

    json_add_text(policy->child->next->child, "Resource", buffer_text(&filling));
    json_put(fields, "policy", cJSON_Duplicate(policy, true));
    make(&world);
    assert_int_equal(entry_of(&world, BUCKET)->verdict, PLAN_REFUSED);
    assert_non_null(strstr(entry_of(&world, BUCKET)->note, "20480 are allowed"));
    assert_int_equal(world.plan.action_count, 0);
    buffer_free(&filling);
    end(&world);
}

static void what_left_the_file_stays_without_prune(void **state)
{
    (void)state;
    struct world world = given(ACCOUNTS BRIDGE, true);

    world.list.items[index_of(&world.list, QUEUE "-dlq")].orphan = true;
    make(&world);
    assert_int_equal(entry_of(&world, QUEUE "-dlq")->verdict, PLAN_ORPHANED);
    assert_int_equal(world.plan.action_count, 0);
    end(&world);
}

static void only_what_we_made_is_pruned(void **state)
{
    (void)state;
    struct world world = given(ACCOUNTS BRIDGE "reconcile: { prune: true }\n", true);
    size_t ours = index_of(&world.list, QUEUE "-dlq");
    size_t theirs = index_of(&world.list, "prod/event_rule/default/causeway-endpoints");

    world.list.items[ours].orphan = true;
    world.list.items[theirs].orphan = true;
    json_put(world.observed[ours].fields, "tags",
             json_of("{'causeway:owner':'" PROD "/causeway-events'}"));
    json_put(world.observed[theirs].fields, "tags", json_of("{'causeway:owner':'another'}"));
    make(&world);
    assert_int_equal(world.plan.action_count, 1);
    assert_string_equal(world.plan.actions[0].operation->name, "DeleteQueue");
    assert_true(world.plan.actions[0].deletes);
    end(&world);
}

static void a_pass_deletes_no_more_than_it_may(void **state)
{
    (void)state;
    struct world world =
        given(ACCOUNTS BRIDGE "reconcile: { prune: true, max_deletes: 2 }\n", true);
    size_t rules = 0;

    for (size_t i = 0; i < world.list.count; i++) {
        if (world.list.items[i].kind != RESOURCE_EVENT_RULE)
            continue;
        world.list.items[i].orphan = true;
        json_put(world.observed[i].fields, "tags",
                 json_of("{'causeway:owner':'" PROD "/causeway-events'}"));
        rules++;
    }
    make(&world);
    assert_int_equal(world.plan.withheld, rules - 2);
    end(&world);
}

/* EventBridge refuses to delete a bus with rules on it. */
static void what_a_pass_may_delete_begins_with_what_refers_to_the_rest(void **state)
{
    (void)state;
    struct world world =
        given(ACCOUNTS BRIDGE "reconcile: { prune: true, max_deletes: 1 }\n", true);
    const char *const left[] = {"prod/event_bus/cross-account-bus",
                                "prod/event_rule/cross-account-bus/causeway-from-staging"};

    for (size_t i = 0; i < array_length(left); i++) {
        world.list.items[index_of(&world.list, left[i])].orphan = true;
        json_put(fields_of(&world, left[i]), "tags",
                 json_of("{'causeway:owner':'" PROD "/causeway-events'}"));
    }
    make(&world);
    assert_non_null(action_of(&world.plan, "DeleteRule"));
    assert_null(action_of(&world.plan, "DeleteEventBus"));
    assert_int_equal(world.plan.withheld, 1);
    end(&world);
}

static void what_could_not_be_deleted_before_does_not_keep_the_rest_waiting(void **state)
{
    (void)state;
    struct world world =
        given(ACCOUNTS BRIDGE "reconcile: { prune: true, max_deletes: 1 }\n", true);
    const char *const left[] = {"prod/event_rule/cross-account-bus/causeway-from-staging",
                                "prod/event_rule/default/causeway-endpoints"};
    struct map undeletable = {0};

    for (size_t i = 0; i < array_length(left); i++) {
        world.list.items[index_of(&world.list, left[i])].orphan = true;
        json_put(fields_of(&world, left[i]), "tags",
                 json_of("{'causeway:owner':'" PROD "/causeway-events'}"));
    }
    for (size_t i = 0; i < array_length(left); i++) {
        map_put(&undeletable, left[i], &world);
        world.options.undeletable = &undeletable;
        make(&world);
        assert_string_equal(json_get_text(action_of(&world.plan, "DeleteRule")->input, "Name"),
                            strrchr(left[1 - i], '/') + 1);
        plan_free(&world.plan);
        map_remove(&undeletable, left[i]);
    }
    for (size_t i = 0; i < array_length(left); i++)
        map_put(&undeletable, left[i], &world);
    make(&world);
    assert_non_null(action_of(&world.plan, "DeleteRule"));
    map_free(&undeletable);
    end(&world);
}

static void in_observe_mode_nothing_is_called(void **state)
{
    (void)state;
    struct world world = given(ACCOUNTS BRIDGE "reconcile: { mode: observe }\n", false);

    make(&world);
    assert_int_equal(world.plan.action_count, 0);
    assert_false(plan_is_empty(&world.plan));
    end(&world);
}

static void what_could_not_be_read_is_left_alone(void **state)
{
    (void)state;
    struct world world = given(ACCOUNTS BRIDGE, false);
    size_t bucket = index_of(&world.list, BUCKET);

    world.observed[bucket].presence = PRESENCE_UNKNOWN;
    error_set(&world.observed[bucket].error, ERROR_DENIED, "access denied");
    make(&world);
    assert_int_equal(world.plan.entries[bucket].verdict, PLAN_UNREADABLE);
    for (size_t i = 0; i < world.plan.action_count; i++)
        assert_true(world.plan.actions[i].resource != bucket);
    end(&world);
}

static void
policies_and_attachments_of_others_stay_on_a_role_that_the_file_does_not_describe(void **state)
{
    (void)state;
    struct world world = given(ACCOUNTS BRIDGE, true);
    cJSON *fields = fields_of(&world, "prod/iam_role/causeway-instance");
    cJSON *inline_policies = cJSON_GetObjectItemCaseSensitive(fields, "inline");

    json_put(inline_policies, "theirs", json_of("{'Version':'2012-10-17','Statement':[]}"));
    json_put(fields, "managed", json_of("['arn:aws:iam::" PROD ":policy/theirs']"));
    make(&world);
    assert_true(plan_is_empty(&world.plan));
    end(&world);
}

static void a_role_that_is_described_whole_has_nothing_else(void **state)
{
    (void)state;
    struct world world = given(ACCOUNTS BRIDGE, true);
    cJSON *fields = fields_of(&world, "prod/iam_role/causeway-execution");

    json_put(cJSON_GetObjectItemCaseSensitive(fields, "inline"), "theirs",
             json_of("{'Version':'2012-10-17','Statement':[]}"));
    json_put(fields, "managed", json_of("['arn:aws:iam::aws:policy/AdministratorAccess']"));
    make(&world);
    assert_non_null(action_of(&world.plan, "DeleteRolePolicy"));
    assert_non_null(action_of(&world.plan, "DetachRolePolicy"));
    end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_to_do_is_an_empty_plan),
        cmocka_unit_test(everything_is_made_before_what_refers_to_it),
        cmocka_unit_test(equal_inputs_are_equal_plans),
        cmocka_unit_test(statements_of_others_stay_as_they_are),
        cmocka_unit_test(policies_compare_by_what_they_mean),
        cmocka_unit_test(a_decayed_principal_is_a_difference),
        cmocka_unit_test(the_fifth_version_makes_room_for_the_next),
        cmocka_unit_test(a_trust_that_would_shut_the_daemon_out_is_refused),
        cmocka_unit_test(a_trust_that_lets_the_daemon_in_is_written),
        cmocka_unit_test(a_queue_policy_that_denies_the_daemon_is_refused),
        cmocka_unit_test(a_queue_that_would_be_made_with_such_a_policy_is_refused),
        cmocka_unit_test(
            a_document_that_aws_would_find_too_large_is_refused_before_anything_is_changed),
        cmocka_unit_test(what_left_the_file_stays_without_prune),
        cmocka_unit_test(only_what_we_made_is_pruned),
        cmocka_unit_test(a_pass_deletes_no_more_than_it_may),
        cmocka_unit_test(what_a_pass_may_delete_begins_with_what_refers_to_the_rest),
        cmocka_unit_test(what_could_not_be_deleted_before_does_not_keep_the_rest_waiting),
        cmocka_unit_test(in_observe_mode_nothing_is_called),
        cmocka_unit_test(what_could_not_be_read_is_left_alone),
        cmocka_unit_test(
            policies_and_attachments_of_others_stay_on_a_role_that_the_file_does_not_describe),
        cmocka_unit_test(a_role_that_is_described_whole_has_nothing_else),
    };

    json_initialise();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
