/* What the bridge writes into the journal. What stays as it is is said once, not at each pass. */
#ifndef CAUSEWAY_BRIDGE_JOURNAL_H
#define CAUSEWAY_BRIDGE_JOURNAL_H

#include "base/map.h"
#include "bridge/pass.h"

/* What was last said of each resource. */
struct bridge_journal {
    struct map said;
};
void bridge_journal_free(struct bridge_journal *journal);

/* What a plan found. */
void bridge_journal_planned(struct bridge_journal *journal, const struct pass_outcome *outcome);
/* What became of one action. */
void bridge_journal_ended(const struct pass_outcome *outcome, size_t action,
                          const struct apply_result *result);
/* The whole. */
void bridge_journal_pass(const struct pass_outcome *outcome);

#endif
