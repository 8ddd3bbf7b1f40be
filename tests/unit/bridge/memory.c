/* What need not be looked at twice. */
#include "bridge/memory.h"

#include "bridge/world.h"

static const uint8_t digest[SHA256_SIZE] = {1, 2, 3};
static const uint8_t another[SHA256_SIZE] = {1, 2, 4};

struct scene {
    struct config *config;
    struct desired *desired;
    struct observed *observed;
    struct plan plan;
    struct observe_memory memory;
};

/* One resource, seen in the bytes of that digest, of which this was found. */
static struct scene given(enum plan_verdict verdict)
{
    struct scene scene = {.config = config_of(ACCOUNTS), .desired = desired_new(7)};
    struct error error;

    assert_non_null(resource_add(&scene.desired->list, scene.config, NULL, "iam_role", "prod",
                                 "reader", cJSON_CreateObject(), &error));
    scene.observed = memory_allocate_array(1, sizeof(*scene.observed));
    scene.observed->digested = true;
    memcpy(scene.observed->digest, digest, sizeof(digest));
    scene.plan.entries = arena_allocate_array(&scene.plan.arena, 1, sizeof(*scene.plan.entries));
    scene.plan.entries->verdict = verdict;
    observe_memory_learn(&scene.memory, scene.desired, scene.observed, &scene.plan);
    return scene;
}

static void end(struct scene *scene)
{
    observe_memory_free(&scene->memory);
    arena_free(&scene->plan.arena);
    free(scene->observed);
    desired_unref(scene->desired);
    config_unref(scene->config);
}

static void what_was_as_wanted_is_known_by_its_bytes(void **state)
{
    struct scene scene = given(PLAN_SAME);

    (void)state;
    assert_true(observe_memory_knows(&scene.memory, scene.desired, 0, digest));
    assert_false(observe_memory_knows(&scene.memory, scene.desired, 0, another));
    end(&scene);
}

static void what_differed_is_looked_at_again(void **state)
{
    struct scene scene = given(PLAN_DIFFERENT);

    (void)state;
    assert_false(observe_memory_knows(&scene.memory, scene.desired, 0, digest));
    end(&scene);
}

static void another_list_is_looked_at_anew(void **state)
{
    struct scene scene = given(PLAN_SAME);

    (void)state;
    scene.desired->version = 8;
    assert_false(observe_memory_knows(&scene.memory, scene.desired, 0, digest));
    scene.desired->version = 0; /* one that nothing is remembered about */
    observe_memory_learn(&scene.memory, scene.desired, scene.observed, &scene.plan);
    assert_false(observe_memory_knows(&scene.memory, scene.desired, 0, digest));
    end(&scene);
}

static void what_was_seen_by_parts_is_not_known(void **state)
{
    struct scene scene = given(PLAN_SAME);

    (void)state;
    scene.desired->version = 8;
    scene.observed->digested = false;
    observe_memory_learn(&scene.memory, scene.desired, scene.observed, &scene.plan);
    assert_false(observe_memory_knows(&scene.memory, scene.desired, 0, digest));
    end(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_as_wanted_is_known_by_its_bytes),
        cmocka_unit_test(what_differed_is_looked_at_again),
        cmocka_unit_test(another_list_is_looked_at_anew),
        cmocka_unit_test(what_was_seen_by_parts_is_not_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
