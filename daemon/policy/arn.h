/* Amazon Resource Names, and the principals that are written otherwise.
 *
 *     arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE
 *
 * The resource may hold colons of its own. Parts are slices of the text that was parsed. */
#ifndef CAUSEWAY_POLICY_ARN_H
#define CAUSEWAY_POLICY_ARN_H

#include <stdbool.h>
#include <stddef.h>

struct arn_part {
    const char *text;
    size_t length;
};

struct arn {
    struct arn_part partition;
    struct arn_part service;
    struct arn_part region;
    struct arn_part account;
    struct arn_part resource;
};

/* False where the text has not six parts, the first being "arn". Parts may be empty. */
bool arn_parse(const char *text, struct arn *arn);

bool arn_part_equals(struct arn_part part, const char *text);

/* Whether two parts are the same text. */
bool arn_part_same(struct arn_part a, struct arn_part b);

/* Whether the ARN matches the pattern as the ArnLike operator means it: each of the six parts by
 * itself, so that no wildcard spans a colon of the first five. */
bool arn_matches(const char *pattern, const char *text);

enum { ACCOUNT_ID_LENGTH = 12 };

/* The twelve digits, in place, where the text is an account's id or the ARN of its root user, which
 * mean the same principal; NULL otherwise. Followed by more of the text, or its end. */
const char *policy_account_of_root(const char *principal);

/* Whether this is the unique id of an entity ("AROA...", "AIDA..."). AWS puts it in the place of a
 * principal that was deleted, also when one of the same name is made anew: such a principal has
 * decayed, and matches nobody until it is written again. */
bool policy_is_unique_id(const char *principal);

#endif
