/* What the files that show answers share:
 *   show.c             which answer it is; lists of deployments
 *   show_daemon.c      how the daemon is
 *   show_bridge.c      what is kept in the accounts, and how it differs
 *   show_deployment.c  all about one deployment
 *   show_words.c       the words and the colours */
#ifndef CAUSEWAY_CTL_SHOW_INTERNAL_H
#define CAUSEWAY_CTL_SHOW_INTERNAL_H

#include "base/json.h"
#include "base/time.h"
#include "ctl/render.h"

#include <stdint.h>

/* A member's text, or what stands for it where there is none. */
const char *show_text(const cJSON *object, const char *name, const char *otherwise);

/* The moment that ages are counted to: the daemon's where the answer tells it. */
int64_t show_now(const cJSON *document);

/* "2026-11-20 09:30:12", in UTC. Returns text. */
const char *show_moment(int64_t time_ms, char text[TIME_TEXT_SIZE]);

/* The same of an object's RFC 3339 text, in UTC; "?" where there is none. */
const char *show_moment_of(const cJSON *object, const char *name, char text[TIME_TEXT_SIZE]);

/* A duration, in whole seconds from one second on; clocks that differ make no negative ones.
 * Returns text. */
const char *show_span(int64_t duration_ms, char text[DURATION_TEXT_SIZE]);

/* "12s ago". The caller frees it. */
char *show_ago(int64_t age_ms);

/* A state's colour; plain for one of a newer daemon. */
enum tone show_tone(const char *name);
void show_add_state(struct table *table, const cJSON *deployment);

/* How far the present state is, as a bar: parts of a copy, instances, or time against what is
 * usual; NULL where neither is known. And how long all of it took so far, against what is usual.
 * The caller frees them. */
char *show_progress(const cJSON *deployment, int64_t now_ms);
char *show_elapsed(const cJSON *deployment, int64_t now_ms);

/* What it is doing, and what keeps it from that; why it ended as it did; whichever of the two there
 * is. The caller frees them. */
char *show_doing(const cJSON *deployment);
char *show_end(const cJSON *deployment);
char *show_result(const cJSON *deployment);

/* The daemon itself, without its deployments. */
void show_daemon(struct screen *screen, const cJSON *document);

/* What is kept in the accounts, in a line or two; and each resource that is not as the file says,
 * with its difference. */
void show_bridge(struct screen *screen, const cJSON *document);
void show_drift(struct screen *screen, const cJSON *document);

/* One deployment, of a view as record_view() makes it. */
void show_deployment(struct screen *screen, const cJSON *deployment, int64_t now_ms);

#endif
