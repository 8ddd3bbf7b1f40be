/* Doubly linked lists whose links are embedded in the items. A list is a ring with its head in it;
 * a link that is in no list points at itself. */
#ifndef CAUSEWAY_BASE_LIST_H
#define CAUSEWAY_BASE_LIST_H

#include "base/memory.h"

#include <stdbool.h>

struct list {
    struct list *next;
    struct list *previous;
};

static inline void list_init(struct list *list)
{
    list->next = list;
    list->previous = list;
}

static inline bool list_is_empty(const struct list *list)
{
    return list->next == list;
}

static inline void list_append(struct list *list, struct list *item)
{
    item->previous = list->previous;
    item->next = list;
    list->previous->next = item;
    list->previous = item;
}

/* Takes the item out; harmless where it is in no list. */
static inline void list_remove(struct list *item)
{
    item->next->previous = item->previous;
    item->previous->next = item->next;
    list_init(item);
}

/* The first item as its struct, or NULL. */
#define list_first(list, type, member) \
    (list_is_empty(list) ? NULL : container_of((list)->next, type, member))

/* for each item, which may be removed (and freed) in the body. */
#define list_each(item, list, member)                                           \
    for (__typeof__(item) following_ =                                          \
             ((item) = container_of((list)->next, __typeof__(*(item)), member), \
             container_of((item)->member.next, __typeof__(*(item)), member));   \
         &(item)->member != (list);                                             \
         (item) = following_, following_ =                                      \
                                  container_of((item)->member.next, __typeof__(*(item)), member))

#endif
