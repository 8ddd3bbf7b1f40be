/* What the engine writes into the journal. */
#ifndef CAUSEWAY_DEPLOY_JOURNAL_H
#define CAUSEWAY_DEPLOY_JOURNAL_H

#include "deploy/machine.h"

void journal_accepted(const struct record *record);

/* One entry where the state has changed, or where trouble has begun. */
void journal_transition(const struct record *old, const struct record *record);

/* At debug: what an effect came to. */
void journal_effect(const struct record *record, enum effect effect,
                    const struct effect_result *result);

/* Another daemon has moved the deployment on. */
void journal_lost(const struct record *record, const struct error *error);

/* A row that this version cannot read. */
void journal_unreadable(const char *key, const char *what, const struct error *error);

#endif
