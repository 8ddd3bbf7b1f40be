/* XML lists sifted without parsing them: of a long answer, only those elements are left that
 * somebody still wants parsed.
 *
 * A walk over the tags alone, of which '<' is always the first byte: text has none, and documents
 * with comments, CDATA or declarations other than <?xml?> are left whole. It trusts nothing: what
 * it leaves is parsed as ever, and what it takes out is what its caller recognises byte by byte. */
#ifndef CAUSEWAY_BASE_XML_SIFT_H
#define CAUSEWAY_BASE_XML_SIFT_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>

/* A list whose elements are sifted, by its name, two levels below the root. */
struct xml_list {
    const char *name;    /* "RoleDetailList" */
    const char *key;     /* the child of an element that names it: "RoleName" */
    const char *passing; /* a child that does not count, or NULL: "RoleLastUsed" */
};

/* An element as it stands in the document. */
struct xml_piece {
    const char *text;
    size_t length;
};
struct xml_element {
    size_t list; /* index */
    struct xml_piece key;
    struct xml_piece before; /* the element up to the child that does not count, */
    struct xml_piece behind; /* and what follows it */
};

/* Calls back for each element of the lists; where that answers false, it is left out of what is
 * written to rest, which is a document like the one given. False where it cannot be sifted: rest is
 * of no use then. */
bool xml_sift(const char *document, size_t length, const struct xml_list *lists, size_t list_count,
              bool (*keep)(void *context, const struct xml_element *element), void *context,
              struct buffer *rest);

#endif
