/* Roles and policies, two ways: the pages of their whole account, or each by itself. Pure.
 *
 * GetAccountAuthorizationDetails brings up to a thousand of them a call, whosever they are; one by
 * itself takes two to five calls or more. For a few in a huge account the pages cost more. How many
 * there are nobody tells, so it is learnt: pages are read until they have cost as much as what they
 * did not bring would cost by itself, and more than what they did bring would have. The first look
 * takes at most twice the calls of the cheaper way then, those after it hardly more than that. */
#ifndef CAUSEWAY_BRIDGE_ACCOUNT_PAGES_H
#define CAUSEWAY_BRIDGE_ACCOUNT_PAGES_H

#include "bridge/resource.h"

#include <stdbool.h>
#include <stdint.h>

/* What was learnt of an account; zeroed is nothing. */
struct account_pages {
    size_t count;       /* pages until all was described that was wanted, or an estimate of them */
    size_t up_to;       /* calls: an estimate is believed for looks that take no more alone */
    int64_t learned_ms; /* by the loop's clock */
};

/* Calls that a look at the role or policy by itself takes, as far as the file tells. */
size_t account_pages_calls_alone(const struct resource *resource);

/* Before the first page: whether each by itself, `wanted` calls in all, is cheaper. What was learnt
 * more than a day ago is not believed any more: accounts shrink, too. */
bool account_pages_are_dearer(const struct account_pages *known, size_t wanted, int64_t now_ms);

/* After `read` pages, and there are more: whether to go over to single reads for what was not
 * described yet, which takes `lacking` of the `wanted` calls. */
bool account_pages_suffice(size_t read, size_t wanted, size_t lacking);

/* What is known after `read` pages: their number where nothing lacks; otherwise, where all is
 * spread evenly, as many as it would have taken. A small look that found nothing says little of
 * what a larger one would find. */
struct account_pages account_pages_learn(size_t read, size_t wanted, size_t lacking,
                                         int64_t now_ms);

#endif
