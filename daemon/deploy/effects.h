/* Effects: each is one call of AWS, made from the record alone, and what came of it.
 *
 * Every one may be asked for again after a crash: reads are harmless, makers have names derived
 * from what is made, and the machine looks before it updates an endpoint twice. */
#ifndef CAUSEWAY_DEPLOY_EFFECTS_H
#define CAUSEWAY_DEPLOY_EFFECTS_H

#include "aws/aws.h"
#include "config/config.h"
#include "deploy/machine.h"

struct effect_run;

typedef void effect_done(void *context, const struct effect_result *result);

/* Starts the effect that the record asks for. Never calls back before it returns; the result, and
 * what hangs from it, is valid during the call. The record may be gone by then. */
struct effect_run *effect_start(struct aws *aws, const struct config *config,
                                const struct record *record, enum effect effect, effect_done *done,
                                void *context);
void effect_cancel(struct effect_run *run);

/* Whether it carries a part of an object or an image through the daemon, and so needs memory. */
bool effect_carries(enum effect effect);

/* "CreateModel": for the journal. */
const char *effect_operation(enum effect effect);
const char *effect_service(enum effect effect);

#endif
