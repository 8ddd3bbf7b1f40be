#include "policy/arn.h"

#include "base/memory.h"
#include "policy/glob.h"

#include <ctype.h>
#include <string.h>

bool arn_parse(const char *text, struct arn *arn)
{
    struct arn_part *parts[] = {&arn->partition, &arn->service, &arn->region, &arn->account};

    if (strncmp(text, "arn:", 4) != 0)
        return false;
    text += 4;
    for (size_t i = 0; i < array_length(parts); i++) {
        size_t length = strcspn(text, ":");

        if (text[length] == '\0')
            return false;
        *parts[i] = (struct arn_part){text, length};
        text += length + 1;
    }
    arn->resource = (struct arn_part){text, strlen(text)};
    return true;
}

bool arn_part_equals(struct arn_part part, const char *text)
{
    return part.length == strlen(text) && memcmp(part.text, text, part.length) == 0;
}

bool arn_part_same(struct arn_part a, struct arn_part b)
{
    return a.length == b.length && memcmp(a.text, b.text, a.length) == 0;
}

static bool part_matches(struct arn_part pattern, struct arn_part text)
{
    return glob_matches(pattern.text, pattern.length, text.text, text.length, false);
}

bool arn_matches(const char *pattern, const char *text)
{
    struct arn wanted;
    struct arn arn;

    return arn_parse(pattern, &wanted) && arn_parse(text, &arn) &&
           part_matches(wanted.partition, arn.partition) &&
           part_matches(wanted.service, arn.service) && part_matches(wanted.region, arn.region) &&
           part_matches(wanted.account, arn.account) && part_matches(wanted.resource, arn.resource);
}

static bool is_account_id(const char *text, size_t length)
{
    if (length != ACCOUNT_ID_LENGTH)
        return false;
    for (size_t i = 0; i < length; i++)
        if (!isdigit((unsigned char)text[i]))
            return false;
    return true;
}

const char *policy_account_of_root(const char *principal)
{
    struct arn arn;

    if (is_account_id(principal, strlen(principal)))
        return principal;
    if (arn_parse(principal, &arn) && arn_part_equals(arn.service, "iam") &&
        arn_part_equals(arn.resource, "root") &&
        is_account_id(arn.account.text, arn.account.length))
        return arn.account.text;
    return NULL;
}

/* Four letters of a kind and at least twelve more letters and digits (User Guide, "IAM
 * identifiers", unique identifiers). */
bool policy_is_unique_id(const char *principal)
{
    static const char *const prefixes[] = {"AROA", "AIDA", "AGPA", "AIPA",
                                           "ANPA", "ANVA", "ASCA", "APKA"};
    enum { SHORTEST = 16 };
    bool is_known = false;

    for (size_t i = 0; i < array_length(prefixes); i++)
        is_known = is_known || strncmp(principal, prefixes[i], 4) == 0;
    if (!is_known || strlen(principal) < SHORTEST)
        return false;
    for (; *principal; principal++)
        if (!isupper((unsigned char)*principal) && !isdigit((unsigned char)*principal))
            return false;
    return true;
}
