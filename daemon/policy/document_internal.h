/* What the readers of documents share. */
#ifndef CAUSEWAY_POLICY_DOCUMENT_INTERNAL_H
#define CAUSEWAY_POLICY_DOCUMENT_INTERNAL_H

#include "policy/document.h"

struct policy_reading {
    struct arena *arena;
    bool kept;     /* the JSON lives as long as the document: texts need not be copied */
    bool unplaced; /* nobody asks where anything stands: pointers are not made */
    enum policy_kind kind;
    const char *text; /* that the JSON was made of, or NULL */
    size_t length;
    struct error *error;
};

/* ERROR_INVALID with the place in front; returns -1. */
int policy_refuse(const struct policy_reading *reading, const char *pointer, const char *format,
                  ...) __attribute__((format(printf, 3, 4)));

/* A scalar or a list of them. Booleans and numbers are taken as their text unless texts_only. */
int policy_read_list(const struct policy_reading *reading, const char *pointer, const cJSON *value,
                     bool texts_only, struct policy_list *list);

/* What AWS refuses in a document that has the shape of one. */
int policy_check_document(const struct policy_reading *reading,
                          const struct policy_document *document);

/* A document of which only the meaning matters, read from JSON that lives in the arena, too. */
const struct policy_document *policy_read_meaning(struct arena *arena, const cJSON *json,
                                                  struct error *error);

/* A child's pointer, its name escaped (RFC 6901). */
const char *policy_pointer(const struct policy_reading *reading, const char *parent,
                           const char *name);
const char *policy_pointer_index(const struct policy_reading *reading, const char *parent,
                                 size_t index);

#endif
