/* Failures in classes: what AWS's code or text means, whether waiting helps, and what to do. Pure.
 *
 * error.h's classes say how a call went; these say what an operator has before him, and are also
 * made of texts that no call failed with (an endpoint's FailureReason, a stack's events). The table
 * is failure.def. */
#ifndef CAUSEWAY_DEPLOY_FAILURE_H
#define CAUSEWAY_DEPLOY_FAILURE_H

#include <stddef.h>

enum failure_handling {
    FAILURE_ENDS,    /* the deployment; waiting does not help */
    FAILURE_SETTLES, /* may be a permission or a name that has not spread yet */
    FAILURE_WAITS,   /* may pass by itself */
};

enum failure_kind {
    FAILURE_OTHER,
#define FAILURE(enumerator, name, codes, words, handling, advice) enumerator,
#include "deploy/failure.def"
#undef FAILURE
};

struct failure {
    enum failure_kind kind;
    const char *name; /* "quota"; "other" */
    enum failure_handling handling;
    const char *advice; /* NULL for FAILURE_OTHER */
};

/* code and text may be NULL or "". */
struct failure failure_of(const char *code, const char *text);

/* Who may not do what on which, as an access denial tells; "" where it does not say. */
struct denial {
    char principal[256];
    char action[128];
    char resource[256];
};
void failure_denial(const char *text, struct denial *denial);

/* The whole advice for people: for a denial with the action, principal and resource named. NULL
 * where there is none. The caller frees it. */
char *failure_advice(const char *code, const char *text);

#endif
