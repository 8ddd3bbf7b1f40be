/* Single values: what a node must be for a type, and what it becomes. Between schema.c, which walks
 * sections, and the files that know one family of types each. */
#ifndef CAUSEWAY_CONFIG_SCHEMA_VALUE_INTERNAL_H
#define CAUSEWAY_CONFIG_SCHEMA_VALUE_INTERNAL_H

#include "config/config_internal.h"

/* Where a section's values go: members of a struct, and, for FIELDs, members of a JSON object.
 * Either may be NULL where the section has no such rows. */
struct destination {
    char *base;
    cJSON *object;
};

/* The node's text with references resolved; NULL where it is no text or they cannot be, which has
 * been said. name is what messages call it, without quotes. */
const char *value_text(struct loading *loading, struct node *node, const char *name);

/* The same, held to a format. */
const char *value_formatted(struct loading *loading, struct node *node, const char *name,
                            enum format_id format);

/* Whether a key of a map is of the format; said at the key's place where not. */
bool value_name_is_good(struct loading *loading, const struct node *node, enum format_id format);

/* Whether the node is of that kind, which is said where it is not. */
bool value_is(struct loading *loading, const struct node *node, const char *name,
              enum node_kind kind);

/* Reads a scalar type and puts it into its destination. */
void value_read_scalar(struct loading *loading, struct node *node, const struct schema_key *key,
                       struct destination to);

/* ONE_OR_MORE, PRINCIPAL, CONDITION, PAIRS, TEXTS, DOCUMENT and PATTERN as JSON, which the caller
 * owns; NULL where it is not as it should be, which has been said. */
cJSON *value_read_json(struct loading *loading, struct node *node, const struct schema_key *key);

/* Compiles a pattern that was read from the node, with the place inside it in what is said. */
struct event_pattern *value_compile(struct loading *loading, const struct node *node,
                                    const cJSON *pattern);

/* Says what AWS would refuse in a policy that was read from the node without fault so far. */
void policy_check(struct loading *loading, const struct node *node, enum section_id section,
                  const cJSON *policy);

#endif
