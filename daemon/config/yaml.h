/* YAML as a tree of nodes that know where they stand.
 *
 * Every scalar is kept as the text that stands there; what it means is up to the key that it
 * belongs to. What would surprise is refused with its place: anchors and aliases (a few lines of
 * them can expand to gigabytes), tags, several documents, a key twice in one mapping, keys that are
 * not text. */
#ifndef CAUSEWAY_CONFIG_YAML_H
#define CAUSEWAY_CONFIG_YAML_H

#include "base/arena.h"
#include "base/map.h"
#include "config/config.h"

#include <stdbool.h>
#include <stddef.h>

enum node_kind { NODE_TEXT, NODE_LIST, NODE_MAPPING };

enum node_state { NODE_RAW, NODE_RESOLVING, NODE_RESOLVED, NODE_FAILED };

struct node {
    enum node_kind kind;
    struct config_place place;
    struct node *next; /* the parent's next child */

    /* In a mapping: the key, and where it stands. */
    const char *name;
    struct config_place name_place;

    /* NODE_TEXT */
    const char *text;
    bool plain;    /* not quoted: in JSON documents, 5 is a number and true a boolean */
    bool one_line; /* the text's bytes stand in the file as they are, from place (or behind a quote)
                    */
    enum node_state state; /* of its references; interpolate.c's */
    const char *resolved;  /* with the references' values */

    /* NODE_LIST and NODE_MAPPING */
    struct node *first;
    struct node *last;
    size_t count;
    struct map *index; /* of a large mapping: child by key */
    bool faulty;       /* schema.c has said something of it or its children */
};

/* What may still be read; shared by all files of a configuration. */
struct yaml_budget {
    size_t bytes;
    size_t nodes;
};

/* Told of each error; the message is the callee's to copy. */
struct yaml_report {
    void (*say)(void *context, const struct config_place *place, const char *message);
    void *context;
};

/* Reads length bytes of text that came from file. The nodes live in the arena, as file must. NULL
 * where there is no tree at all; with errors of a lesser kind (a key twice) there is one, so that
 * what else is wrong can be found too. */
struct node *yaml_read(struct arena *arena, const char *file, const char *text, size_t length,
                       struct yaml_budget *budget, const struct yaml_report *report);

/* A mapping's child by its key; NULL where there is none, or the node is no mapping, or NULL. */
struct node *node_get(const struct node *mapping, const char *name);

/* Appends a child that is in no other tree. A mapping must not have its name yet. */
void node_append(struct arena *arena, struct node *parent, struct node *child);

/* "a mapping", "a list", "text". */
const char *node_kind_name(enum node_kind kind);

#endif
