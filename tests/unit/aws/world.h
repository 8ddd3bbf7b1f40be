/* What the tests of calls and credentials share: an environment, clocks and chance that are the
 * test's own, a server on loopback, and a loop that is run until what is waited for has come. */
#ifndef CAUSEWAY_TESTS_AWS_WORLD_H
#define CAUSEWAY_TESTS_AWS_WORLD_H

#include "aws/credentials_internal.h"
#include "aws/sender.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/text.h"
#include "net/server.h"
#include "net/timer.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum {
    PATIENCE_MS = 20000, /* after which a test gives up waiting */
    MINUTES = 60000,
    VARIABLES_MAX = 32,
};

/* 2026-11-20T09:30:00Z */
#define WORLD_NOW_MS INT64_C(1795167000000)

struct world {
    struct loop *loop;
    struct http_client *http;
    struct sender *sender;
    struct server *server;
    struct credentials_outside outside;
    struct timer patience;
    bool gave_up;
    int waiting;
    int64_t wall_ms;
    int64_t monotonic_ms;
    struct {
        const char *name;
        char value[512];
    } variables[VARIABLES_MAX];
    size_t variable_count;
    char folder[64];
    char url[64];
};

static struct world world;

/* In the place of base's: programs that define these do not take them from the library. */
int64_t clock_wall_ms(void)
{
    return world.wall_ms;
}

int64_t clock_monotonic_ms(void)
{
    return world.monotonic_ms;
}

double random_fraction(void)
{
    return 0.0;
}

static inline void pass_time(int64_t ms)
{
    world.wall_ms += ms;
    world.monotonic_ms += ms;
}

static inline const char *world_environment(const char *name)
{
    for (size_t i = world.variable_count; i-- > 0;)
        if (text_equal(world.variables[i].name, name))
            return world.variables[i].value;
    return NULL;
}

static inline void given_variable(const char *name, const char *value)
{
    assert_true(world.variable_count < VARIABLES_MAX);
    world.variables[world.variable_count].name = name;
    snprintf(world.variables[world.variable_count++].value, sizeof(world.variables[0].value), "%s",
             value);
}

/* A file in the home directory of the test. */
static inline void given_file(const char *name, const char *text)
{
    cleanup(free_pointer)
    char *path = text_printf("%s/%s", world.folder, name);
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static inline void world_lose_patience(void *context)
{
    (void)context;
    world.gave_up = true;
    loop_stop(world.loop);
}

/* Runs until so many answers have come as are waited for. */
static inline void run(void)
{
    world.gave_up = false;
    timer_start(&world.patience, PATIENCE_MS);
    loop_run(world.loop);
    timer_stop(&world.patience);
    assert_false(world.gave_up);
}

static inline void came(void)
{
    if (--world.waiting == 0)
        loop_stop(world.loop);
}

/* All services are at the server, which is there only with answers. */
static inline void given(const struct server_answer *answers, size_t count)
{
    world = (struct world){
        .loop = loop_new(), .wall_ms = WORLD_NOW_MS, .monotonic_ms = 1, .folder = "/tmp/awsXXXXXX"};
    assert_non_null(mkdtemp(world.folder));
    world.http = http_client_new(world.loop, NULL);
    if (count > 0)
        world.server = server_start(answers, count);
    snprintf(world.url, sizeof(world.url), "http://127.0.0.1:%d",
             world.server ? world.server->port : 1);
    given_variable("AWS_ENDPOINT_URL", world.url);
    world.sender = sender_new(&(struct sender_settings){
        .loop = world.loop, .http = world.http, .endpoints = {.environment = world_environment}});
    world.outside = (struct credentials_outside){
        .loop = world.loop,
        .http = world.http,
        .sender = world.sender,
        .environment = world_environment,
        .home = world.folder,
        .default_region = "eu-central-1",
    };
    timer_init(&world.patience, world.loop, world_lose_patience, NULL);
}

static inline void end(void)
{
    static const char *const names[] = {".aws/config", ".aws/credentials", ".aws", "token", ""};

    sender_free(world.sender);
    http_client_free(world.http);
    timer_stop(&world.patience);
    loop_free(world.loop);
    if (world.server)
        server_stop(world.server);
    for (size_t i = 0; i < array_length(names); i++) {
        cleanup(free_pointer)
        char *path = text_printf("%s/%s", world.folder, names[i]);

        remove(path);
    }
}

/* The request of that number that the server has read, from 0. */
static inline const char *request(size_t number)
{
    assert_true(world.server->requests > number);
    return world.server->seen[number];
}

static inline void assert_contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in\n%s", part, text);
}

/* Runs until the server has read so many. */
static inline void wait_for_requests(size_t count)
{
    struct timer turn;

    timer_init(&turn, world.loop, world_lose_patience, NULL);
    while (world.server->requests < count) {
        timer_start(&turn, 5);
        loop_run(world.loop);
    }
    timer_stop(&turn);
}

/* ---- asking for keys ------------------------------------------------------------------------- */

struct asked {
    int times;
    char access_key_id[64];
    char secret_access_key[64];
    char session_token[64];
    struct error error;
    struct credentials_wait *wait;
    void (*then)(struct asked *asked);
};

static inline void world_keys_came(void *context, const struct aws_keys *keys,
                                   const struct error *error)
{
    struct asked *asked = context;

    asked->times++;
    asked->wait = NULL;
    assert_true(!keys != !error);
    if (error) {
        asked->error = *error;
    } else {
        text_fill(asked->access_key_id, sizeof(asked->access_key_id), keys->access_key_id);
        text_fill(asked->secret_access_key, sizeof(asked->secret_access_key),
                  keys->secret_access_key);
        text_fill(asked->session_token, sizeof(asked->session_token),
                  keys->session_token ? keys->session_token : "(none)");
    }
    if (asked->then)
        asked->then(asked);
    came();
}

static inline void ask(struct credentials *credentials, struct asked *asked)
{
    world.waiting++;
    *asked = (struct asked){.then = asked->then};
    asked->wait = credentials_get(credentials, world_keys_came, asked);
    assert_int_equal(asked->times, 0);
}

static inline struct asked keys_of(struct credentials *credentials)
{
    struct asked asked = {0};

    ask(credentials, &asked);
    run();
    return asked;
}

/* ---- answers --------------------------------------------------------------------------------- */

#define ANSWER(status_, headers_, body_) \
    "HTTP/1.1 " status_ "\r\n" headers_ "Connection: close\r\n\r\n" body_

#define ASSUMED(key_, expiration_)                                                               \
    "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>" \
    "<Credentials><AccessKeyId>" key_ "</AccessKeyId><SecretAccessKey>assumed-secret"            \
    "</SecretAccessKey><SessionToken>assumed-token</SessionToken><Expiration>" expiration_       \
    "</Expiration></Credentials><AssumedRoleUser><Arn>arn</Arn></AssumedRoleUser>"               \
    "</AssumeRoleResult></AssumeRoleResponse>"

#endif
