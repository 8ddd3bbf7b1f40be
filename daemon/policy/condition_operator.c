/* The table of condition operators, and what stands around their names. */
#include "policy/condition.h"

#include "base/text.h"

#include <string.h>
#include <strings.h>

static const struct policy_operator_kind operators[] = {
#define ROW(name, meaning, test, relation, negated)                   \
    {                                                                 \
        name, meaning, CONDITION_##test, RELATION_##relation, negated \
    }
    ROW("StringEquals", "StringEquals", TEXT, EQUAL, false),
    ROW("StringNotEquals", "StringNotEquals", TEXT, EQUAL, true),
    ROW("StringEqualsIgnoreCase", "StringEqualsIgnoreCase", TEXT_CASELESS, EQUAL, false),
    ROW("StringNotEqualsIgnoreCase", "StringNotEqualsIgnoreCase", TEXT_CASELESS, EQUAL, true),
    ROW("StringLike", "StringLike", TEXT_LIKE, EQUAL, false),
    ROW("StringNotLike", "StringNotLike", TEXT_LIKE, EQUAL, true),
    ROW("NumericEquals", "NumericEquals", NUMBER, EQUAL, false),
    ROW("NumericNotEquals", "NumericNotEquals", NUMBER, EQUAL, true),
    ROW("NumericLessThan", "NumericLessThan", NUMBER, LESS, false),
    ROW("NumericLessThanEquals", "NumericLessThanEquals", NUMBER, LESS_OR_EQUAL, false),
    ROW("NumericGreaterThan", "NumericGreaterThan", NUMBER, GREATER, false),
    ROW("NumericGreaterThanEquals", "NumericGreaterThanEquals", NUMBER, GREATER_OR_EQUAL, false),
    ROW("DateEquals", "DateEquals", DATE, EQUAL, false),
    ROW("DateNotEquals", "DateNotEquals", DATE, EQUAL, true),
    ROW("DateLessThan", "DateLessThan", DATE, LESS, false),
    ROW("DateLessThanEquals", "DateLessThanEquals", DATE, LESS_OR_EQUAL, false),
    ROW("DateGreaterThan", "DateGreaterThan", DATE, GREATER, false),
    ROW("DateGreaterThanEquals", "DateGreaterThanEquals", DATE, GREATER_OR_EQUAL, false),
    ROW("Bool", "Bool", BOOL, EQUAL, false),
    ROW("BinaryEquals", "BinaryEquals", BINARY, EQUAL, false),
    ROW("IpAddress", "IpAddress", ADDRESS, EQUAL, false),
    ROW("NotIpAddress", "NotIpAddress", ADDRESS, EQUAL, true),
    ROW("ArnEquals", "ArnLike", ARN, EQUAL, false), /* "ArnEquals and ArnLike behave identically" */
    ROW("ArnNotEquals", "ArnNotLike", ARN, EQUAL, true),
    ROW("ArnLike", "ArnLike", ARN, EQUAL, false),
    ROW("ArnNotLike", "ArnNotLike", ARN, EQUAL, true),
    ROW("Null", "Null", NULL, EQUAL, false),
#undef ROW
};

static bool take_prefix(const char **name, const char *prefix)
{
    size_t length = strlen(prefix);

    if (strncasecmp(*name, prefix, length) != 0)
        return false;
    *name += length;
    return true;
}

bool policy_operator_read(const char *name, struct policy_operator *operator)
{
    static const char suffix[] = "IfExists";
    size_t length;

    *operator=(struct policy_operator){.quantifier = QUANTIFIER_NONE};
    if (take_prefix(&name, "ForAnyValue:"))
        operator->quantifier = QUANTIFIER_ANY;
    else if (take_prefix(&name, "ForAllValues:"))
        operator->quantifier = QUANTIFIER_ALL;
    length = strlen(name);
    if (length > strlen(suffix) && strcasecmp(name + length - strlen(suffix), suffix) == 0) {
        operator->if_exists = true;
        length -= strlen(suffix);
    }
    for (size_t i = 0; i < array_length(operators); i++) {
        if (strlen(operators[i].name) == length &&
            strncasecmp(operators[i].name, name, length) == 0) {
            operator->kind = & operators[i];
            return true;
        }
    }
    return false;
}
