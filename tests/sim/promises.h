/* The promises of design.md's deployment machine, held against the disk and the world.
 *
 *  1  an accepted event reaches a terminal state once faults stop, and none is lost
 *  2  at most one deployment per endpoint mutates it
 *  3  nothing is left serving that was not pinned and verified
 *  4  a terminal failure leaves the last good configuration serving
 *  5  a message is deleted only after its commit
 *  6  no effect runs before the commit that asked for it
 *  7  what is kept for rollback is bounded by keep, and nothing else is left behind
 *
 * Whoever breaks one ends the run by broken(). */
#ifndef CAUSEWAY_TESTS_SIM_PROMISES_H
#define CAUSEWAY_TESTS_SIM_PROMISES_H

#include "sim/known.h"
#include "sim/world.h"

#include <stdbool.h>

/* Listens to the disk's commits from now on. */
void promises_begin(void);

/* The daemon makes a call. */
void promises_call_is_made(const struct aws_call *call);

/* The world is asked to do away with something. */
void promises_message_is_deleted(const struct release *release, const char *body);
void promises_object_is_deleted(const char *bucket, const char *key);
void promises_config_is_deleted(const char *name);
void promises_model_is_deleted(const char *name);

/* Whether nothing is open. */
bool promises_all_closed(void);
/* The id of a deployment that has ended, but not well; NULL where there is none. */
const char *promises_pick_ended_badly(void);

/* Faults are over and nothing moves any more; or it has moved for far too long. */
void promises_at_end(bool quiet);

/* ---- promises_told.c: who is told how it ended -------------------------------------------------
 */

/* A deployment was closed. */
void promises_told_closed(const struct known *known);
void promises_told_at_end(void);

/* ---- promises_registry.c: what the registry says no to -----------------------------------------
 */

/* What was to take a rejected one back has found nothing to do. */
void promises_registry_left(const struct record *record);
/* A deployment was superseded. What takes a rejected package back is no newer than that was. */
void promises_registry_superseded(const struct record *record, const struct known *newer);
void promises_registry_at_end(void);

/* ---- promises_stacks.c: what CloudFormation is asked for --------------------------------------
 */

void promises_stack_call(const struct aws_call *call,
                         void (*must_be_asked_for)(const struct aws_call *call, const char *field,
                                                   const char *name, const char *also));
/* What a committed success of a stack's claims. */
void promises_stack_succeeded(const struct known *known, const struct record *record);
/* Whether the lineage's configuration is a stack's, and whether that serves what it did then. */
bool promises_is_of_stack(const char *config);
bool promises_stack_serves(const char *config);
void promises_stacks_left(void);

#endif
