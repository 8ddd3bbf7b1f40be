/* Policy documents that others may write into too: what of them is ours. Pure.
 *
 * In a shared document those statements are ours whose Sid the file gives, and those that once were
 * (their Sids are remembered until they are gone). All others are kept as they are, whatever
 * happens to ours. */
#ifndef CAUSEWAY_BRIDGE_DOCUMENT_H
#define CAUSEWAY_BRIDGE_DOCUMENT_H

#include "base/json.h"

#include <stdbool.h>

/* Whether two whole documents mean the same to AWS. Either may be NULL: no document. */
bool document_same(const cJSON *a, const cJSON *b);

/* Whether every statement of wanted is in the observed document as it should be, and none whose Sid
 * is in left (an array of texts, or NULL). */
bool document_holds(const cJSON *observed, const cJSON *wanted, const cJSON *left);

/* The observed document with our statements as wanted and without those that left; NULL where no
 * statement would be in it. The caller frees it. */
cJSON *document_merge(const cJSON *observed, const cJSON *wanted, const cJSON *left);

/* The Sids of the document's statements, as an array that the caller frees. */
cJSON *document_sids(const cJSON *document);

/* How the second differs from the first, a line a statement ("- {...}", "+ {...}"), each behind the
 * indentation; shared: only what is ours of the first counts. The caller frees it. */
char *document_difference(const cJSON *observed, const cJSON *wanted, const cJSON *left,
                          bool shared);

#endif
