/* The page at /: the bridge with each hop's health, what needs a look, and the deployments.
 *
 * It is whole as the server sends it; page/page.js only brings the newest one into its place. Pure:
 * the document is that of /v1/status, and with it, as "deployments_shown", views of deployments
 * with their history, newest first. */
#ifndef CAUSEWAY_CONTROL_PAGE_H
#define CAUSEWAY_CONTROL_PAGE_H

#include "base/buffer.h"
#include "base/json.h"

#include <stdint.h>

enum { PAGE_DEPLOYMENTS = 30 };

/* The files of page/, as they were at build time. */
extern const char page_html[];
extern const char page_css[];
extern const char page_js[];
extern const char page_svg[];

/* Text that came from outside, made harmless. */
void page_text(struct buffer *html, const char *text);

/* What stands between the page's head and its end. */
void page_whole(struct buffer *html, const cJSON *document);

/* Parts of it. */
void page_bridge(struct buffer *html, const cJSON *document, int64_t now_ms);
void page_drift(struct buffer *html, const cJSON *document, int64_t now_ms);
void page_deployments(struct buffer *html, const cJSON *document, int64_t now_ms);

/* Where the last heartbeat found the bridge broken, or NULL. */
const char *page_broken_hop(const cJSON *document);

/* "<time ...>3m12s ago</time>", which the script keeps true. */
void page_ago(struct buffer *html, int64_t at_ms, int64_t now_ms);
/* A duration that goes on since a moment, or one that is over. */
void page_since(struct buffer *html, int64_t at_ms, int64_t now_ms);
void page_span(struct buffer *html, int64_t duration_ms);

#endif
