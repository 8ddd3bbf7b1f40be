/* Roles and customer-managed policies: a whole account in pages, then what those leave out; or each
 * by itself, where that takes fewer calls (account_pages.h). */
#include "aws/service_iam.h"
#include "base/text.h"
#include "base/xml_sift.h"
#include "bridge/normal.h"
#include "bridge/observe_internal.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* An account's name in the configuration, and one of IAM's: 128 characters at the most. */
#define NAME_BYTES ((size_t)1024)

static cJSON *texts_of(const struct iam_tag *tags, size_t count)
{
    cJSON *map = cJSON_CreateObject();

    for (size_t i = 0; i < count; i++)
        json_add_text(map, tags[i].key, tags[i].value ? tags[i].value : "");
    return map;
}

static void put_document(cJSON *fields, const char *name, const char *encoded)
{
    cJSON *document = normal_encoded_document(encoded);

    if (document)
        json_put(fields, name, document);
}

/* ---- what single reads add ------------------------------------------------------------------- */

const void *observe_ask_role(struct read *read)
{
    struct iam_get_role_input *input = arena_allocate(&read->observation->arena, sizeof(*input));

    input->role_name = read_resource(read)->name;
    return input;
}

void observe_add_role_details(cJSON *fields, const struct iam_role *role)
{
    json_add_text(fields, "description", role->description);
    json_add_integer(fields, "max_session", role->max_session_duration);
    normal_fields(RESOURCE_IAM_ROLE, fields);
}

static void take_role(struct read *read, const void *output)
{
    const struct iam_get_role_output *answer = output;

    observe_add_role_details(read_fields(read), &answer->role);
}

static const struct read_kind role_details = {
    .operation = &iam_get_role,
    .ask = observe_ask_role,
    .take = take_role,
};

const void *observe_ask_policy(struct read *read)
{
    struct iam_get_policy_input *input = arena_allocate(&read->observation->arena, sizeof(*input));

    input->policy_arn = read_resource(read)->arn;
    return input;
}

void observe_add_policy_details(cJSON *fields, const struct iam_policy *policy)
{
    json_put(fields, "tags", texts_of(policy->tags, policy->tag_count));
}

static void take_policy(struct read *read, const void *output)
{
    const struct iam_get_policy_output *answer = output;

    observe_add_policy_details(read_fields(read), &answer->policy);
}

static const struct read_kind policy_details = {
    .operation = &iam_get_policy,
    .ask = observe_ask_policy,
    .take = take_policy,
};

/* ---- what the account's pages say ------------------------------------------------------------ */

cJSON *observe_fields_of_role(const struct iam_role_detail *role)
{
    cJSON *fields = cJSON_CreateObject();
    cJSON *managed;
    cJSON *inline_policies;

    json_add_text(fields, "path", role->path);
    put_document(fields, "trust", role->assume_role_policy_document);
    managed = json_add_array(fields, "managed");
    for (size_t i = 0; i < role->attached_managed_policy_count; i++)
        cJSON_AddItemToArray(managed,
                             cJSON_CreateString(role->attached_managed_policies[i].policy_arn));
    inline_policies = json_add_object(fields, "inline");
    for (size_t i = 0; i < role->role_policy_count; i++)
        put_document(inline_policies, role->role_policies[i].policy_name,
                     role->role_policies[i].policy_document);
    json_add_text(fields, "permissions_boundary",
                  role->permissions_boundary.permissions_boundary_arn);
    cJSON_AddItemToObject(fields, "tags", texts_of(role->tags, role->tag_count));
    normal_fields(RESOURCE_IAM_ROLE, fields);
    return fields;
}

cJSON *observe_fields_of_policy(const struct iam_managed_policy_detail *policy)
{
    cJSON *fields = cJSON_CreateObject();
    cJSON *versions;

    json_add_text(fields, "path", policy->path);
    json_add_text(fields, "description", policy->description);
    versions = json_add_array(fields, "_versions");
    for (size_t i = 0; i < policy->version_count; i++) {
        const struct iam_policy_version *version = &policy->versions[i];
        cJSON *entry = cJSON_CreateObject();

        json_add_text(entry, "id", version->version_id);
        json_add_bool(entry, "default", version->is_default_version);
        json_add_integer(entry, "created", version->create_date_ms);
        cJSON_AddItemToArray(versions, entry);
        if (version->is_default_version)
            put_document(fields, "policy", version->document);
    }
    normal_fields(RESOURCE_IAM_POLICY, fields);
    return fields;
}

/* What the account's pages leave out of it. */
bool observe_needs_iam_details(const struct resource *resource)
{
    if (resource->kind == RESOURCE_IAM_ROLE)
        return observe_wants_field(resource, "description") ||
               observe_wants_field(resource, "max_session");
    return observe_wants_tags(resource);
}

static void found(struct observation *observation, size_t index, cJSON *fields)
{
    const struct resource *resource = &observation->resources->items[index];
    struct observed *observed = &observation->observed[index];

    cJSON_Delete(observed->fields);
    observed->fields = fields;
    observed->presence = PRESENCE_THERE;
    if (observe_needs_iam_details(resource))
        observe_resource(observation,
                         resource->kind == RESOURCE_IAM_ROLE ? &role_details : &policy_details,
                         index);
}

/* ---- which resource a name means ------------------------------------------------------------- */

/* Names ignore case in IAM; ARNs keep the path. */
static const char *key_of(struct buffer *key, const char *account, enum resource_kind kind,
                          const char *name, size_t length)
{
    buffer_clear(key);
    buffer_append_text(key, account);
    buffer_append_text(key, kind == RESOURCE_IAM_ROLE ? "/role/" : "/policy/");
    for (size_t i = 0; i < length; i++)
        buffer_append_byte(key, (char)tolower((unsigned char)name[i]));
    return buffer_text(key);
}

static void add_name(struct observation *observation, size_t index)
{
    const struct resource *resource = &observation->resources->items[index];
    cleanup(buffer_free)
    struct buffer key = BUFFER(NAME_BYTES);

    map_put(&observation->iam,
            key_of(&key, resource->account, resource->kind, resource->name, strlen(resource->name)),
            (void *)(uintptr_t)(index + 1));
}

/* Whether somebody wants it, and where it is in the list. */
static bool find_name(const struct read *read, enum resource_kind kind, const char *name,
                      size_t length, size_t *index)
{
    cleanup(buffer_free)
    struct buffer key = BUFFER(NAME_BYTES);
    const uintptr_t place = (uintptr_t)map_get(&read->observation->iam,
                                               key_of(&key, read->account, kind, name, length));

    *index = place - 1;
    return place != 0;
}

/* What is behind the path. */
static const char *name_in(const char *arn)
{
    const char *slash = arn ? strrchr(arn, '/') : NULL;

    return slash ? slash + 1 : "";
}

static bool is_iam(const struct resource *resource)
{
    return resource->kind == RESOURCE_IAM_ROLE || resource->kind == RESOURCE_IAM_POLICY;
}

static const struct read_kind account_details;

/* How many calls more a look at it takes by itself than by the pages, which leave something out of
 * some. */
static size_t calls_more_alone(const struct resource *resource)
{
    const bool by_pages = observe_needs_iam_details(resource);
    const bool alone = resource->kind == RESOURCE_IAM_POLICY &&
                       (by_pages || observe_wants_field(resource, "description"));

    return account_pages_calls_alone(resource) + alone - by_pages;
}

/* What a look at these takes, each by itself, beyond what it takes by pages. */
struct alone {
    size_t wanted;  /* calls for all that is wanted of the account */
    size_t lacking; /* for what was not described yet */
};

static bool is_wanted(const struct observation *observation, size_t index, const char *account)
{
    const struct resource *resource = &observation->resources->items[index];

    return observe_wants(observation, index) && is_iam(resource) &&
           text_equal(resource->account, account);
}

static struct alone count_alone(const struct observation *observation, const char *account)
{
    struct alone alone = {0};

    for (size_t i = 0; i < observation->resources->count; i++) {
        if (!is_wanted(observation, i, account))
            continue;
        size_t calls = calls_more_alone(&observation->resources->items[i]);

        alone.wanted += calls;
        if (observation->observed[i].presence == PRESENCE_UNKNOWN)
            alone.lacking += calls;
    }
    return alone;
}

/* Goes on with what was not described yet by reading each by itself. */
static void read_alone(struct observation *observation, const char *account)
{
    for (size_t i = 0; i < observation->resources->count; i++)
        if (is_wanted(observation, i, account) &&
            observation->observed[i].presence == PRESENCE_UNKNOWN)
            observe_iam_alone(observation, i);
}

/* What all the pages do not have. */
static void set_absent(struct observation *observation, const char *account)
{
    for (size_t i = 0; i < observation->resources->count; i++)
        if (is_wanted(observation, i, account) &&
            observation->observed[i].presence == PRESENCE_UNKNOWN)
            observation->observed[i].presence = PRESENCE_ABSENT;
}

/* After a page: what was wanted is there, or not to be found in what follows, which is others'; or
 * the rest is read otherwise; or there is a next page. */
static void go_on(struct read *read, const char *marker)
{
    struct observation *observation = read->observation;
    const size_t pages = read->page + 1;
    const struct alone alone = count_alone(observation, read->account);
    struct account_pages *known = observe_memory_pages(observation->memory, read->account);
    const int64_t now_ms = loop_now_ms(observation->loop);

    if (!marker || alone.lacking == 0) {
        *known = account_pages_learn(pages, alone.wanted, 0, now_ms);
        set_absent(observation, read->account);
    } else if (account_pages_suffice(pages, alone.wanted, alone.lacking)) {
        *known = account_pages_learn(pages, alone.wanted, alone.lacking, now_ms);
        read_alone(observation, read->account);
    } else {
        struct read *next = observe_account(observation, &account_details, read->account);

        next->marker = arena_copy(&observation->arena, marker);
        next->page = pages;
    }
}

static void take_account(struct read *read, const void *output)
{
    const struct iam_get_account_authorization_details_output *answer = output;
    struct observation *observation = read->observation;

    size_t index;

    for (size_t i = 0; i < answer->role_count; i++) {
        const struct iam_role_detail *role = &answer->roles[i];

        if (role->role_name &&
            find_name(read, RESOURCE_IAM_ROLE, role->role_name, strlen(role->role_name), &index))
            found(observation, index, observe_fields_of_role(role));
    }
    for (size_t i = 0; i < answer->policy_count; i++) {
        const char *name = name_in(answer->policies[i].arn);

        if (find_name(read, RESOURCE_IAM_POLICY, name, strlen(name), &index))
            found(observation, index, observe_fields_of_policy(&answer->policies[i]));
    }
    go_on(read, answer->is_truncated ? answer->marker : NULL);
}

static void fail_account(struct read *read, const struct error *error)
{
    struct observation *observation = read->observation;

    for (size_t i = 0; i < observation->resources->count; i++)
        if (is_wanted(observation, i, read->account))
            observe_unreadable(observation, i, error);
}

/* ---- what is as it was ----------------------------------------------------------------------- */

static const struct xml_list details_lists[] = {
    /* When a role was last used is none of its properties. */
    {.name = "RoleDetailList", .key = "RoleName", .passing = "RoleLastUsed"},
    {.name = "Policies", .key = "Arn"},
};
static const enum resource_kind details_kinds[] = {RESOURCE_IAM_ROLE, RESOURCE_IAM_POLICY};

/* Whether all there is to see of it stands in the account's pages. */
static bool is_described_whole(const struct resource *resource)
{
    return !resource->orphan && !resource->left_sids && !resource->left_tags &&
           !observe_needs_iam_details(resource);
}

static bool keep_element(void *context, const struct xml_element *element)
{
    struct read *read = context;
    const char *name = element->key.text;
    size_t length = element->key.length;
    size_t index;

    const char *slash = memrchr(name, '/', length); /* an ARN's name is behind its path */

    if (slash) {
        length -= (size_t)(slash + 1 - name);
        name = slash + 1;
    }
    if (!find_name(read, details_kinds[element->list], name, length, &index))
        return false;
    struct observed *observed = &read->observation->observed[index];

    if (!is_described_whole(&read->observation->resources->items[index]))
        return true;
    hash_sha256_two(element->before.text, element->before.length, element->behind.text,
                    element->behind.length, observed->digest);
    observed->digested = true;
    observed->as_before = observe_memory_knows(read->observation->memory,
                                               read->observation->desired, index, observed->digest);
    if (observed->as_before)
        observed->presence = PRESENCE_THERE;
    return !observed->as_before;
}

/* Of an account's thousands of roles those are parsed that are wanted and look otherwise than when
 * they were found to be as the file says. */
static bool sift_account(struct read *read, const char *body, size_t length, struct buffer *rest)
{
    return xml_sift(body, length, details_lists, array_length(details_lists), keep_element, read,
                    rest);
}

const void *observe_ask_account_details(struct read *read)
{
    static const char *const filter[] = {"Role", "LocalManagedPolicy"};
    struct iam_get_account_authorization_details_input *input =
        arena_allocate(&read->observation->arena, sizeof(*input));

    *input = (struct iam_get_account_authorization_details_input){
        .filter = filter,
        .filter_count = array_length(filter),
        .marker = read->marker,
        .max_items = 1000,
    };
    return input;
}

static const struct read_kind account_details = {
    .operation = &iam_get_account_authorization_details,
    .ask = observe_ask_account_details,
    .take = take_account,
    .fail = fail_account,
    .sift = sift_account,
};

void observe_iam(struct observation *observation)
{
    struct map asked = {0};

    for (size_t i = 0; i < observation->resources->count; i++) {
        const struct resource *resource = &observation->resources->items[i];

        if (!observe_wants(observation, i) || !is_iam(resource))
            continue;
        add_name(observation, i);
        if (map_put(&asked, resource->account, (void *)resource))
            continue;
        const size_t wanted = count_alone(observation, resource->account).wanted;
        const struct account_pages *known =
            observe_memory_pages(observation->memory, resource->account);

        if (account_pages_are_dearer(known, wanted, loop_now_ms(observation->loop)))
            read_alone(observation, resource->account);
        else
            observe_account(observation, &account_details, resource->account);
    }
    map_free(&asked);
}
