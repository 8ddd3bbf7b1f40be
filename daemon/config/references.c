#include "config/references_internal.h"

#include "base/buffer.h"
#include "base/limits.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- what there is ---------------------------------------------------------------------- */

const char *partition_of(const char *region)
{
    if (text_starts_with(region, "cn-"))
        return "aws-cn";
    if (text_starts_with(region, "us-gov-"))
        return "aws-us-gov";
    return "aws";
}

static const char *child_text(const struct node *mapping, const char *name)
{
    const struct node *child = node_get(mapping, name);

    return child && child->kind == NODE_TEXT ? child->text : NULL;
}

/* Whether an account's name would hide what references to the daemon's own things mean. */
static bool is_word(const char *name)
{
    if (text_equal(name, "role") || text_equal(name, "queue") || text_equal(name, "bus"))
        return true;
    for (size_t i = 0; i < schema_kind_count; i++)
        if (text_equal(schema_kinds[i].word, name))
            return true;
    return false;
}

static void add_resource(struct loading *loading, struct node *resource)
{
    const struct schema_kind *kind = schema_find_kind(child_text(resource, "kind"));
    const char *key = child_text(resource, "key");

    if (!key)
        key = child_text(resource, "name");
    if (!kind || !key)
        return;
    const char *index = arena_printf(&loading->scratch, "%s.%s", kind->word, key);
    const struct node *twin = map_get(&loading->resources, index);

    if (!twin)
        map_put(&loading->resources, index, resource);
    else if (node_get(resource, "key") || node_get(twin, "key"))
        say(loading, &resource->place, "the key %s is that of the %s in %s:%u:%u too",
            quoted(loading, key), kind->name, twin->place.file, twin->place.line,
            twin->place.column);
}

void references_prepare(struct loading *loading)
{
    const struct node *accounts = node_get(loading->tree, "accounts");
    const struct node *resources = node_get(loading->tree, "resources");

    loading->expansion = LIMIT_CONFIG_EXPANDED_BYTES;
    if (accounts && accounts->kind == NODE_MAPPING)
        for (const struct node *child = accounts->first; child; child = child->next)
            if (is_word(child->name))
                say(loading, &child->name_place,
                    "an account may not be called %s: ${%s...} means something else",
                    quoted(loading, child->name), child->name);
    if (resources && resources->kind == NODE_LIST)
        for (struct node *child = resources->first; child; child = child->next)
            add_resource(loading, child);
}

/* ---- what a reference stands for -------------------------------------------------------- */

/* The text of a mapping's key with its own references resolved; the fallback where it is absent. */
static const char *value_of(struct resolving *resolving, const struct node *mapping,
                            const char *name, const char *fallback)
{
    struct node *child = node_get(mapping, name);

    if (!child || child->kind != NODE_TEXT)
        return fallback;
    const char *value = interpolate_along(resolving->loading, child, resolving->chain + 1);

    if (!value)
        resolving->failed = true;
    return value ? value : "";
}

void reference_refuse(struct resolving *resolving, const char *format, ...)
{
    char sentence[400];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(sentence, sizeof(sentence), format, arguments);
    va_end(arguments);
    const struct config_place place =
        reference_place(resolving->reference->text, resolving->reference->offset);

    say(resolving->loading, &place, "${%.100s}: %s", resolving->reference->whole, sentence);
    resolving->failed = true;
}

static const struct node *find_account(struct resolving *resolving, const char *name)
{
    const struct node *accounts = node_get(resolving->loading->tree, "accounts");
    const struct node *account = node_get(accounts, name);

    if (account)
        return account;
    bool is_map = accounts && accounts->kind == NODE_MAPPING;
    size_t count = is_map && !errors_are_full(resolving->loading) ? accounts->count : 0;
    const char **names =
        arena_allocate_array(&resolving->loading->scratch, count + 1, sizeof(*names));
    size_t i = 0;

    for (const struct node *child = count ? accounts->first : NULL; child; child = child->next)
        names[i++] = child->name;
    reference_refuse(resolving, "there is no account %s%s", quoted(resolving->loading, name),
                     suggestion(resolving->loading, name, names));
    return NULL;
}

struct home {
    const char *id;
    const char *region;
    const char *partition;
};

static struct home home_of(struct resolving *resolving, const struct node *account)
{
    struct home home = {.id = value_of(resolving, account, "id", ""),
                        .region = value_of(resolving, account, "region", "")};

    home.partition = partition_of(home.region);
    return home;
}

static const char *queue_url(struct loading *loading, const struct home *home, const char *name)
{
    return arena_printf(&loading->scratch, "https://sqs.%s.amazonaws.com%s/%s/%s", home->region,
                        text_equal(home->partition, "aws-cn") ? ".cn" : "", home->id, name);
}

static const char *resource_arn(struct resolving *resolving, const struct schema_kind *kind,
                                const struct node *resource, const struct home *home)
{
    struct arena *scratch = &resolving->loading->scratch;
    const char *name = value_of(resolving, resource, "name", "");
    const char *path = value_of(resolving, resource, "path", "/");
    const char *bus = value_of(resolving, resource, "bus", "default");

    switch (kind->section) {
    case SECTION_IAM_ROLE:
        return arena_printf(scratch, "arn:%s:iam::%s:role%s%s", home->partition, home->id, path,
                            name);
    case SECTION_IAM_POLICY:
        return arena_printf(scratch, "arn:%s:iam::%s:policy%s%s", home->partition, home->id, path,
                            name);
    case SECTION_ECR_REPOSITORY:
        return arena_printf(scratch, "arn:%s:ecr:%s:%s:repository/%s", home->partition,
                            home->region, home->id, name);
    case SECTION_EVENT_BUS:
        return arena_printf(scratch, "arn:%s:events:%s:%s:event-bus/%s", home->partition,
                            home->region, home->id, name);
    case SECTION_EVENT_RULE:
        return text_equal(bus, "default")
                   ? arena_printf(scratch, "arn:%s:events:%s:%s:rule/%s", home->partition,
                                  home->region, home->id, name)
                   : arena_printf(scratch, "arn:%s:events:%s:%s:rule/%s/%s", home->partition,
                                  home->region, home->id, bus, name);
    case SECTION_SQS_QUEUE:
        return arena_printf(scratch, "arn:%s:sqs:%s:%s:%s", home->partition, home->region, home->id,
                            name);
    case SECTION_S3_BUCKET_POLICY:
        return arena_printf(scratch, "arn:%s:s3:::%s", home->partition, name);
    case SECTION_KMS_KEY_POLICY:
        return text_starts_with(name, "arn:")
                   ? name
                   : arena_printf(scratch, "arn:%s:kms:%s:%s:key/%s", home->partition, home->region,
                                  home->id, name);
    case SECTION_MODEL_PACKAGE_GROUP_POLICY:
        return arena_printf(scratch, "arn:%s:sagemaker:%s:%s:model-package-group/%s",
                            home->partition, home->region, home->id, name);
    case SECTION_DYNAMODB_TABLE:
        return arena_printf(scratch, "arn:%s:dynamodb:%s:%s:table/%s", home->partition,
                            home->region, home->id, name);
    default:
        return NULL;
    }
}

/* Whether the row's first word is WORD.KEY for any key. */
static bool row_takes_key(const struct schema_reference *row, const char *word)
{
    size_t length = strlen(word);

    return text_starts_with(row->word, word) && text_equal(row->word + length, ".KEY");
}

static bool has_attribute(const char *word, bool with_key, const char *attribute)
{
    for (size_t i = 0; i < schema_reference_count; i++) {
        const struct schema_reference *row = &schema_references[i];

        if (text_equal(row->attribute, attribute) &&
            (with_key ? row_takes_key(row, word) || text_equal(row->word, "ANY.KEY")
                      : text_equal(row->word, word)))
            return true;
    }
    return false;
}

static void unknown_attribute(struct resolving *resolving, const char *word, bool with_key)
{
    struct buffer list = BUFFER(256);

    for (size_t i = 0; i < schema_reference_count; i++)
        if (has_attribute(word, with_key, schema_references[i].attribute) &&
            !strstr(buffer_text(&list), schema_references[i].attribute))
            buffer_printf(&list, "%s%s", list.length ? ", " : "", schema_references[i].attribute);
    reference_refuse(resolving, "it has no %s; there are: %s",
                     quoted(resolving->loading, resolving->reference->attribute),
                     buffer_text(&list));
    buffer_free(&list);
}

static const char *account_value(struct resolving *resolving)
{
    const struct reference *reference = resolving->reference;
    const struct node *account = find_account(resolving, reference->first);

    if (!account)
        return NULL;
    if (!has_attribute("ACCOUNT", false, reference->attribute)) {
        unknown_attribute(resolving, "ACCOUNT", false);
        return NULL;
    }
    if (text_equal(reference->attribute, "partition"))
        return partition_of(value_of(resolving, account, "region", ""));
    return value_of(resolving, account, reference->attribute, "");
}

/* ${queue.ATTRIBUTE}: the queue that events arrive in. */
static const char *queue_value(struct resolving *resolving)
{
    struct loading *loading = resolving->loading;
    const struct node *queue = node_get(loading->tree, "queue");
    const char *name = value_of(resolving, queue, "name", "");
    const struct node *account =
        find_account(resolving, value_of(resolving, loading->tree, "home", ""));

    if (!account)
        return NULL;
    struct home home = home_of(resolving, account);

    if (text_equal(resolving->reference->attribute, "name"))
        return name;
    if (text_equal(resolving->reference->attribute, "url"))
        return value_of(resolving, queue, "url", queue_url(loading, &home, name));
    return arena_printf(&loading->scratch, "arn:%s:sqs:%s:%s:%s", home.partition, home.region,
                        home.id, name);
}

/* The production account of the bridge; NULL, and said, where there is no bridge. */
static const struct node *bridge_account(struct resolving *resolving)
{
    const struct node *bridge = node_get(resolving->loading->tree, "bridge");

    if (!bridge || bridge->kind != NODE_MAPPING) {
        reference_refuse(resolving, "there is no bridge that would make it");
        return NULL;
    }
    return find_account(resolving, value_of(resolving, bridge, "to", ""));
}

static const char *bus_value(struct resolving *resolving)
{
    struct loading *loading = resolving->loading;
    const struct node *account = bridge_account(resolving);

    if (!account)
        return NULL;
    struct home home = home_of(resolving, account);
    const char *name = value_of(resolving, node_get(loading->tree, "bridge"), "bus", "");

    if (text_equal(resolving->reference->attribute, "name"))
        return name;
    return arena_printf(&loading->scratch, "arn:%s:events:%s:%s:event-bus/%s", home.partition,
                        home.region, home.id, name);
}

static const char *execution_role_value(struct resolving *resolving)
{
    const struct node *account = bridge_account(resolving);

    if (!account)
        return NULL;
    struct home home = home_of(resolving, account);
    const struct node *bridge = node_get(resolving->loading->tree, "bridge");
    bool is_guide = text_equal(value_of(resolving, bridge, "privileges", "least"), "guide");
    const char *name = is_guide ? CONFIG_GUIDE_EXECUTION_ROLE : CONFIG_EXECUTION_ROLE;

    if (text_equal(resolving->reference->attribute, "name"))
        return name;
    return arena_printf(&resolving->loading->scratch, "arn:%s:iam::%s:role/%s", home.partition,
                        home.id, name);
}

static const char *resource_value(struct resolving *resolving, const struct node *resource,
                                  const struct schema_kind *kind)
{
    struct loading *loading = resolving->loading;
    const char *attribute = resolving->reference->attribute;
    const struct node *account =
        find_account(resolving, value_of(resolving, resource, "account", ""));

    if (!account)
        return NULL;
    struct home home = home_of(resolving, account);
    const char *name = value_of(resolving, resource, "name", "");

    if (text_equal(attribute, "name"))
        return name;
    if (text_equal(attribute, "url"))
        return queue_url(loading, &home, name);
    if (text_equal(attribute, "uri"))
        return arena_printf(&loading->scratch, "%s.dkr.ecr.%s.amazonaws.com%s/%s", home.id,
                            home.region, text_equal(home.partition, "aws-cn") ? ".cn" : "", name);
    return resource_arn(resolving, kind, resource, &home);
}

static const struct schema_kind *kind_of_word(const char *word)
{
    for (size_t i = 0; i < schema_kind_count; i++)
        if (text_equal(schema_kinds[i].word, word))
            return &schema_kinds[i];
    return NULL;
}

static const char *keyed_value(struct resolving *resolving)
{
    struct loading *loading = resolving->loading;
    const struct reference *reference = resolving->reference;
    const struct schema_kind *kind = kind_of_word(reference->first);

    if (!kind) {
        reference_refuse(resolving,
                         "%s is no kind of resource; there are role, policy, repository, bus, "
                         "rule, queue, bucket and key",
                         quoted(loading, reference->first));
        return NULL;
    }
    if (!has_attribute(reference->first, true, reference->attribute)) {
        unknown_attribute(resolving, reference->first, true);
        return NULL;
    }
    const char *index = arena_printf(&loading->scratch, "%s.%s", reference->first, reference->key);
    const struct node *resource = map_get(&loading->resources, index);

    if (resource)
        return resource_value(resolving, resource, kind);
    if (text_equal(index, "role.execution"))
        return execution_role_value(resolving);
    reference_refuse(resolving, "no %s under resources has the key %s", kind->name,
                     quoted(loading, reference->key));
    return NULL;
}

const char *reference_value(struct resolving *resolving)
{
    const struct reference *reference = resolving->reference;
    bool is_queue = text_equal(reference->first, "queue");

    if (reference->key)
        return keyed_value(resolving);
    if (!is_queue && !text_equal(reference->first, "bus"))
        return account_value(resolving);
    if (!has_attribute(reference->first, false, reference->attribute)) {
        unknown_attribute(resolving, reference->first, false);
        return NULL;
    }
    return is_queue ? queue_value(resolving) : bus_value(resolving);
}
