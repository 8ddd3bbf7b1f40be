#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "control/peer.h"

#include "base/text.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { OWN = 990, GROUP = 991, OTHER_GROUP = 100 };

static void given_a_peer_when_judged_then_root_self_and_the_group_are_admitted(void **state)
{
    gid_t with[] = {OTHER_GROUP, GROUP};
    gid_t without[] = {OTHER_GROUP};
    const struct {
        struct peer peer;
        bool has_group;
        bool admitted;
    } cases[] = {
        {{.user = 0}, true, true},
        {{.user = 0}, false, true},
        {{.user = OWN, .group = 5}, false, true},
        {{.user = 1000, .group = GROUP}, true, true},
        {{.user = 1000, .group = 1000, .groups = with, .group_count = 2}, true, true},
        {{.user = 1000, .group = 1000, .groups = without, .group_count = 1}, true, false},
        {{.user = 1000, .group = 1000}, true, false},
        /* Without the group there is nobody in it, whatever number it might have had. */
        {{.user = 1000, .group = GROUP, .groups = with, .group_count = 2}, false, false},
        {{.user = 1000, .group = 0}, false, false},
    };

    (void)state;
    for (size_t i = 0; i < array_length(cases); i++)
        assert_int_equal(peer_is_admitted(&cases[i].peer, OWN, cases[i].has_group, GROUP),
                         cases[i].admitted);
}

static void given_a_socket_when_the_kernel_is_asked_then_the_peer_is_who_connected(void **state)
{
    int pair[2];
    struct peer peer;
    struct error error;
    gid_t groups[256];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(peer_of_socket(pair[0], &peer, &error), 0);
    assert_int_equal(peer.user, geteuid());
    assert_int_equal(peer.group, getegid());
    int count = getgroups((int)array_length(groups), groups);

    for (int i = 0; i < count; i++) {
        bool found = false;

        for (size_t k = 0; k < peer.group_count; k++)
            found = found || peer.groups[k] == groups[i];
        assert_true(found);
    }
    peer_free(&peer);
    close(pair[0]);
    close(pair[1]);
}

static void given_something_else_than_a_unix_socket_then_nobody_is_there(void **state)
{
    int pipes[2];
    struct peer peer;
    struct error error;

    (void)state;
    assert_int_equal(pipe(pipes), 0);
    assert_int_equal(peer_of_socket(pipes[0], &peer, &error), -1);
    assert_int_equal(error.class, ERROR_DENIED);
    close(pipes[0]);
    close(pipes[1]);
}

static void given_a_user_when_named_then_name_and_number_are_told(void **state)
{
    struct peer root = {.user = 0};
    struct peer nobody_knows = {.user = 3999999999u};
    cleanup(free_pointer)
    char *name = peer_name(&root);
    cleanup(free_pointer)
    char *number = peer_name(&nobody_knows);

    (void)state;
    assert_string_equal(name, "root (uid 0)");
    assert_string_equal(number, "uid 3999999999");
}

static void given_a_group_when_looked_for_then_its_number_is_told(void **state)
{
    gid_t group = 77;

    (void)state;
    assert_true(peer_find_group("root", &group));
    assert_int_equal(group, 0);
    assert_false(peer_find_group("no-such-group-here", &group));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(given_a_peer_when_judged_then_root_self_and_the_group_are_admitted),
        cmocka_unit_test(given_a_socket_when_the_kernel_is_asked_then_the_peer_is_who_connected),
        cmocka_unit_test(given_something_else_than_a_unix_socket_then_nobody_is_there),
        cmocka_unit_test(given_a_user_when_named_then_name_and_number_are_told),
        cmocka_unit_test(given_a_group_when_looked_for_then_its_number_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
