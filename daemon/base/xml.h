/* XML: expat's events as a small tree, for the answers of AWS's query and REST services.
 *
 * Bounded in size and depth; a document type declaration is refused, so there are no entities to
 * expand. Attributes and comments are dropped, since those services do not speak through them. */
#ifndef CAUSEWAY_BASE_XML_H
#define CAUSEWAY_BASE_XML_H

#include "base/arena.h"
#include "base/error.h"

#include <stddef.h>

struct xml_node {
    const char *name;       /* without a namespace prefix */
    const char *text;       /* character data, outer white space kept, "" where there is none */
    struct xml_node *first; /* child */
    struct xml_node *next;  /* sibling */
};

/* Parses at most maximum bytes; the tree lives in the arena. NULL and an error otherwise. */
const struct xml_node *xml_parse(struct arena *arena, const char *text, size_t length,
                                 size_t maximum, struct error *error);

/* The first child of that name; NULL where there is none, or no node. */
const struct xml_node *xml_child(const struct xml_node *node, const char *name);

/* The next sibling with the node's own name. */
const struct xml_node *xml_next_same(const struct xml_node *node);

/* The text of the first child of that name, or NULL. */
const char *xml_child_text(const struct xml_node *node, const char *name);

#endif
