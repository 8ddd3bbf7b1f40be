#include "bridge/resource.h"

#include "aws/endpoint.h"
#include "base/text.h"
#include "bridge/expand.h"
#include "bridge/normal.h"

#include <string.h>

const struct resource_field resource_fields[] = {
#define KIND(enumerator, name, noun)
#define FIELD(kind, field, how) {kind, field, how},
#include "bridge/resource.def"
#undef KIND
#undef FIELD
};
const size_t resource_field_count = array_length(resource_fields);

static const struct {
    const char *name;
    const char *noun;
} kinds[] = {
#define KIND(enumerator, name, noun) [enumerator] = {name, noun},
#define FIELD(kind, field, how)
#include "bridge/resource.def"
#undef KIND
#undef FIELD
};

const char *resource_kind_name(enum resource_kind kind)
{
    return kinds[kind].name;
}

const char *resource_kind_noun(enum resource_kind kind)
{
    return kinds[kind].noun;
}

enum resource_kind resource_kind_from_name(const char *name)
{
    for (size_t i = 0; i < array_length(kinds); i++)
        if (text_equal(kinds[i].name, name))
            return (enum resource_kind)i;
    return RESOURCE_KINDS;
}

/* ---- one resource ---------------------------------------------------------------------------- */

/* IAM's paths begin and end with a slash, and stand in ARNs. */
static const char *iam_arn(struct arena *arena, const struct resource *resource, const char *what)
{
    const char *path = json_get_text(resource->fields, "path");

    return arena_printf(arena, "arn:%s:iam::%s:%s%s%s", aws_partition(resource->region),
                        resource->account_id, what, path ? path : "/", resource->name);
}

static const char *arn_of(struct arena *arena, const struct resource *resource)
{
    const char *partition = aws_partition(resource->region);
    const char *name = resource->name;

    switch (resource->kind) {
    case RESOURCE_IAM_ROLE:
        return iam_arn(arena, resource, "role");
    case RESOURCE_IAM_POLICY:
        return iam_arn(arena, resource, "policy");
    case RESOURCE_SQS_QUEUE:
        return arena_printf(arena, "arn:%s:sqs:%s:%s:%s", partition, resource->region,
                            resource->account_id, name);
    case RESOURCE_EVENT_BUS:
        return arena_printf(arena, "arn:%s:events:%s:%s:event-bus/%s", partition, resource->region,
                            resource->account_id, name);
    case RESOURCE_EVENT_RULE: {
        bool on_default = text_equal(resource->bus, "default");

        return arena_printf(arena, "arn:%s:events:%s:%s:rule/%s%s%s", partition, resource->region,
                            resource->account_id, on_default ? "" : resource->bus,
                            on_default ? "" : "/", name);
    }
    case RESOURCE_ECR_REPOSITORY:
        return arena_printf(arena, "arn:%s:ecr:%s:%s:repository/%s", partition, resource->region,
                            resource->account_id, name);
    case RESOURCE_S3_BUCKET_POLICY:
        return arena_printf(arena, "arn:%s:s3:::%s", partition, name);
    case RESOURCE_KMS_KEY_POLICY:
        return text_starts_with(name, "arn:")
                   ? arena_copy(arena, name)
                   : arena_printf(arena, "arn:%s:kms:%s:%s:key/%s", partition, resource->region,
                                  resource->account_id, name);
    case RESOURCE_PACKAGE_GROUP_POLICY:
        return arena_printf(arena, "arn:%s:sagemaker:%s:%s:model-package-group/%s", partition,
                            resource->region, resource->account_id, name);
    case RESOURCE_CODEPIPELINE_STAGE:
        return arena_printf(arena, "arn:%s:codepipeline:%s:%s:%s", partition, resource->region,
                            resource->account_id, name);
    case RESOURCE_DYNAMODB_TABLE:
        return arena_printf(arena, "arn:%s:dynamodb:%s:%s:table/%s", partition, resource->region,
                            resource->account_id, name);
    case RESOURCE_KINDS:
        break;
    }
    return "";
}

static void release_json(void *document)
{
    cJSON_Delete(document);
}

static struct resource *append(struct resource_list *list)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? 2 * list->capacity : 32;
        list->items = memory_resize_array(list->items, list->capacity, sizeof(*list->items));
    }
    struct resource *resource = &list->items[list->count++];

    *resource = (struct resource){0};
    return resource;
}

static int describe(struct resource *resource, struct arena *arena, const struct config *config,
                    const char *kind, const char *account, struct error *error)
{
    const struct config_account *home = config_find_account(config, account ? account : "");

    resource->kind = resource_kind_from_name(kind);
    if (resource->kind == RESOURCE_KINDS)
        return error_set(error, ERROR_INVALID, "there is no kind of resource %.60s",
                         kind ? kind : "without a name");
    if (!home)
        return error_set(error, ERROR_INVALID,
                         "the account %.60s is not named under accounts:", account ? account : "");
    resource->account = arena_copy(arena, home->name);
    resource->account_id = arena_copy(arena, home->id);
    resource->region = arena_copy(arena, home->region);
    return 0;
}

struct resource *resource_add(struct resource_list *list, const struct config *config,
                              const struct config_place *place, const char *kind,
                              const char *account, const char *name, cJSON *fields,
                              struct error *error)
{
    struct resource found = {.place = place ? *place : (struct config_place){0}};

    arena_adopt(&list->arena, fields, release_json);
    if (describe(&found, &list->arena, config, kind, account, error) < 0)
        return NULL;
    if (text_is_empty(name)) {
        error_set(error, ERROR_INVALID, "a resource of the kind %s needs a name", kind);
        return NULL;
    }
    found.name = arena_copy(&list->arena, name);
    normal_fields(found.kind, fields);
    found.fields = fields;
    if (found.kind == RESOURCE_EVENT_RULE) {
        const char *bus = json_get_text(fields, "bus");

        found.bus = arena_copy(&list->arena, bus ? bus : "default");
    }
    found.key = arena_printf(&list->arena, "%s/%s/%s%s%s", account, kind,
                             found.bus ? found.bus : "", found.bus ? "/" : "", name);
    if (resource_find(list, found.key)) {
        error_set(error, ERROR_INVALID, "%s is there already", found.key);
        return NULL;
    }
    found.arn = arn_of(&list->arena, &found);

    found.observe_only = config->reconcile.mode == RECONCILE_OBSERVE;
    struct resource *resource = append(list);

    *resource = found;
    map_put(&list->places, found.key, (void *)(uintptr_t)list->count);
    return resource;
}

const struct resource *resource_find(const struct resource_list *list, const char *key)
{
    const uintptr_t place = (uintptr_t)map_get(&list->places, key);

    return place ? &list->items[place - 1] : NULL;
}

void resource_list_free(struct resource_list *list)
{
    map_free(&list->places);
    free_pointer(&list->items);
    arena_free(&list->arena);
    *list = (struct resource_list){0};
}

/* ---- the whole list -------------------------------------------------------------------------- */

const char *resource_owner(struct arena *arena, const struct config *config)
{
    return arena_printf(arena, "%s/%s", config_home(config)->id, config->queue.name);
}

static int add_long_form(struct resource_list *list, const struct config *config,
                         const struct config_resource *wanted, struct error *error)
{
    struct resource *resource =
        resource_add(list, config, &wanted->place, wanted->kind, wanted->account, wanted->name,
                     cJSON_Duplicate(wanted->fields, true), error);

    if (!resource)
        return error_prefix(error, "%s:%u:%u: ", wanted->place.file, wanted->place.line,
                            wanted->place.column);
    resource->observe_only = wanted->mode == RECONCILE_OBSERVE;
    resource->observe_by_itself = resource->observe_only && wanted->own_mode;
    resource->whole_document = wanted->owns == OWNS_DOCUMENT;
    return 0;
}

int resource_list_desired(struct resource_list *list, const struct config *config,
                          const char *daemon, struct error *error)
{
    for (size_t i = 0; i < config->resource_count; i++)
        if (add_long_form(list, config, &config->resources[i], error) < 0)
            return -1;
    return config->bridge ? expand(list, config, daemon, error) : 0;
}

static cJSON *duration_text(const cJSON *seconds)
{
    cleanup(free_pointer)
    char *text = text_printf("%.0fs", seconds->valuedouble);

    return cJSON_CreateString(text);
}

static bool is_duration(enum resource_kind kind, const char *name)
{
    for (size_t i = 0; i < resource_field_count; i++)
        if (resource_fields[i].kind == kind && resource_fields[i].compare == COMPARE_DURATION &&
            text_equal(resource_fields[i].name, name))
            return true;
    return false;
}

/* A target's age is a duration too. */
static void write_targets(cJSON *targets)
{
    cJSON *target;

    cJSON_ArrayForEach(target, targets)
    {
        cJSON *retry = cJSON_GetObjectItemCaseSensitive(target, "retry");
        const cJSON *age = json_get(retry, "age");

        if (cJSON_IsNumber(age))
            json_put(retry, "age", duration_text(age));
    }
}

static cJSON *written(const struct resource *resource, const cJSON *field)
{
    if (cJSON_IsNumber(field) && is_duration(resource->kind, field->string))
        return duration_text(field);
    cJSON *copy = cJSON_Duplicate(field, true);

    if (resource->kind == RESOURCE_EVENT_RULE && text_equal(field->string, "targets"))
        write_targets(copy);
    return copy;
}

cJSON *resource_entry(const struct resource *resource, const cJSON *fields)
{
    cJSON *entry = cJSON_CreateObject();
    const cJSON *field;

    json_add_text(entry, "kind", resource_kind_name(resource->kind));
    json_add_text(entry, "account", resource->account);
    json_add_text(entry, "name", resource->name);
    cJSON_ArrayForEach(field, fields)
    {
        if (*field->string != '_')
            cJSON_AddItemToObject(entry, field->string, written(resource, field));
    }
    return entry;
}

cJSON *resource_list_view(const struct resource_list *list)
{
    cJSON *view = cJSON_CreateArray();

    for (size_t i = 0; i < list->count; i++)
        cJSON_AddItemToArray(view, resource_entry(&list->items[i], list->items[i].fields));
    return view;
}
