#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "control/listener.h"

#include "base/text.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct place {
    char folder[64];
    char path[128];
};

static int make_place(void **state)
{
    struct place *place = memory_allocate(sizeof(*place));

    strcpy(place->folder, "/tmp/causeway-listener-XXXXXX");
    if (!mkdtemp(place->folder))
        return -1;
    snprintf(place->path, sizeof(place->path), "%s/control.sock", place->folder);
    *state = place;
    return 0;
}

static int remove_place(void **state)
{
    struct place *place = *state;

    unlink(place->path);
    rmdir(place->folder);
    free(place);
    return 0;
}

static bool somebody_listens(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int client = socket(AF_UNIX, SOCK_STREAM, 0);

    text_fill(address.sun_path, sizeof(address.sun_path), path);
    bool connected = connect(client, (struct sockaddr *)&address, sizeof(address)) == 0;

    close(client);
    return connected;
}

static void given_a_free_path_when_opened_then_it_listens_for_owner_and_group_only(void **state)
{
    struct place *place = *state;
    struct listener listener;
    struct error error;
    struct stat status;

    assert_int_equal(listener_open_unix(&listener, place->path, NULL, &error), 0);
    assert_int_equal(stat(place->path, &status), 0);
    assert_true(S_ISSOCK(status.st_mode));
    assert_int_equal(status.st_mode & 07777, 0660);
    assert_true(fcntl(listener.descriptor, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(listener.descriptor, F_GETFD) & FD_CLOEXEC);
    assert_true(somebody_listens(place->path));
    listener_remove(&listener);
    assert_int_equal(access(place->path, F_OK), -1);
    close(listener.descriptor);
}

static void given_a_group_when_opened_then_the_socket_is_that_groups(void **state)
{
    struct place *place = *state;
    struct listener listener;
    struct error error;
    struct stat status;
    gid_t group = getegid() == 0 ? 4242 : getegid(); /* others only root may give it to */

    assert_int_equal(listener_open_unix(&listener, place->path, &group, &error), 0);
    assert_int_equal(stat(place->path, &status), 0);
    assert_int_equal(status.st_gid, group);
    listener_remove(&listener);
    close(listener.descriptor);
}

static void given_a_socket_that_nobody_serves_when_opened_then_it_is_replaced(void **state)
{
    struct place *place = *state;
    struct listener stale;
    struct listener listener;
    struct error error;

    assert_int_equal(listener_open_unix(&stale, place->path, NULL, &error), 0);
    close(stale.descriptor);
    assert_false(somebody_listens(place->path));
    assert_int_equal(listener_open_unix(&listener, place->path, NULL, &error), 0);
    assert_true(somebody_listens(place->path));
    /* The one that was replaced does not take the new one's file with it. */
    listener_remove(&stale);
    assert_true(somebody_listens(place->path));
    listener_remove(&listener);
    close(listener.descriptor);
}

static void given_another_daemon_when_opened_then_it_is_refused_and_left_alone(void **state)
{
    struct place *place = *state;
    struct listener first;
    struct listener second;
    struct error error;

    assert_int_equal(listener_open_unix(&first, place->path, NULL, &error), 0);
    assert_int_equal(listener_open_unix(&second, place->path, NULL, &error), -1);
    assert_int_equal(error.class, ERROR_CONFLICT);
    assert_non_null(strstr(error.sentence, "another daemon listens"));
    assert_int_equal(second.descriptor, -1);
    assert_true(somebody_listens(place->path));
    listener_remove(&first);
    close(first.descriptor);
}

static void given_a_file_in_the_way_when_opened_then_it_is_refused_and_kept(void **state)
{
    struct place *place = *state;
    struct listener listener;
    struct error error;
    FILE *file = fopen(place->path, "w");

    assert_non_null(file);
    fclose(file);
    assert_int_equal(listener_open_unix(&listener, place->path, NULL, &error), -1);
    assert_non_null(strstr(error.sentence, "is not a socket"));
    assert_int_equal(access(place->path, F_OK), 0);
}

static void given_a_path_that_cannot_be_when_opened_then_the_reason_is_told(void **state)
{
    char long_path[200];
    struct listener listener;
    struct error error;

    (void)state;
    memset(long_path, 'a', sizeof(long_path) - 1);
    long_path[0] = '/';
    long_path[sizeof(long_path) - 1] = '\0';
    assert_int_equal(listener_open_unix(&listener, long_path, NULL, &error), -1);
    assert_non_null(strstr(error.sentence, "longer than the 107 bytes"));
    assert_int_equal(listener_open_unix(&listener, "/no/such/folder/s", NULL, &error), -1);
    assert_non_null(strstr(error.sentence, "No such file or directory"));
}

static void given_a_loopback_address_when_opened_then_it_listens_there(void **state)
{
    static const char *const addresses[] = {"127.0.0.1:0", "localhost:0", "127.8.8.8:0"};

    (void)state;
    for (size_t i = 0; i < array_length(addresses); i++) {
        struct listener listener;
        struct error error;
        struct sockaddr_in address;
        socklen_t size = sizeof(address);

        assert_int_equal(listener_open_loopback(&listener, addresses[i], &error), 0);
        assert_int_equal(getsockname(listener.descriptor, (struct sockaddr *)&address, &size), 0);
        assert_int_equal(ntohl(address.sin_addr.s_addr) >> 24, 127);
        assert_int_not_equal(address.sin_port, 0);
        close(listener.descriptor);
    }
}

static void given_any_other_address_when_opened_then_it_is_refused(void **state)
{
    static const char *const addresses[] = {
        "",          "127.0.0.1",        "127.0.0.1:",   "127.0.0.1:x", "127.0.0.1:65536",
        "0.0.0.0:0", "128.0.0.1:0",      ":9464",        "[::]:0",      "10.0.0.1:9464",
        "localhost", "example.com:9464", "127.0.0.1:-1", "127.1:0",
    };

    (void)state;
    for (size_t i = 0; i < array_length(addresses); i++) {
        struct listener listener;
        struct error error;

        assert_int_equal(listener_open_loopback(&listener, addresses[i], &error), -1);
        assert_int_equal(error.class, ERROR_INVALID);
        assert_int_equal(listener.descriptor, -1);
    }
}

static void given_a_port_in_use_when_opened_then_it_is_a_conflict(void **state)
{
    struct listener first;
    struct listener second;
    struct error error;
    struct sockaddr_in address;
    socklen_t size = sizeof(address);
    char text[32];

    (void)state;
    assert_int_equal(listener_open_loopback(&first, "127.0.0.1:0", &error), 0);
    assert_int_equal(getsockname(first.descriptor, (struct sockaddr *)&address, &size), 0);
    snprintf(text, sizeof(text), "127.0.0.1:%u", ntohs(address.sin_port));
    assert_int_equal(listener_open_loopback(&second, text, &error), -1);
    assert_int_equal(error.class, ERROR_CONFLICT);
    close(first.descriptor);
}

static void given_a_descriptor_that_is_none_when_adopted_then_it_is_refused(void **state)
{
    struct listener listener;
    struct error error;

    (void)state;
    assert_int_equal(listener_adopt(&listener, 9999, &error), -1);
    assert_int_equal(listener.descriptor, -1);
}

int main(void)
{
#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_place, remove_place)
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(given_a_free_path_when_opened_then_it_listens_for_owner_and_group_only),
        IN_A_FOLDER(given_a_group_when_opened_then_the_socket_is_that_groups),
        IN_A_FOLDER(given_a_socket_that_nobody_serves_when_opened_then_it_is_replaced),
        IN_A_FOLDER(given_another_daemon_when_opened_then_it_is_refused_and_left_alone),
        IN_A_FOLDER(given_a_file_in_the_way_when_opened_then_it_is_refused_and_kept),
        cmocka_unit_test(given_a_path_that_cannot_be_when_opened_then_the_reason_is_told),
        cmocka_unit_test(given_a_loopback_address_when_opened_then_it_listens_there),
        cmocka_unit_test(given_any_other_address_when_opened_then_it_is_refused),
        cmocka_unit_test(given_a_port_in_use_when_opened_then_it_is_a_conflict),
        cmocka_unit_test(given_a_descriptor_that_is_none_when_adopted_then_it_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
