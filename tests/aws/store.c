/* The DynamoDB store: the contract of all stores, and what is its own. For pytest, over whatever
 * DynamoDB the environment leads to:
 *
 *     aws_store TABLE       the contract, in tables whose names begin with TABLE
 *     aws_store TABLE PART  a part of a test of test_store.py, which plays the rest (play()) */
#include "aws/aws.h"
#include "base/json.h"
#include "base/log.h"
#include "store/dynamodb_internal.h"

#define CONTRACT_ROW_BYTES DYNAMODB_ROW_BYTES
#include "store/contract.h"

static const char *prefix;
static char table[64];
static unsigned tables;
static struct aws *aws;

static struct store *contract_open(struct loop *loop, struct error *error)
{
    const struct aws_account account = {
        .name = "prod", .id = "361769565206", .region = "us-east-1"};

    aws = aws_new(loop, error);
    if (!aws || aws_set_account(aws, &account, error) < 0)
        return NULL;
    return store_open_dynamodb(loop, aws,
                               &(struct store_dynamodb){.table = table, .account = "prod"}, error);
}

static void close_aws(void)
{
    aws_free(aws);
    aws = NULL;
}

/* Another table is an empty one. */
static void contract_forget(void)
{
    snprintf(table, sizeof(table), "%s-%u", prefix, ++tables);
}

static void a_transaction_beyond_dynamodbs_limits_is_refused(void **state)
{
    struct world *world = *state;
    struct store_write writes[101];
    char keys[array_length(writes)][8];

    for (size_t i = 0; i < array_length(writes); i++) {
        snprintf(keys[i], sizeof(keys[i]), "k%zu", i);
        writes[i] = thing(keys[i], STORE_ABSENT, "");
    }
    assert_int_equal(world_commit_all(world, writes, 101), STORE_FAILED);
    assert_int_equal(world->error.class, ERROR_LIMIT);
    assert_int_equal(world_commit_all(world, writes, 100), STORE_COMMITTED);
    writes[1] = writes[0];
    assert_int_equal(world_commit_all(world, writes, 2), STORE_FAILED);
    assert_int_equal(world->error.class, ERROR_INVALID);
    assert_true(store_is_healthy(world->store));
}

static void lists_longer_than_a_batch_are_whole_and_in_order(void **state)
{
    struct world *world = *state;
    char key[8];

    for (int i = 0; i < 250; i++) {
        snprintf(key, sizeof(key), "%03d", i);
        struct store_write write = thing(key, STORE_ABSENT, "text");

        write.order_ms = 250 - i;
        write.open = true;
        write.group = i % 2 ? "odd" : "even";
        world_ask_commit(world, &write, 1);
    }
    world_run(world);
    world_open_rows(world, "thing");
    assert_int_equal(world->row_count, 250);
    assert_string_equal(world->row_group, "even");
    assert_int_equal(world->row.order_ms, 250);
    world_list(world, "thing", "odd", 120);
    assert_int_equal(world->row_count, 120);
    assert_int_equal(world->row.order_ms, 11);
}

static void two_stores_on_one_table_see_and_exclude_each_other(void **state)
{
    struct world *world = *state;
    struct world other;
    struct aws *first = aws;

    open_again(&other);
    assert_int_equal(world_commit(world, thing("a", STORE_ABSENT, "1")), STORE_COMMITTED);
    assert_int_equal(world_commit(&other, thing("a", STORE_ABSENT, "2")), STORE_CONFLICT);
    assert_int_equal(world_commit(&other, thing("a", 1, "2")), STORE_COMMITTED);
    assert_int_equal(world_commit(world, thing("a", 1, "3")), STORE_CONFLICT);
    assert_int_equal(world_get(world, "thing", "a"), 2);
    assert_string_equal(world->row_bytes, "2");
    world_close(&other);
    aws = first;
}

/* ---- parts ----------------------------------------------------------------------------------- */

static void on_health(void *context, bool healthy, const struct error *error)
{
    (void)context;
    printf("%s\n", healthy ? "healthy" : "unhealthy");
    if (error)
        fprintf(stderr, "%s\n", error->sentence);
}

static void say(struct world *world, enum store_outcome outcome)
{
    static const char *const names[] = {"committed", "conflict", "failed"};

    printf("%s %s\n", names[outcome],
           outcome == STORE_FAILED ? error_class_name(world->error.class) : "");
    fflush(stdout);
}

/* A commit a line: KEY EXPECTED TEXT; what came of it, and what changed in between. */
static int play(void)
{
    struct world world;
    char line[256];

    setvbuf(stdout, NULL, _IOLBF, 0);
    snprintf(table, sizeof(table), "%s", prefix);
    open_again(&world);
    store_on_health(world.store, on_health, NULL);
    printf("open\n");
    while (fgets(line, sizeof(line), stdin)) {
        char key[64];
        char text[64];
        long long expected;

        if (sscanf(line, "%63s %lld %63s", key, &expected, text) != 3)
            return 2;
        say(&world, world_commit(&world, thing(key, expected, text)));
    }
    world_close(&world);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        CONTRACT_TESTS,
        CONTRACT_TEST(a_transaction_beyond_dynamodbs_limits_is_refused),
        CONTRACT_TEST(lists_longer_than_a_batch_are_whole_and_in_order),
        CONTRACT_TEST(two_stores_on_one_table_see_and_exclude_each_other),
    };

    if (argc < 2 || argc > 3)
        return 2;
    json_initialise();
    log_open(LOG_FORMAT_PLAIN, LOG_LEVEL_WARNING);
    prefix = argv[1];
    world_store_closed = close_aws;
    return argc == 3 ? play() : cmocka_run_group_tests(tests, NULL, NULL);
}
