#include "deploy/progress.h"

#include "aws/service_sagemaker.h"
#include "base/memory.h"
#include "base/text.h"
#include "deploy/progress_words.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

/* A deployment whose endpoint is as SageMaker says, seen when its stage had lasted a minute. */
static cJSON *seen(const struct sagemaker_describe_endpoint_output *endpoint)
{
    cJSON *view = cJSON_CreateObject();

    json_add_text(view, "state", "settling");
    json_put(view, "rollout", progress_view(endpoint));
    return view;
}

static const struct sagemaker_variant_status stages[] = {
    {.status = "ActivatingTraffic", .start_time_ms = 1000},
    {.status = "Baking", .status_message = "Baking for 600 seconds.", .start_time_ms = 2000},
};

static void a_fleet_that_replaces_another_is_counted_beside_it(void **state)
{
    cleanup(json_free)
    cJSON *weight = cJSON_CreateNumber(0.5);
    const struct sagemaker_production_variant old = {
        .variant_name = "main", .current_instance_count = 3, .desired_instance_count = 3};
    const struct sagemaker_production_variant new = {.variant_name = "main",
                                                     .current_instance_count = 1,
                                                     .desired_instance_count = 3,
                                                     .current_weight = weight,
                                                     .variant_status = stages,
                                                     .variant_status_count = 2};
    const struct sagemaker_describe_endpoint_output endpoint = {
        .endpoint_status = "Updating",
        .production_variants = &old,
        .production_variant_count = 1,
        .pending_deployment = {.endpoint_config_name = "next",
                               .production_variants = &new,
                               .production_variant_count = 1},
    };
    cleanup(json_free)
    cJSON *view = seen(&endpoint);
    cleanup(free_pointer)
    char *brief = progress_brief(view);
    cleanup(free_pointer)
    char *whole =
        progress_of_variant(json_pointer(view, "/rollout/variants/0"), 2000 + (int64_t)60000);

    (void)state;
    assert_string_equal(brief, "1 of 3 instances, baking");
    assert_string_equal(whole, "1 of 3 new instances beside 3 old, weight 0.5; baking for 1m: "
                               "Baking for 600 seconds.");
}

static void the_first_fleet_of_an_endpoint_is_counted_alone(void **state)
{
    const struct sagemaker_production_variant variants[] = {
        {.variant_name = "a", .current_instance_count = 1, .desired_instance_count = 2},
        {.variant_name = "b", .current_instance_count = 1, .desired_instance_count = 1},
    };
    const struct sagemaker_describe_endpoint_output endpoint = {
        .endpoint_status = "Creating",
        .pending_deployment = {.endpoint_config_name = "first",
                               .production_variants = variants,
                               .production_variant_count = 1,
                               .shadow_variants = variants + 1,
                               .shadow_variant_count = 1},
    };
    cleanup(json_free)
    cJSON *view = seen(&endpoint);
    cleanup(free_pointer)
    char *brief = progress_brief(view);
    cleanup(free_pointer)
    char *second = progress_of_variant(json_pointer(view, "/rollout/variants/1"), 0);

    (void)state;
    assert_string_equal(brief, "2 of 3 instances");
    assert_string_equal(second, "1 of 1 instance");
}

static void what_has_no_instances_tells_its_stage(void **state)
{
    const struct sagemaker_production_variant serverless = {
        .variant_name = "main", .variant_status = stages, .variant_status_count = 1};
    const struct sagemaker_describe_endpoint_output endpoint = {
        .endpoint_status = "Updating",
        .production_variants = &serverless,
        .production_variant_count = 1,
    };
    cleanup(json_free)
    cJSON *view = seen(&endpoint);
    cleanup(free_pointer)
    char *brief = progress_brief(view);
    int64_t current;
    int64_t desired;

    (void)state;
    assert_false(progress_count(view, &current, &desired));
    assert_string_equal(brief, "activating traffic");
}

static void nothing_is_told_of_what_was_not_seen(void **state)
{
    cleanup(json_free)
    cJSON *view = cJSON_CreateObject();

    (void)state;
    json_add_text(view, "state", "copying");
    assert_null(progress_brief(view));
    assert_false(progress_is_wanted(view));
    json_put(view, "state", cJSON_CreateString("rolling_back"));
    assert_true(progress_is_wanted(view));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fleet_that_replaces_another_is_counted_beside_it),
        cmocka_unit_test(the_first_fleet_of_an_endpoint_is_counted_alone),
        cmocka_unit_test(what_has_no_instances_tells_its_stage),
        cmocka_unit_test(nothing_is_told_of_what_was_not_seen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
