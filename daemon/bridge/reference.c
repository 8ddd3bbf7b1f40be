#include "bridge/reference.h"

#include "base/text.h"

/* Members of statements that AWS does not look up. */
static bool is_not_looked_up(const char *name)
{
    static const char *const members[] = {"Resource",  "NotResource", "Action",
                                          "NotAction", "Condition",   "pattern"};

    for (size_t i = 0; i < array_length(members); i++)
        if (text_equal(members[i], name))
            return true;
    return false;
}

/* Recurses over fields, whose depth the configuration and json_parse() bound. */
static bool mentions(const cJSON *value, const char *arn)
{
    const cJSON *member;

    if (cJSON_IsString(value))
        return text_equal(value->valuestring, arn);
    if (!cJSON_IsObject(value) && !cJSON_IsArray(value))
        return false;
    cJSON_ArrayForEach(member, value)
    {
        if (!(member->string && is_not_looked_up(member->string)) && mentions(member, arn))
            return true;
    }
    return false;
}

bool reference_is_made(const struct resource *resource, const cJSON *fields,
                       const struct resource *other)
{
    if (resource->kind == RESOURCE_EVENT_RULE && other->kind == RESOURCE_EVENT_BUS &&
        text_equal(resource->account, other->account) && text_equal(resource->bus, other->name))
        return true;
    return mentions(fields, other->arn);
}
