#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/yaml.h"

#include "base/buffer.h"
#include "base/limits.h"
#include "base/text.h"

#include <string.h>

struct world {
    struct arena arena;
    struct buffer said;
    struct yaml_budget budget;
};

static void note(void *context, const struct config_place *place, const char *message)
{
    buffer_printf(context, "%u:%u: %s\n", place->line, place->column, message);
}

static struct world new_world(void)
{
    return (struct world){
        .said = BUFFER(65536),
        .budget = {.bytes = LIMIT_CONFIG_BYTES, .nodes = LIMIT_CONFIG_NODES},
    };
}

static void free_world(struct world *world)
{
    arena_free(&world->arena);
    buffer_free(&world->said);
}

static struct node *read(struct world *world, const char *text)
{
    const struct yaml_report report = {note, &world->said};

    return yaml_read(&world->arena, "f", text, strlen(text), &world->budget, &report);
}

static void assert_place(const struct config_place *place, unsigned line, unsigned column)
{
    assert_string_equal(place->file, "f");
    assert_int_equal(place->line, line);
    assert_int_equal(place->column, column);
}

static void given_text_when_read_then_every_node_knows_its_place(void **state)
{
    cleanup(free_world)
    struct world world = new_world();
    const struct node *root = read(&world, "a: 1\nlist:\n  - x\n  - { k: v }\n");
    const struct node *list = node_get(root, "list");

    (void)state;
    assert_int_equal(root->kind, NODE_MAPPING);
    assert_int_equal(root->count, 2);
    assert_place(&node_get(root, "a")->name_place, 1, 1);
    assert_place(&node_get(root, "a")->place, 1, 4);
    assert_int_equal(list->kind, NODE_LIST);
    assert_place(&list->first->place, 3, 5);
    assert_place(&node_get(list->first->next, "k")->place, 4, 10);
    assert_null(node_get(root, "absent"));
    assert_null(node_get(list, "a"));
    assert_null(node_get(NULL, "a"));
    assert_string_equal(buffer_text(&world.said), "");
}

static void given_letters_of_several_bytes_when_read_then_columns_count_letters(void **state)
{
    cleanup(free_world)
    struct world world = new_world();
    const struct node *root = read(&world, "{ \"h\xc3\xa9\": x, b: y }\n");

    (void)state;
    assert_place(&node_get(root, "b")->place, 1, 15);
}

static void given_scalars_when_read_then_they_are_the_text_that_stands_there(void **state)
{
    cleanup(free_world)
    struct world world = new_world();
    const struct node *root =
        read(&world, "a: 0123\nb: NO\nc: ~\nd:\ne: '1'\nf: \"x\\ty\"\ng: |\n  1\n  2\nh: 1e3\n");

    (void)state;
    assert_string_equal(node_get(root, "a")->text, "0123");
    assert_string_equal(node_get(root, "b")->text, "NO");
    assert_string_equal(node_get(root, "c")->text, "~");
    assert_string_equal(node_get(root, "d")->text, "");
    assert_true(node_get(root, "d")->plain);
    assert_string_equal(node_get(root, "e")->text, "1");
    assert_false(node_get(root, "e")->plain);
    assert_true(node_get(root, "e")->one_line);
    assert_string_equal(node_get(root, "f")->text, "x\ty");
    assert_false(node_get(root, "f")->one_line);
    assert_string_equal(node_get(root, "g")->text, "1\n2\n");
    assert_false(node_get(root, "g")->one_line);
    assert_string_equal(node_get(root, "h")->text, "1e3");
}

static void given_many_keys_when_one_is_twice_then_it_is_found(void **state)
{
    cleanup(free_world)
    struct world world = new_world();
    struct buffer text = BUFFER(65536);

    (void)state;
    for (int i = 0; i < 1000; i++)
        buffer_printf(&text, "key%d: %d\n", i, i);
    buffer_append_text(&text, "key777: again\n");
    const struct node *root = read(&world, buffer_text(&text));

    assert_int_equal(root->count, 1000);
    assert_string_equal(node_get(root, "key777")->text, "777");
    assert_string_equal(buffer_text(&world.said),
                        "1001:1: the key \"key777\" stands here twice; first in line 778\n");
    buffer_free(&text);
}

static void given_a_depth_when_at_the_limit_then_read_and_beyond_it_refused(void **state)
{
    char text[2 * LIMIT_CONFIG_DEPTH + 8];

    (void)state;
    for (size_t depth = LIMIT_CONFIG_DEPTH; depth <= LIMIT_CONFIG_DEPTH + 1; depth++) {
        cleanup(free_world)
        struct world world = new_world();

        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        text[2 * depth] = '\0';
        const struct node *root = read(&world, text);

        assert_int_equal(root != NULL, depth == LIMIT_CONFIG_DEPTH);
        assert_int_equal(strstr(buffer_text(&world.said), "nested deeper") != NULL, !root);
    }
}

static void given_a_budget_when_used_up_then_the_next_value_is_refused(void **state)
{
    cleanup(free_world)
    struct world world = new_world();

    (void)state;
    world.budget.nodes = 3;
    assert_non_null(read(&world, "[a, b]"));
    assert_int_equal(world.budget.nodes, 0);
    assert_null(read(&world, "a"));
    assert_non_null(strstr(buffer_text(&world.said), "values in one configuration"));
}

static void given_files_when_they_are_too_large_together_then_refused(void **state)
{
    cleanup(free_world)
    struct world world = new_world();

    (void)state;
    world.budget.bytes = 7;
    assert_non_null(read(&world, "a: 1"));
    assert_null(read(&world, "b: 2"));
    assert_non_null(strstr(buffer_text(&world.said), "bytes in one configuration"));
}

static void given_nothing_when_read_then_there_is_no_tree_and_no_error(void **state)
{
    cleanup(free_world)
    struct world world = new_world();

    (void)state;
    assert_null(read(&world, ""));
    assert_null(read(&world, "# a remark\n"));
    assert_string_equal(buffer_text(&world.said), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(given_text_when_read_then_every_node_knows_its_place),
        cmocka_unit_test(given_letters_of_several_bytes_when_read_then_columns_count_letters),
        cmocka_unit_test(given_scalars_when_read_then_they_are_the_text_that_stands_there),
        cmocka_unit_test(given_many_keys_when_one_is_twice_then_it_is_found),
        cmocka_unit_test(given_a_depth_when_at_the_limit_then_read_and_beyond_it_refused),
        cmocka_unit_test(given_a_budget_when_used_up_then_the_next_value_is_refused),
        cmocka_unit_test(given_files_when_they_are_too_large_together_then_refused),
        cmocka_unit_test(given_nothing_when_read_then_there_is_no_tree_and_no_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
