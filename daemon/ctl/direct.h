/* The bridge without the daemon: for whom sets one up, before there is a daemon to ask.
 *
 * Works in this process, with the caller's own credentials (the SDKs' default chain), and waits. */
#ifndef CAUSEWAY_CTL_DIRECT_H
#define CAUSEWAY_CTL_DIRECT_H

#include "config/config.h"
#include "ctl/online.h"

enum direct_work {
    DIRECT_PLAN,         /* nothing is changed, and nothing is kept */
    DIRECT_APPLY,        /* keeps what was there before as DIRECT_RECONCILE does */
    DIRECT_RECONCILE,    /* keeps what was there before in the configuration's store, as the daemon
                            does */
    DIRECT_IMPORT,       /* nothing is changed, and nothing is kept */
    DIRECT_IMPORT_NAMED, /* the same, only of what the configuration names */
};

/* about is the account of DIRECT_IMPORT, the resource of DIRECT_RECONCILE, or NULL for all. Fills
 * the answer as the daemon would. */
void direct_bridge(struct config *config, enum direct_work wanted, const char *about,
                   struct answer *answer);

#endif
