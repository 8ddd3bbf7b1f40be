/* Notes: what a daemon that does not hold an endpoint passes on to the one that does.
 *
 * An operator's wish, or news of an endpoint, may reach any daemon of a fleet. It is committed as a
 * row of the kind "note", listed under its endpoint; the holder finds it when it looks around, does
 * what it says, and writes there what came of it, or removes it where nobody waits. A note that is
 * found twice, because its holder was killed in between, is done twice: each may be. */
#ifndef CAUSEWAY_DEPLOY_NOTES_H
#define CAUSEWAY_DEPLOY_NOTES_H

#include "base/json.h"
#include "deploy/engine.h"

struct notes;
struct seat;

struct notes *notes_new(struct engine *engine);
/* Those who wait are not called back. */
void notes_free(struct notes *notes);

/* Passes it on, and tells done what the holder made of it, or that it has not answered in time.
 * What the note says, an object, is owned by this: {"verb": "cancel", "id": ..., "who": ...}. With
 * done NULL nobody waits. */
void notes_write(struct notes *notes, const char *endpoint, cJSON *text, engine_done *done,
                 void *context);

/* The holder's side: does what stands in the notes of the endpoints that are its own. */
void notes_look(struct notes *notes);

#endif
