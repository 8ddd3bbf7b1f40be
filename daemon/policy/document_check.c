/* What AWS refuses in a document that has the shape of a policy: MalformedPolicyDocument of IAM,
 * MalformedPolicy of S3, InvalidParameterValue and their kin of the others.
 *
 * Only what is certain to be refused is refused. That a principal exists, an action is real or a
 * resource belongs to the service is for AWS to say. */
#include "policy/document_internal.h"

#include "base/text.h"
#include "policy/arn.h"
#include "policy/condition.h"

#include <ctype.h>
#include <string.h>

static bool consists_of(const char *text, bool (*allowed)(unsigned char byte))
{
    for (; *text; text++)
        if (!allowed((unsigned char)*text))
            return false;
    return true;
}

static bool is_letter_or_digit(unsigned char byte)
{
    return byte < 0x80 && isalnum(byte);
}

static bool is_printable(unsigned char byte)
{
    return byte >= ' ' && byte < 0x7f;
}

static bool is_action_byte(unsigned char byte)
{
    return is_letter_or_digit(byte) || strchr("*?-_", byte);
}

/* ---- Principals ---- */

/* A whole "*", an account, an ARN of IAM or STS, or the unique id that a deleted one left behind:
 * what stands in accounts is read too. Part of a name can't be a wildcard (User Guide, "AWS JSON
 * policy elements: Principal"). */
static const char *aws_principal_fault(const char *value)
{
    struct arn arn;

    if (text_equal(value, "*") || policy_account_of_root(value) || policy_is_unique_id(value))
        return NULL;
    if (!arn_parse(value, &arn))
        return "an AWS principal is \"*\", an account, or an ARN";
    if (!arn_part_equals(arn.service, "iam") && !arn_part_equals(arn.service, "sts"))
        return "the ARN of a principal is one of iam or sts";
    if (strpbrk(value, "*?"))
        return "a principal cannot have a wildcard in it; use \"*\" with a condition on "
               "aws:PrincipalArn";
    return NULL;
}

static const char *principal_fault(const struct policy_principal *principal)
{
    const char *value = principal->value;

    switch (principal->type) {
    case POLICY_PRINCIPAL_TEXT:
        return text_equal(value, "*") ? NULL : "the only principal without a type is \"*\"";
    case POLICY_PRINCIPAL_AWS:
        return aws_principal_fault(value);
    case POLICY_PRINCIPAL_SERVICE:
        return strchr(value, '.') && !strpbrk(value, " *?:/")
                   ? NULL
                   : "a service is named like \"events.amazonaws.com\"";
    case POLICY_PRINCIPAL_FEDERATED:
    case POLICY_PRINCIPAL_CANONICAL:
    default:
        return *value ? NULL : "an empty text names no principal";
    }
}

static int check_principals(const struct policy_reading *reading,
                            const struct policy_statement *statement, const char *name,
                            const struct policy_principals *principals)
{
    const char *pointer = policy_pointer(reading, statement->pointer, name);

    if (!principals->present)
        return 0;
    if (reading->kind == POLICY_IDENTITY)
        return policy_refuse(reading, pointer,
                             "the policy of an identity has no %s: the identity is the principal",
                             name);
    if (principals == &statement->not_principal &&
        (reading->kind == POLICY_TRUST || statement->effect == POLICY_ALLOW))
        return policy_refuse(reading, pointer,
                             "NotPrincipal is for statements that deny, in policies of resources");
    if (principals->count == 0)
        return policy_refuse(reading, pointer, "it names no principal");
    for (size_t i = 0; i < principals->count; i++) {
        const struct policy_principal *principal = &principals->items[i];
        const char *fault = principal_fault(principal);

        if (fault)
            return policy_refuse(
                reading,
                principal->type == POLICY_PRINCIPAL_TEXT
                    ? pointer
                    : policy_pointer(reading, pointer, policy_principal_type_name(principal->type)),
                "\"%.100s\": %s", principal->value, fault);
    }
    return 0;
}

/* ---- Actions and resources ---- */

static const char *action_fault(const struct policy_reading *reading, const char *value)
{
    const char *colon = strchr(value, ':');

    (void)reading;
    if (text_equal(value, "*"))
        return NULL;
    if (!colon || colon == value)
        return "an action begins with the prefix of its service, like \"s3:GetObject\"";
    if (colon[1] == '\0' || !consists_of(colon + 1, is_action_byte))
        return "an action is letters, digits and wildcards behind its prefix";
    if (!(value[0] == '*' && colon == value + 1) && (size_t)(colon - value) > strcspn(value, "*?"))
        return "the prefix of a service has no wildcard in it";
    return NULL;
}

/* Services take other forms than ARNs in the policies of their own resources. */
static const char *resource_fault(const struct policy_reading *reading, const char *value)
{
    size_t colons = 0;

    if (text_equal(value, "*"))
        return NULL;
    if (*value == '\0')
        return "an empty text names no resource";
    if (reading->kind != POLICY_IDENTITY)
        return NULL;
    for (const char *at = value; *at; at++)
        colons += *at == ':';
    return text_starts_with(value, "arn:") && colons >= 5
               ? NULL
               : "a resource is \"*\" or an ARN of six parts";
}

static int
check_list(const struct policy_reading *reading, const struct policy_statement *statement,
           const char *name, const struct policy_list *list,
           const char *(*fault_of)(const struct policy_reading *reading, const char *value))
{
    const char *pointer = policy_pointer(reading, statement->pointer, name);

    if (!list->present)
        return 0;
    if (list->count == 0)
        return policy_refuse(reading, pointer, "the list is empty");
    for (size_t i = 0; i < list->count; i++) {
        const char *fault = fault_of(reading, list->items[i]);

        if (fault)
            return policy_refuse(reading, pointer, "\"%.100s\": %s", list->items[i], fault);
    }
    return 0;
}

/* ---- Conditions ---- */

static int check_conditions(const struct policy_reading *reading,
                            const struct policy_statement *statement)
{
    for (size_t i = 0; i < statement->condition_count; i++) {
        const struct policy_condition *condition = &statement->conditions[i];
        const char *pointer = policy_pointer(
            reading, policy_pointer(reading, statement->pointer, "Condition"), condition->operator);
        struct policy_operator operator;

        if (!policy_operator_read(condition->operator, & operator))
            return policy_refuse(reading, pointer, "there is no such condition operator");
        if (operator.if_exists && operator.kind->test == CONDITION_NULL)
            return policy_refuse(reading, pointer, "Null takes no IfExists");
        if (!strchr(condition->key, ':'))
            return policy_refuse(reading, policy_pointer(reading, pointer, condition->key),
                                 "a condition key begins with a prefix, like \"aws:SourceArn\"");
    }
    return 0;
}

/* ---- Statements ---- */

static int check_sid(const struct policy_reading *reading, const struct policy_document *document,
                     const struct policy_statement *statement)
{
    bool is_strict = reading->kind != POLICY_RESOURCE; /* KMS's own examples have spaces */
    const char *pointer = policy_pointer(reading, statement->pointer, "Sid");

    if (!statement->sid)
        return 0;
    if (!consists_of(statement->sid, is_strict ? is_letter_or_digit : is_printable))
        return policy_refuse(reading, pointer, "a Sid is %s",
                             is_strict ? "letters A-Z, a-z and digits" : "printable ASCII");
    for (const struct policy_statement *other = document->statements; other < statement; other++)
        if (text_equal(other->sid, statement->sid))
            return policy_refuse(reading, pointer, "another statement has the Sid \"%.100s\"",
                                 statement->sid);
    return 0;
}

static int check_exclusion(const struct policy_reading *reading,
                           const struct policy_statement *statement, const char *name, bool has,
                           bool has_not, bool required)
{
    if (has && has_not)
        return policy_refuse(reading, statement->pointer, "%s and Not%s exclude each other", name,
                             name);
    if (required && !has && !has_not)
        return policy_refuse(reading, statement->pointer, "the statement has no %s", name);
    return 0;
}

static int check_statement(const struct policy_reading *reading,
                           const struct policy_document *document,
                           const struct policy_statement *statement)
{
    bool has_resource = statement->resource.present;
    bool has_not_resource = statement->not_resource.present;

    if (reading->kind == POLICY_TRUST && (has_resource || has_not_resource))
        return policy_refuse(reading, statement->pointer,
                             "a trust policy has no Resource: the role is the resource");
    if (check_sid(reading, document, statement) < 0 ||
        check_exclusion(reading, statement, "Action", statement->action.present,
                        statement->not_action.present, true) < 0 ||
        check_exclusion(reading, statement, "Resource", has_resource, has_not_resource,
                        reading->kind == POLICY_IDENTITY) < 0 ||
        check_exclusion(reading, statement, "Principal", statement->principal.present,
                        statement->not_principal.present, reading->kind != POLICY_IDENTITY) < 0 ||
        check_principals(reading, statement, "Principal", &statement->principal) < 0 ||
        check_principals(reading, statement, "NotPrincipal", &statement->not_principal) < 0 ||
        check_list(reading, statement, "Action", &statement->action, action_fault) < 0 ||
        check_list(reading, statement, "NotAction", &statement->not_action, action_fault) < 0 ||
        check_list(reading, statement, "Resource", &statement->resource, resource_fault) < 0 ||
        check_list(reading, statement, "NotResource", &statement->not_resource, resource_fault) < 0)
        return -1;
    return check_conditions(reading, statement);
}

int policy_check_document(const struct policy_reading *reading,
                          const struct policy_document *document)
{
    if (document->version && !text_equal(document->version, "2012-10-17") &&
        !text_equal(document->version, "2008-10-17"))
        return policy_refuse(reading, "/Version", "Version is \"2012-10-17\" or \"2008-10-17\"");
    if (document->statement_count == 0)
        return policy_refuse(reading, "", "the policy has no statement");
    for (size_t i = 0; i < document->statement_count; i++)
        if (check_statement(reading, document, &document->statements[i]) < 0)
            return -1;
    return 0;
}
