/* References, ${FIRST.ATTRIBUTE} and ${WORD.KEY.ATTRIBUTE}: the rows REFERENCE of schema.def.
 *
 * What holds a colon inside its braces, and ${*}, ${?} and ${$}, are IAM's policy variables and
 * stay as they are. A "${" that is to stay otherwise is written "$${". interpolate.c finds
 * references in texts; references.c knows what each stands for, for which it may have to resolve
 * other texts. */
#ifndef CAUSEWAY_CONFIG_REFERENCES_INTERNAL_H
#define CAUSEWAY_CONFIG_REFERENCES_INTERNAL_H

#include "config/config_internal.h"

struct reference {
    const struct node *text; /* that it stands in */
    size_t offset;           /* and where in it */
    const char *whole;       /* without the braces */
    const char *first;       /* an account's name, or a word */
    const char *key;         /* NULL where there are two parts */
    const char *attribute;
};

struct resolving {
    struct loading *loading;
    const struct reference *reference;
    unsigned chain; /* how many references led to the text that it stands in */
    bool failed;    /* which has been said */
};

/* What the reference stands for, in the scratch; NULL, or failed, where that is not known. */
const char *reference_value(struct resolving *resolving);

/* Where a byte of a text stands, as well as that can be told. */
struct config_place reference_place(const struct node *text, size_t offset);

/* Says why the reference stands for nothing. */
void reference_refuse(struct resolving *resolving, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* interpolate() for a text that a chain of so many references led to. */
const char *interpolate_along(struct loading *loading, struct node *text, unsigned chain);

#endif
