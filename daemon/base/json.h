/* JSON: cJSON behind checks that it leaves to its caller.
 *
 * What is read is bounded in size and depth before cJSON recurses over it, must be UTF-8 without
 * U+0000 (which would cut strings short), without bytes behind the document, and without a name
 * twice in one object (two readers would disagree about which one counts).
 *
 * The accessors answer NULL, or the fallback, both for "absent" and for "of another type": a reader
 * of other people's documents wants neither. */
#ifndef CAUSEWAY_BASE_JSON_H
#define CAUSEWAY_BASE_JSON_H

#include "base/arena.h"
#include "base/error.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* To be called once at the start of a program: lets cJSON share base/memory.h's way of failing. */
void json_initialise(void);

/* Parses a whole document of at most maximum bytes and LIMIT_JSON_DEPTH levels. The caller frees it
 * with cJSON_Delete(); NULL and an error (ERROR_INVALID, or ERROR_LIMIT where it is too large or
 * too deep; the sentence names line and column) otherwise. */
cJSON *json_parse(const char *text, size_t length, size_t maximum, struct error *error);

/* The same in an arena, which is what frees it: for what is read and done with. */
const cJSON *json_parse_into(struct arena *arena, const char *text, size_t length, size_t maximum,
                             struct error *error);

/* The same for documents of AWS's in which a name may stand twice in one object: both members are
 * there, in their order. What that means is the reader's business. */
cJSON *json_parse_with_twins(const char *text, size_t length, size_t maximum, struct error *error);

/* How a number was written, where that says more than its double does (more than 15 digits, or a
 * large exponent); NULL otherwise, and for numbers that were not read by json_parse(). */
const char *json_number_spelling(const cJSON *number);

/* For cleanup(json_free) cJSON *document. */
void json_free(cJSON **document);

/* A member by its exact name (cJSON's own look-up ignores case). NULL objects are allowed. */
const cJSON *json_get(const cJSON *object, const char *name);

/* A value by RFC 6901 JSON Pointer, "" being the document itself. NULL where nothing is. (cJSON's
 * own is in its Utils, which Debian does not package.) */
const cJSON *json_pointer(const cJSON *document, const char *pointer);

/* Whether the text is a JSON Pointer at all. */
bool json_pointer_is_valid(const char *pointer);

/* Members and values as text; NULL where absent or not a string. Owned by the document. */
const char *json_get_text(const cJSON *object, const char *name);
const char *json_text(const cJSON *value);

/* Whole numbers, also written 1.0 as EventBridge does; the fallback where absent or not whole. */
int64_t json_integer(const cJSON *value, int64_t fallback);
int64_t json_get_integer(const cJSON *object, const char *name, int64_t fallback);
bool json_get_bool(const cJSON *object, const char *name, bool fallback);

/* Adding to an object that we build. The text is copied, what is not UTF-8 in it made so, since we
 * must be able to read what we print; a NULL text adds nothing. Integers are exact to 15 digits.
 * Each returns what it added, or NULL. */
cJSON *json_add_text(cJSON *object, const char *name, const char *text);
cJSON *json_add_integer(cJSON *object, const char *name, int64_t value);
cJSON *json_add_bool(cJSON *object, const char *name, bool value);
cJSON *json_add_object(cJSON *object, const char *name);
cJSON *json_add_array(cJSON *object, const char *name);

/* The same where name and text outlive the object, as literals and tables do: they are not copied.
 */
cJSON *json_add_constant(cJSON *object, const char *name, const char *text);
cJSON *json_add_constant_integer(cJSON *object, const char *name, int64_t value);

/* Puts a whole value, which the object then owns, in the place of what had that name. */
void json_put(cJSON *object, const char *name, cJSON *value);

/* RFC 7396 merge of patch into target, both objects, in place: objects merge, null removes, the
 * rest replaces. */
void json_merge(cJSON *target, const cJSON *patch);

/* The document on one line, members as they stand. The caller frees it. */
char *json_print(const cJSON *document);

/* The same for people, indented by two. */
char *json_print_pretty(const cJSON *document);

/* One spelling for equal documents: members sorted by name, no white space. For hashing. */
char *json_print_canonical(const cJSON *document);

/* Equal as JSON: order of members does not count, order of elements does. */
bool json_equal(const cJSON *a, const cJSON *b);

#endif
