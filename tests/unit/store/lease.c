/* Leases: several daemons in one process over one store, each with a life of its own. */
#include "store/lease.h"

#include "base/clock.h"
#include "store/lease_internal.h"
#include "store/world.h"

#include <unistd.h>

/* So many names that each daemon holds some, whatever ids they draw. */
enum { DAEMONS = 3, NAMES = 36, LEASE_MS = 2000 };

static char path[] = "/tmp/causeway-lease-XXXXXX";

struct member {
    struct leases *leases;
    struct lease *held[NAMES]; /* NULL while it is not told that it has it */
    bool busy;                 /* releases nothing */
    int removals;
    bool has_left;
};

struct fleet {
    struct world world;
    struct member members[DAEMONS];
    int twice; /* times that one was held by two */
    bool (*wanted)(struct fleet *fleet);
    struct timer look;
};

static struct fleet *fleet;

static int number_of(const struct lease *lease)
{
    return atoi(lease_name(lease) + strlen("n"));
}

static void on_gained(void *context, struct lease *lease)
{
    struct member *member = context;
    int number = number_of(lease);

    member->held[number] = lease;
    for (int i = 0; i < DAEMONS; i++) {
        struct member *other = &fleet->members[i];

        if (other != member && other->held[number] && lease_is_held(other->held[number]))
            fleet->twice++;
    }
}

static void on_lost(void *context, struct lease *lease)
{
    struct member *member = context;

    assert_false(lease_is_held(lease));
    member->held[number_of(lease)] = NULL;
}

static bool may_release(void *context, const struct lease *lease)
{
    const struct member *member = context;

    (void)lease;
    return !member->busy;
}

static void on_removed(void *context)
{
    struct member *member = context;

    member->removals++;
}

static void on_left(void *context)
{
    struct member *member = context;

    member->has_left = true;
}

static void enter(int which)
{
    struct member *member = &fleet->members[which];
    char name[16];

    *member = (struct member){0};
    snprintf(name, sizeof(name), "daemon %d", which);
    member->leases = leases_new(fleet->world.loop, fleet->world.store,
                                &(struct leases_settings){.name = name, .lease_ms = LEASE_MS});
    leases_start(member->leases,
                 &(struct leases_listener){.removed = on_removed, .context = member});
    for (int i = 0; i < NAMES; i++) {
        snprintf(name, sizeof(name), "n%d", i);
        leases_want(member->leases, name,
                    &(struct lease_owner){on_gained, on_lost, may_release, member});
    }
}

static void go_on(int which)
{
    fleet->members[which].leases->looking = false;
    daemon_renew(fleet->members[which].leases);
}

static void look(void *context)
{
    (void)context;
    if (fleet->wanted(fleet))
        loop_stop(fleet->world.loop);
    else
        timer_start(&fleet->look, 10);
}

static void wait_until(bool (*wanted)(struct fleet *fleet))
{
    fleet->wanted = wanted;
    timer_start(&fleet->world.patience, PATIENCE_MS);
    while (!wanted(fleet) && !fleet->world.gave_up) {
        timer_start(&fleet->look,
                    0); /* also after one that saw it as wanted, which it is not now */
        loop_run(fleet->world.loop);
    }
    timer_stop(&fleet->world.patience);
    timer_stop(&fleet->look);
    assert_false(fleet->world.gave_up);
    assert_int_equal(fleet->twice, 0);
}

/* As if it were stopped, between two things that it does: one under way would begin the next. Then
 * it does nothing by itself, and is told nothing. */
static bool the_first_is_between_two_things(struct fleet *of)
{
    return !of->members[0].leases->looking && !of->members[0].leases->renewing;
}

static void let_the_first_stand_still(void)
{
    struct leases *leases = fleet->members[0].leases;

    while (!the_first_is_between_two_things(fleet))
        wait_until(the_first_is_between_two_things);
    timer_stop(&leases->renew);
    timer_stop(&leases->look);
    leases->looking = true;
}

static int count(int which)
{
    int held = 0;

    for (int i = 0; i < NAMES; i++)
        held += fleet->members[which].held[i] && lease_is_held(fleet->members[which].held[i]);
    return held;
}

static int count_all(void)
{
    int held = 0;

    for (int i = 0; i < DAEMONS; i++)
        if (fleet->members[i].leases)
            held += count(i);
    return held;
}

static bool all_are_held(struct fleet *asked)
{
    (void)asked;
    return count_all() == NAMES;
}

static bool the_first_is_out(struct fleet *asked)
{
    return count(0) == 0 && count(1) + count(2) == NAMES && asked->members[0].leases;
}

static bool the_first_was_removed(struct fleet *asked)
{
    return asked->members[0].removals > 0;
}

static bool the_first_has_left(struct fleet *asked)
{
    return asked->members[0].has_left;
}

/* As when each holds what it is to hold: nobody wants anything of anybody. */
static bool all_have_their_part(struct fleet *asked)
{
    (void)asked;
    if (count_all() != NAMES)
        return false;
    for (int i = 0; i < DAEMONS; i++) {
        struct peer *peer;
        size_t known = 0;

        list_each(peer, &fleet->members[i].leases->peers, link) known++;
        if (known != DAEMONS)
            return false;
    }
    return true;
}

static int set_up(void **state)
{
    struct error error;

    fleet = memory_allocate(sizeof(*fleet));
    world_open_loop(&fleet->world);
    fleet->world.store = store_open_sqlite(fleet->world.loop, path, &error);
    if (!fleet->world.store)
        fail_msg("%s", error.sentence);
    timer_init(&fleet->look, fleet->world.loop, look, NULL);
    *state = fleet;
    return 0;
}

static int tear_down(void **state)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", ".lock"};

    (void)state;
    for (int i = 0; i < DAEMONS; i++)
        leases_free(fleet->members[i].leases);
    world_close(&fleet->world);
    free(fleet);
    for (size_t i = 0; i < array_length(suffixes); i++) {
        char name[64];

        snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
        remove(name);
    }
    return 0;
}

static void enter_all(void)
{
    for (int i = 0; i < DAEMONS; i++)
        enter(i);
    wait_until(all_have_their_part);
}

static void one_alone_holds_everything(void **state)
{
    (void)state;
    enter(0);
    wait_until(all_are_held);
    assert_int_equal(count(0), NAMES);
}

static void several_hold_everything_and_nothing_twice(void **state)
{
    (void)state;
    enter_all();
    assert_int_equal(count_all(), NAMES);
}

static void what_one_held_that_is_not_heard_of_is_others_after_the_lease(void **state)
{
    int64_t began_ms;

    (void)state;
    enter_all();
    let_the_first_stand_still();
    began_ms = clock_monotonic_ms();
    wait_until(the_first_is_out);
    assert_true(clock_monotonic_ms() - began_ms < 3 * LEASE_MS);
}

static void one_that_stood_still_holds_nothing_when_it_goes_on_and_begins_anew(void **state)
{
    char before[ID_SIZE];

    (void)state;
    enter_all();
    text_fill(before, sizeof(before), fleet->members[0].leases->id);
    let_the_first_stand_still();
    wait_until(the_first_is_out);
    assert_int_equal(count(0), 0);
    go_on(0);
    wait_until(the_first_was_removed);
    assert_string_not_equal(fleet->members[0].leases->id, before);
    wait_until(all_have_their_part);
}

static void one_that_leaves_is_followed_at_once(void **state)
{
    (void)state;
    enter_all();
    int64_t began_ms = clock_monotonic_ms();

    leases_leave(fleet->members[0].leases, on_left, &fleet->members[0]);
    assert_int_equal(count(0), 0);
    wait_until(the_first_has_left);
    wait_until(the_first_is_out);
    assert_true(clock_monotonic_ms() - began_ms < LEASE_MS);
}

static void one_that_drains_gives_all_away_when_it_is_between_two_steps(void **state)
{
    (void)state;
    enter_all();
    int held = count(0);

    fleet->members[0].busy = true;
    leases_drain(fleet->members[0].leases, true);
    wait_until(all_have_their_part);
    assert_int_equal(count(0), held);
    fleet->members[0].busy = false;
    wait_until(the_first_is_out);
}

static void the_writes_of_a_former_holder_change_nothing(void **state)
{
    struct lease *lease = NULL;

    (void)state;
    enter(0);
    wait_until(all_are_held);
    lease = fleet->members[0].held[0];
    struct store_write writes[] = {lease_check(lease), thing("a", STORE_ANY, "text")};

    assert_int_equal(world_commit_all(&fleet->world, writes, 2), STORE_COMMITTED);
    int64_t number = lease_number(lease);

    let_the_first_stand_still();
    enter(1);
    enter(2);
    wait_until(the_first_is_out);
    assert_int_equal(world_commit_all(&fleet->world, writes, 2), STORE_CONFLICT);
    for (int i = 1; i < DAEMONS; i++)
        if (fleet->members[i].held[0])
            assert_int_equal(lease_number(fleet->members[i].held[0]), number + 1);
}

#define LEASE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEASE_TEST(one_alone_holds_everything),
        LEASE_TEST(several_hold_everything_and_nothing_twice),
        LEASE_TEST(what_one_held_that_is_not_heard_of_is_others_after_the_lease),
        LEASE_TEST(one_that_stood_still_holds_nothing_when_it_goes_on_and_begins_anew),
        LEASE_TEST(one_that_leaves_is_followed_at_once),
        LEASE_TEST(one_that_drains_gives_all_away_when_it_is_between_two_steps),
        LEASE_TEST(the_writes_of_a_former_holder_change_nothing),
    };
    int file = mkstemp(path);

    if (file >= 0)
        close(file);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
