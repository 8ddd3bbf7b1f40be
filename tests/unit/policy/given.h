/* Policies as tests write them: JSON with ' for ". */
#ifndef CAUSEWAY_TESTS_POLICY_GIVEN_H
#define CAUSEWAY_TESTS_POLICY_GIVEN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy/document.h"

#include <string.h>

static inline char *given_text(struct arena *arena, const char *text)
{
    char *copy = arena_copy(arena, text);

    for (char *at = copy; *at; at++)
        if (*at == '\'')
            *at = '"';
    return copy;
}

static inline const struct policy_document *given(struct arena *arena, enum policy_kind kind,
                                                  const char *text)
{
    char *json = given_text(arena, text);
    struct error error = {.class = ERROR_NONE};
    const struct policy_document *document =
        policy_read_text(arena, kind, json, strlen(json), &error);

    if (!document)
        fail_msg("%s: %s", text, error.sentence);
    return document;
}

static inline cJSON *given_json(struct arena *arena, const char *text)
{
    char *copy = given_text(arena, text);
    struct error error = {.class = ERROR_NONE};
    cJSON *json = json_parse(copy, strlen(copy), 1048576, &error);

    if (!json)
        fail_msg("%s: %s", text, error.sentence);
    return json;
}

#endif
