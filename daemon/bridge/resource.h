/* Resources: what the file wants in the accounts, as one flat list of plain data.
 *
 * Each has a key, "account/kind/name" ("account/event_rule/bus/name"), by which the journal, the
 * store and people call it. Its fields are a JSON object with the names of resource.def; policies
 * are whole documents as AWS has them. What was observed of a resource has the same form, so that
 * comparing is a walk over one table. */
#ifndef CAUSEWAY_BRIDGE_RESOURCE_H
#define CAUSEWAY_BRIDGE_RESOURCE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/map.h"
#include "config/config.h"

#include <stdbool.h>
#include <stddef.h>

enum resource_kind {
#define KIND(enumerator, name, noun) enumerator,
#define FIELD(kind, field, how)
#include "bridge/resource.def"
#undef KIND
#undef FIELD
    RESOURCE_KINDS,
};

/* How a field is compared. */
enum compare {
    COMPARE_VALUE,      /* a text or a truth; absence, "" and null are the same */
    COMPARE_NUMBER,     /* a whole number */
    COMPARE_DURATION,   /* a whole number of seconds, which the file writes with its unit */
    COMPARE_FIXED,      /* as VALUE, and AWS has no way to change it */
    COMPARE_JSON,       /* as JSON, the order of members does not count */
    COMPARE_SET,        /* a list of texts in any order */
    COMPARE_TEXTS,      /* a map of texts: those that the file names or named; others stay */
    COMPARE_POLICY,     /* a whole document, by meaning */
    COMPARE_POLICIES,   /* a map of whole documents; of a role without trust, others stay */
    COMPARE_STATEMENTS, /* a shared document: only the statements whose Sids are ours */
    COMPARE_TARGETS,    /* a rule's targets by their ids */
};

struct resource_field {
    enum resource_kind kind;
    const char *name;
    enum compare compare;
};

/* The table, and its length. */
extern const struct resource_field resource_fields[];
extern const size_t resource_field_count;

const char *resource_kind_name(enum resource_kind kind);
const char *resource_kind_noun(enum resource_kind kind);
/* RESOURCE_KINDS where there is none of that name. */
enum resource_kind resource_kind_from_name(const char *name);

struct resource {
    const char *key;
    enum resource_kind kind;
    struct config_place place; /* where the file asks for it; file NULL for what left it */
    const char *account;       /* by its name in the configuration */
    const char *account_id;
    const char *region;
    const char *name;
    const char *bus; /* of a rule; otherwise NULL */
    const char *arn;
    const cJSON *fields;
    bool observe_only;      /* differences are reported, not repaired, */
    bool observe_by_itself; /* since it says so itself, or was undone; not since the whole is so */
    bool held;              /* by undo, for a while */
    bool whole_document;    /* owns: document */
    bool entire;            /* all of its fields are looked at, whichever the file gives */
    bool orphan;            /* it left the file: fields are what was last wanted of it */
    const cJSON *left_sids; /* Sids of ours that left the file, or NULL */
    const cJSON *left_tags; /* the same for names of tags */
};

struct resource_list {
    struct arena arena; /* everything that the resources point to */
    struct resource *items;
    size_t count;
    size_t capacity;
    struct map places; /* their indices by their keys, and one added, since 0 is none */
};

/* Adds a resource; texts are copied, the fields become the list's. NULL and ERROR_INVALID where the
 * account or the kind is not known, the name is missing, or the resource is there already; the
 * fields are freed then. */
struct resource *resource_add(struct resource_list *list, const struct config *config,
                              const struct config_place *place, const char *kind,
                              const char *account, const char *name, cJSON *fields,
                              struct error *error);
const struct resource *resource_find(const struct resource_list *list, const char *key);
void resource_list_free(struct resource_list *list);

/* Everything that the file wants: resources:, and what bridge: stands for. daemon is the ARN of the
 * principal that the daemon is, as STS says it, or NULL for the instance role of conf/bootstrap.
 * resources: counts where both name one. -1 and an error with the place otherwise. */
int resource_list_desired(struct resource_list *list, const struct config *config,
                          const char *daemon, struct error *error);

/* The value that the causeway:owner tag has on what this daemon makes. In the arena. */
const char *resource_owner(struct arena *arena, const struct config *config);
#define RESOURCE_OWNER_TAG "causeway:owner"

/* A resource with these fields (its own, or observed ones) as the file would write it, and the
 * whole list so, for `causewayctl expand`. The caller frees both. */
cJSON *resource_entry(const struct resource *resource, const cJSON *fields);
cJSON *resource_list_view(const struct resource_list *list);

#endif
