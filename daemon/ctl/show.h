/* The daemon's answers as people read them: each takes a document of the control API. Times are in
 * UTC, ages by the daemon's clock where it tells it. */
#ifndef CAUSEWAY_CTL_SHOW_H
#define CAUSEWAY_CTL_SHOW_H

#include "base/json.h"
#include "ctl/render.h"

/* An answer about all, an endpoint, or a deployment: the document tells which. */
void show_status(struct screen *screen, const cJSON *document);
void show_history(struct screen *screen, const cJSON *document);

/* Ours, with the daemon's as "daemon" where it answered. */
/* Every call of AWS that was made for a deployment. */
void show_calls(struct screen *screen, const cJSON *deployment);
void show_audit(struct screen *screen, const cJSON *document);
void show_version(struct screen *screen, const cJSON *document);

#endif
