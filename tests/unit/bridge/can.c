/* What a list of resources lets somebody do, and what is missing for it. */
#include "bridge/can.h"
#include "bridge/hop.h"
#include "bridge/world.h"

#define FORWARD "arn:aws:iam::" STAGING ":role/causeway-forward"
#define EXECUTION "arn:aws:iam::" PROD ":role/causeway-execution"
#define BUS "arn:aws:events:us-east-1:" PROD ":event-bus/cross-account-bus"
#define IMAGES "arn:aws:ecr:us-east-1:" STAGING ":repository/sagemaker-inference"

struct world {
    struct config *config;
    struct resource_list list;
    struct observed *observed;
    struct arena arena;
};

static int open_world(void **state)
{
    struct world *world = calloc(1, sizeof(*world));

    assert_non_null(world);
    world->config = config_of(ACCOUNTS BRIDGE);
    world->list = list_of(world->config);
    world->observed = observed_of(&world->list);
    *state = world;
    return 0;
}

static int close_world(void **state)
{
    struct world *world = *state;

    for (size_t i = 0; i < world->list.count; i++)
        observed_free(&world->observed[i]);
    free(world->observed);
    resource_list_free(&world->list);
    config_unref(world->config);
    arena_free(&world->arena);
    free(world);
    return 0;
}

static struct observed *observed_by(struct world *world, const char *key)
{
    const struct resource *resource = resource_find(&world->list, key);

    assert_non_null(resource);
    return &world->observed[resource - world->list.items];
}

static enum policy_verdict verdict(struct world *world, const struct can_request *request)
{
    const struct can_world wanted = {&world->list, NULL};
    cJSON *question = can_question(&wanted, request);
    struct policy_decision decision;
    struct error error;

    assert_int_equal(can_decide(&world->arena, question, &decision, &error), 0);
    cJSON_Delete(question);
    return decision.verdict;
}

static void the_file_decides(void **state)
{
    struct world *world = *state;

    assert_int_equal(verdict(world, &(struct can_request){FORWARD, "events:PutEvents", BUS, NULL}),
                     POLICY_ALLOWED);
    assert_int_equal(verdict(world, &(struct can_request){FORWARD, "events:PutRule", BUS, NULL}),
                     POLICY_IMPLICITLY_DENIED);
    assert_int_equal(
        verdict(world, &(struct can_request){EXECUTION, "ecr:BatchGetImage", IMAGES, NULL}),
        POLICY_ALLOWED);
    assert_int_equal(verdict(world, &(struct can_request){"arn:aws:sts::" STAGING
                                                          ":assumed-role/causeway-forward/a",
                                                          "events:PutEvents", BUS, NULL}),
                     POLICY_ALLOWED);
}

static void what_is_not_in_the_list_is_unknown(void **state)
{
    struct world *world = *state;
    const struct can_world wanted = {&world->list, NULL};
    cJSON *question =
        can_question(&wanted, &(struct can_request){"arn:aws:iam::" PROD ":role/somebody",
                                                    "events:PutEvents", BUS, NULL});

    assert_string_equal(json_text(json_pointer(question, "/unknown/0")),
                        "arn:aws:iam::" PROD ":role/somebody");
    cJSON_Delete(question);
}

static void nothing_is_missing_where_all_is_as_the_file_says(void **state)
{
    struct world *world = *state;

    assert_null(can_missing(&world->arena, &world->list, world->observed,
                            &(struct can_request){FORWARD, "events:PutEvents", BUS, NULL}));
}

static void a_statement_that_is_gone_is_named(void **state)
{
    struct world *world = *state;
    struct observed *bus = observed_by(world, "prod/event_bus/cross-account-bus");

    cJSON_DeleteItemFromObjectCaseSensitive(bus->fields, "policy");
    const char *missing =
        can_missing(&world->arena, &world->list, world->observed,
                    &(struct can_request){FORWARD, "events:PutEvents", BUS, NULL});

    assert_non_null(missing);
    assert_non_null(strstr(missing, "may not events:PutEvents on " BUS));
    assert_non_null(strstr(missing, "\n+ {\"Sid\":\"CausewayFromStaging\""));
}

static void a_package_is_asked_for_by_its_groups_policy(void **state)
{
    (void)state;
    struct config *config = config_of(
        ACCOUNTS BRIDGE
        "deployments:\n"
        "  scorer:\n"
        "    on: { source: [aws.sagemaker], detail: { ModelPackageGroupName: [scorers] } }\n"
        "    artifact: { bucket: b-b, key: k, form: model }\n"
        "    endpoint: scorer\n"
        "    execution_role: \"${role.execution.arn}\"\n"
        "    container: { image: \"" STAGING ".dkr.ecr.us-east-1.amazonaws.com/a:latest\" }\n"
        "    variant: { instance_type: ml.m5.xlarge }\n");
    struct resource_list list = list_of(config);
    struct observed *observed = observed_of(&list);
    struct arena arena = {0};
    const struct resource *group =
        &list.items[index_of(&list, "staging/model_package_group_policy/scorers")];
    const char *principal = "arn:aws:iam::" PROD ":role/causeway-instance";

    assert_null(hop_missing(&arena, config, principal, &list, observed, group));
    cJSON_DeleteItemFromObjectCaseSensitive(observed[group - list.items].fields, "policy");
    const char *missing = hop_missing(&arena, config, principal, &list, observed, group);

    assert_non_null(missing);
    assert_non_null(strstr(missing, "CausewayPackages"));
    arena_free(&arena);
    free_observed(observed, &list);
    resource_list_free(&list);
    config_unref(config);
}

static void a_role_that_is_gone_misses_its_own_statement(void **state)
{
    struct world *world = *state;
    struct observed *role = observed_by(world, "staging/iam_role/causeway-forward");

    role->presence = PRESENCE_ABSENT;
    const char *missing =
        can_missing(&world->arena, &world->list, world->observed,
                    &(struct can_request){FORWARD, "events:PutEvents", BUS, NULL});

    assert_non_null(missing);
    assert_non_null(strstr(missing, "\n+ {\"Effect\":\"Allow\",\"Action\":\"events:PutEvents\""));
}

static void what_the_file_would_not_allow_either_is_not_missing(void **state)
{
    struct world *world = *state;

    assert_null(can_missing(&world->arena, &world->list, world->observed,
                            &(struct can_request){FORWARD, "events:PutRule", BUS, NULL}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_file_decides, open_world, close_world),
        cmocka_unit_test_setup_teardown(what_is_not_in_the_list_is_unknown, open_world,
                                        close_world),
        cmocka_unit_test_setup_teardown(nothing_is_missing_where_all_is_as_the_file_says,
                                        open_world, close_world),
        cmocka_unit_test_setup_teardown(a_statement_that_is_gone_is_named, open_world, close_world),
        cmocka_unit_test(a_package_is_asked_for_by_its_groups_policy),
        cmocka_unit_test_setup_teardown(a_role_that_is_gone_misses_its_own_statement, open_world,
                                        close_world),
        cmocka_unit_test_setup_teardown(what_the_file_would_not_allow_either_is_not_missing,
                                        open_world, close_world),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
