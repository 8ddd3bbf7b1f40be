#include "deploy/stack_template.h"

#include "aws/endpoint.h"
#include "base/hash.h"
#include "base/text.h"

enum { BODY_MAXIMUM = 51200 };

static const char *bucket_of(const struct record *record)
{
    return json_get_text(record->settings, "model_bucket");
}

int stack_template_place(const struct record *record, cJSON *template, const char *body,
                         size_t length, struct error *error)
{
    const char *prefix = json_get_text(record->settings, "model_prefix");
    char digest[SHA256_HEX_SIZE];

    if (length <= BODY_MAXIMUM) {
        json_add_text(template, "body", body);
        return 0;
    }
    if (!bucket_of(record))
        return error_set(error, ERROR_LIMIT,
                         "the template has %zu bytes; CloudFormation takes more than %d from a "
                         "bucket only, and there is no model_bucket",
                         length, BODY_MAXIMUM);
    hash_sha256_hex(body, length, digest);
    cleanup(free_pointer)
    char *key = text_printf("%s%s/templates/%.16s", prefix ? prefix : "", record->endpoint, digest);

    json_add_text(template, "key", key);
    json_add_text(template, "sha256", digest);
    return 0;
}

/* In the path, not the host: a bucket's name may have dots, which no certificate covers. */
const char *stack_template_url(struct arena *arena, const struct record *record,
                               const cJSON *template)
{
    const char *key = json_get_text(template, "key");
    const char *region = json_get_text(json_get(record->settings, "home"), "region");

    if (!key || !region)
        return NULL;
    cleanup(free_pointer)
    char *encoded = text_percent_encode(key, true);

    return arena_printf(arena, "https://s3.%s.%s/%s/%s", region, aws_dns_suffix(region),
                        bucket_of(record), encoded);
}

void stack_template_collect(const struct record *record, cJSON *garbage)
{
    const cJSON *templates[] = {record->template, record->previous_stack};

    for (size_t i = 0; i < array_length(templates); i++) {
        const char *key = json_get_text(templates[i], "key");

        if (!key)
            continue;
        cJSON *entry = cJSON_CreateObject();

        json_add_text(entry, "kind", "copy");
        json_add_text(entry, "bucket", bucket_of(record));
        json_add_text(entry, "key", key);
        cJSON_AddItemToArray(garbage, entry);
    }
}
