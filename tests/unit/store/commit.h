/* One commit, waited for. */
#ifndef CAUSEWAY_TESTS_STORE_COMMIT_H
#define CAUSEWAY_TESTS_STORE_COMMIT_H

#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct commit_wait {
    struct loop *loop;
    bool answered;
};

static inline void commit_answered(void *context, enum store_outcome outcome, size_t conflict,
                                   const struct error *error)
{
    struct commit_wait *wait = context;

    (void)conflict;
    (void)error;
    assert_int_equal(outcome, STORE_COMMITTED);
    wait->answered = true;
    loop_stop(wait->loop);
}

static inline void commit_now(struct loop *loop, struct store *store,
                              const struct store_write *write)
{
    struct commit_wait wait = {.loop = loop};

    store_commit(store, write, 1, commit_answered, &wait);
    while (!wait.answered)
        loop_run(loop);
}

#endif
