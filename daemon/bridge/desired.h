/* The list of resources that passes work by, shared: one that is made of nothing new is not made
 * anew, and what was learnt about its elements by their places stays true. */
#ifndef CAUSEWAY_BRIDGE_DESIRED_H
#define CAUSEWAY_BRIDGE_DESIRED_H

#include "bridge/resource.h"

#include <stdint.h>

struct desired {
    struct resource_list list;
    uint64_t version; /* no two lists have the same; 0 for one that nothing is remembered about */
    unsigned references;
};

/* An empty list, and the first reference to it. */
struct desired *desired_new(uint64_t version);
struct desired *desired_ref(struct desired *desired);
/* Frees the list with the last reference. NULL is allowed. */
void desired_unref(struct desired *desired);

#endif
