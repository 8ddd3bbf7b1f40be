/* IAM's wildcards: '*' is any run of characters, '?' any one. */
#ifndef CAUSEWAY_POLICY_GLOB_H
#define CAUSEWAY_POLICY_GLOB_H

#include <stdbool.h>
#include <stddef.h>

/* A byte that stands for '*', '?' or '$' itself where a policy variable wrote "${*}", "${?}" or
 * "${$}". No text of JSON that was read here can hold these bytes raw: they are not UTF-8. */
enum {
    GLOB_LITERAL_STAR = 0xfd,
    GLOB_LITERAL_QUESTION = 0xfe,
};

/* Whether all of the text matches all of the pattern. Letters of ASCII compare without case where
 * `caseless`. Takes time in the product of the lengths at most. */
bool glob_matches(const char *pattern, size_t pattern_length, const char *text, size_t text_length,
                  bool caseless);

/* The same for whole texts. */
bool glob_matches_text(const char *pattern, const char *text, bool caseless);

#endif
