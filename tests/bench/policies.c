/* What it costs to compare two policies by their meaning: pairs as tests/conformance has them, a
 * line each, on standard input; CPU nanoseconds a pair and how many were equal on standard output.
 *
 *     bench_policies ROUNDS < PAIRS */
#include "base/json.h"
#include "base/limits.h"
#include "policy/canonical.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PAIRS_MAXIMUM = 100000 };

static int64_t cpu_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int main(int argument_count, char **arguments)
{
    cJSON **pairs = memory_allocate_array(PAIRS_MAXIMUM, sizeof(cJSON *));
    cleanup(free_pointer)
    char *text = NULL;
    size_t capacity = 0;
    size_t count = 0;
    size_t equal = 0;
    ssize_t length;

    if (argument_count != 2)
        return 2;
    long rounds = strtol(arguments[1], NULL, 10);

    json_initialise();
    while ((length = getline(&text, &capacity, stdin)) > 0 && count < PAIRS_MAXIMUM) {
        struct error error;

        pairs[count++] = json_parse(text, (size_t)length, LIMIT_RESPONSE_BYTES, &error);
    }
    int64_t began_ns = cpu_ns();

    for (long round = 0; round < rounds; round++) {
        for (size_t i = 0; i < count; i++) {
            struct error error;
            bool same = false;

            if (policy_compare_texts(json_get_text(pairs[i], "a"), json_get_text(pairs[i], "b"),
                                     POLICY_RULE_TERRAFORM, &same, &error) == 0)
                equal += same;
        }
    }
    printf("{\"ns\": %" PRId64 ", \"equal\": %zu}\n",
           (cpu_ns() - began_ns) / (rounds * (int64_t)count), equal / (size_t)rounds);
    for (size_t i = 0; i < count; i++)
        cJSON_Delete(pairs[i]);
    free(pairs);
    return 0;
}
