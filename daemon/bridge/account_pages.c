#include "bridge/account_pages.h"

#include "base/json.h"

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)

/* GetRole, ListRolePolicies and ListAttachedRolePolicies; ListPolicyVersions and GetPolicyVersion.
 */
enum { CALLS_OF_ROLE = 3, CALLS_OF_POLICY = 2 };

size_t account_pages_calls_alone(const struct resource *resource)
{
    if (resource->kind == RESOURCE_IAM_POLICY)
        return CALLS_OF_POLICY;
    return CALLS_OF_ROLE + (size_t)cJSON_GetArraySize(json_get(resource->fields, "inline"));
}

bool account_pages_are_dearer(const struct account_pages *known, size_t wanted, int64_t now_ms)
{
    return known->count > wanted && wanted <= known->up_to && now_ms - known->learned_ms < DAY_MS;
}

bool account_pages_suffice(size_t read, size_t wanted, size_t lacking)
{
    return read >= lacking && read > wanted - lacking;
}

struct account_pages account_pages_learn(size_t read, size_t wanted, size_t lacking, int64_t now_ms)
{
    size_t described = wanted - lacking;
    size_t count = described ? read * wanted / described : SIZE_MAX;

    return (struct account_pages){
        .count = lacking ? count : read,
        .up_to = lacking ? wanted : SIZE_MAX,
        .learned_ms = now_ms,
    };
}
