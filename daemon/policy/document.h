/* IAM policy documents as plain structs (IAM User Guide, "IAM JSON policy element reference" and
 * "Grammar of the IAM JSON policy language").
 *
 * Reading is strict: what AWS refuses (MalformedPolicyDocument and its kin) is refused here, before
 * a call is made, with the place: line and column where there is text, a JSON Pointer always. What
 * AWS refuses depends on where the document goes, so the reader names the kind. POLICY_LOOSE reads
 * whatever has the shape of a policy, for documents that are only compared or evaluated.
 *
 * Lists and scalars are the same thing to AWS, so here everything is a list; `present` tells an
 * empty list from none. Booleans and numbers where AWS wants text are read as their text.
 *
 * All of a document lives in the arena that it was read into; it is immutable. */
#ifndef CAUSEWAY_POLICY_DOCUMENT_H
#define CAUSEWAY_POLICY_DOCUMENT_H

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"

#include <stdbool.h>
#include <stddef.h>

/* X(enumerator, name): where a document may go. */
#define POLICY_KINDS(X)                                                           \
    X(POLICY_IDENTITY, "identity") /* of a role, a boundary, a session, an SCP */ \
    X(POLICY_TRUST, "trust")       /* who may assume a role */                    \
    X(POLICY_RESOURCE, "resource") /* of a bucket, key, queue, repository, bus */ \
    X(POLICY_LOOSE, "loose")       /* any; only its shape is checked */

enum policy_kind {
#define X(enumerator, name) enumerator,
    POLICY_KINDS(X)
#undef X
};

/* Texts in the order of the document. */
struct policy_list {
    const char *const *items;
    size_t count;
    bool present;
};

/* X(enumerator, name): the types of principals. */
#define POLICY_PRINCIPAL_TYPES(X)                                                      \
    X(POLICY_PRINCIPAL_TEXT, "") /* "Principal": "*", the only text that AWS allows */ \
    X(POLICY_PRINCIPAL_AWS, "AWS")                                                     \
    X(POLICY_PRINCIPAL_SERVICE, "Service")                                             \
    X(POLICY_PRINCIPAL_FEDERATED, "Federated")                                         \
    X(POLICY_PRINCIPAL_CANONICAL, "CanonicalUser")

enum policy_principal_type {
#define X(enumerator, name) enumerator,
    POLICY_PRINCIPAL_TYPES(X)
#undef X
};

struct policy_principal {
    enum policy_principal_type type;
    const char *value;
};

struct policy_principals {
    const struct policy_principal *items;
    size_t count;
    bool present;
};

/* One key under one operator. */
struct policy_condition {
    const char *operator; /* as written: "ForAnyValue:StringLikeIfExists" */
    const char *key;      /* as written: "aws:SourceArn" */
    struct policy_list values;
};

enum policy_effect {
    POLICY_ALLOW,
    POLICY_DENY,
};

struct policy_statement {
    const char *sid; /* NULL where there is none, or an empty one */
    enum policy_effect effect;
    struct policy_principals principal;
    struct policy_principals not_principal;
    struct policy_list action;
    struct policy_list not_action;
    struct policy_list resource;
    struct policy_list not_resource;
    const struct policy_condition *conditions;
    size_t condition_count;
    const char *pointer; /* where it stands: "/Statement/0"; "/Statement" where there is no list */
    size_t line, column; /* from 1; 0 where it was not read from text */
};

struct policy_document {
    const char *version; /* NULL where there is none, which AWS reads as "2008-10-17" */
    const char *id;      /* or NULL */
    const struct policy_statement *statements;
    size_t statement_count;
};

/* Reads a document of at most LIMIT_POLICY_BYTES from text, or from JSON. NULL and ERROR_INVALID
 * (ERROR_LIMIT where it is too large) otherwise; the sentence begins with the place. */
const struct policy_document *policy_read_text(struct arena *arena, enum policy_kind kind,
                                               const char *text, size_t length,
                                               struct error *error);
const struct policy_document *policy_read_json(struct arena *arena, enum policy_kind kind,
                                               const cJSON *json, struct error *error);

/* The statement with that Sid, or NULL. */
const struct policy_statement *policy_find_statement(const struct policy_document *document,
                                                     const char *sid);

/* The document, or one statement, as JSON, one-element lists as scalars. The caller frees it. */
cJSON *policy_write_json(const struct policy_document *document);
cJSON *policy_write_statement(const struct policy_statement *statement);

/* Line and column, from 1, of the value at a JSON Pointer in a text that is known to be JSON. False
 * where there is no such value. */
bool policy_locate(const char *text, size_t length, const char *pointer, size_t *line,
                   size_t *column);

const char *policy_kind_name(enum policy_kind kind);
const char *policy_principal_type_name(enum policy_principal_type type);

#endif
