#include "config/schema_value_internal.h"

#include "base/text.h"
#include "policy/document.h"

#include <stdlib.h>
#include <string.h>

/* What AWS refuses in a policy whose parts are all as they should be: which principals there are,
 * what excludes what. policy/ knows, and names the place by a JSON Pointer into the document; here
 * it becomes a place in the file. */

static const struct node *child_at(const struct node *node, const char *name, size_t length)
{
    if (node->kind == NODE_LIST) {
        const struct node *child = node->first;

        for (size_t index = strtoul(name, NULL, 10); child && index > 0; index--)
            child = child->next;
        return child;
    }
    cleanup(free_pointer)
    char *key = memory_copy_text(name, length);
    char *to = key;

    for (const char *from = key; *from; from++) { /* RFC 6901: ~1 is "/", ~0 is "~" */
        bool escaped = *from == '~' && (from[1] == '0' || from[1] == '1');

        *to++ = (char)(!escaped ? *from : from[1] == '1' ? '/' : '~');
        from += escaped;
    }
    *to = '\0';
    const struct node *child = node_get(node, key);

    return child || !text_equal(key, "Statement") ? child : node_get(node, "statements");
}

/* The node that a pointer of length bytes leads to, as far as there are nodes: a list of one that
 * stands as a scalar, or a single statement, has none for its index. */
static const struct node *node_of_pointer(const struct node *node, const char *pointer,
                                          size_t length)
{
    const char *end = pointer + length;

    while (pointer < end && *pointer == '/') {
        const char *name = pointer + 1;
        size_t size = strcspn(name, "/:");

        if (name + size > end)
            break;
        /* A name may have colons in it, as "aws:SourceArn" has; the sentence's own has a space. */
        while (name + size < end && name[size] == ':' && name[size + 1] != ' ')
            size += 1 + strcspn(name + size + 1, "/:");
        const struct node *child = node->kind == NODE_TEXT ? NULL : child_at(node, name, size);

        if (child)
            node = child;
        pointer = name + size;
    }
    return node;
}

void policy_check(struct loading *loading, const struct node *node, enum section_id section,
                  const cJSON *policy)
{
    enum policy_kind kind = section == SECTION_TRUST_POLICY      ? POLICY_TRUST
                            : section == SECTION_IDENTITY_POLICY ? POLICY_IDENTITY
                                                                 : POLICY_RESOURCE;
    struct error error = {0};

    if (policy_read_json(&loading->scratch, kind, policy, &error))
        return;
    const char *colon = strstr(error.sentence, ": ");
    size_t length = colon && *error.sentence == '/' ? (size_t)(colon - error.sentence) : 0;
    const struct node *at = node_of_pointer(node, error.sentence, length);

    say(loading, &at->place, "AWS would refuse this policy: %s", error.sentence);
}
