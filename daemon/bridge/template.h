/* Templates: JSON in which '...' stands for "..." and ${name} for a value.
 *
 * A value is a text or a list of texts. A list may stand inside of an array's elements, texts or
 * objects of one text, each of which then becomes one element an item. What has nothing left to say
 * goes: an array's object, or an object's member, in which a list came out empty. */
#ifndef CAUSEWAY_BRIDGE_TEMPLATE_H
#define CAUSEWAY_BRIDGE_TEMPLATE_H

#include "base/arena.h"
#include "base/json.h"

#include <stddef.h>

struct template_value {
    const char *name;
    const char *text;         /* or NULL for a list */
    const char *const *items; /* a list */
    size_t count;
};

struct template_values {
    const struct template_value *values;
    size_t count;
};

/* The filled document, which the caller frees. Asserts that the template is JSON and every name is
 * known: templates are ours. */
cJSON *template_fill(const struct template_values *values, const char *text);

/* The same for one text. In the arena. */
const char *template_text(struct arena *arena, const struct template_values *values,
                          const char *text);

#endif
