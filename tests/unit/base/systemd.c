#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/systemd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* The service manager's end: a socket whose name the kernel has chosen. */
static int listen_for_notes(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t length = sizeof(address);
    int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(descriptor, (struct sockaddr *)&address, sizeof(sa_family_t)), 0);
    assert_int_equal(getsockname(descriptor, (struct sockaddr *)&address, &length), 0);
    size_t name_length = length - offsetof(struct sockaddr_un, sun_path);
    char name[sizeof(address.sun_path) + 1] = "";

    memcpy(name, address.sun_path, name_length);
    name[0] = '@';
    setenv("NOTIFY_SOCKET", name, 1);
    return descriptor;
}

static void assert_noted(int descriptor, const char *text)
{
    char note[1024];
    ssize_t length = recv(descriptor, note, sizeof(note) - 1, MSG_DONTWAIT);

    assert_true(length >= 0);
    note[length] = '\0';
    assert_string_equal(note, text);
}

static int stop_listening(int descriptor)
{
    unsetenv("NOTIFY_SOCKET");
    return close(descriptor);
}

static void each_step_of_the_service_is_noted_to_the_manager(void **state)
{
    int manager = listen_for_notes();

    (void)state;
    systemd_ready();
    assert_noted(manager, "READY=1");
    systemd_status("%d deployments are open", 3);
    assert_noted(manager, "STATUS=3 deployments are open");
    systemd_watchdog_feed();
    assert_noted(manager, "WATCHDOG=1");
    systemd_extend_timeout(1500);
    assert_noted(manager, "EXTEND_TIMEOUT_USEC=1500000");
    systemd_stopping();
    assert_noted(manager, "STOPPING=1");
    stop_listening(manager);
}

static void a_reload_is_noted_with_the_time_that_its_type_asks_for(void **state)
{
    int manager = listen_for_notes();
    char note[256] = "";
    unsigned long long microseconds = 0;

    (void)state;
    systemd_reloading();
    assert_true(recv(manager, note, sizeof(note) - 1, MSG_DONTWAIT) > 0);
    assert_int_equal(sscanf(note, "RELOADING=1\nMONOTONIC_USEC=%llu", &microseconds), 1);
    assert_true(microseconds > 0);
    stop_listening(manager);
}

static void a_status_cannot_smuggle_another_assignment(void **state)
{
    int manager = listen_for_notes();

    (void)state;
    systemd_status("%s", "fine\nSTOPPING=1");
    assert_noted(manager, "STATUS=fine STOPPING=1");
    stop_listening(manager);
}

static void without_a_manager_nothing_is_done(void **state)
{
    (void)state;
    unsetenv("NOTIFY_SOCKET");
    systemd_ready();
    systemd_reloading();
    systemd_status("nobody listens");
    systemd_watchdog_feed();
    systemd_extend_timeout(1);
    systemd_stopping();
}

static void the_watchdog_s_time_is_told_to_the_process_it_is_meant_for(void **state)
{
    char pid[32];

    (void)state;
    snprintf(pid, sizeof(pid), "%d", (int)getpid());
    setenv("WATCHDOG_USEC", "30000000", 1);
    setenv("WATCHDOG_PID", pid, 1);
    assert_int_equal(systemd_watchdog_ms(), 30000);
    setenv("WATCHDOG_PID", "1", 1);
    assert_int_equal(systemd_watchdog_ms(), 0);
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    assert_int_equal(systemd_watchdog_ms(), 0);
}

/* In a child: activation hands over the descriptors from 3 on, which may be others' here. */
static int find_in_child(const char *name)
{
    pid_t child = fork();

    if (child == 0) {
        char pid[32];
        int pipes[2];

        if (pipe(pipes) != 0 || dup2(pipes[0], 3) < 0 || dup2(3, 4) < 0)
            _exit(255);
        snprintf(pid, sizeof(pid), "%d", (int)getpid());
        setenv("LISTEN_PID", pid, 1);
        setenv("LISTEN_FDS", "2", 1);
        setenv("LISTEN_FDNAMES", "other:control", 1);
        int found = systemd_socket(name);

        _exit(found < 0 ? 254 : found);
    }
    int status = 0;

    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void a_socket_that_was_handed_over_is_found_by_its_name(void **state)
{
    (void)state;
    assert_int_equal(find_in_child("control"), 4);
    assert_int_equal(find_in_child("other"), 3);
    assert_int_equal(find_in_child("absent"), 254);
}

static void without_activation_there_is_no_socket(void **state)
{
    (void)state;
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    assert_int_equal(systemd_socket("control"), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_step_of_the_service_is_noted_to_the_manager),
        cmocka_unit_test(a_reload_is_noted_with_the_time_that_its_type_asks_for),
        cmocka_unit_test(a_status_cannot_smuggle_another_assignment),
        cmocka_unit_test(without_a_manager_nothing_is_done),
        cmocka_unit_test(the_watchdog_s_time_is_told_to_the_process_it_is_meant_for),
        cmocka_unit_test(a_socket_that_was_handed_over_is_found_by_its_name),
        cmocka_unit_test(without_activation_there_is_no_socket),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
