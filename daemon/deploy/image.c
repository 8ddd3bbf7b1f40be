#include "deploy/image.h"

#include "base/text.h"

#include <ctype.h>
#include <string.h>

/* Copies [text, end) into a field; false where it is empty or too long. */
static bool fill(char *field, size_t size, const char *text, const char *end)
{
    size_t length = (size_t)(end - text);

    if (length == 0 || length >= size)
        return false;
    memcpy(field, text, length);
    field[length] = '\0';
    return true;
}

static bool is_digest(const char *text)
{
    const char *hex = text + strlen("sha256:");

    if (!text_starts_with(text, "sha256:") || strlen(hex) != 64)
        return false;
    return strspn(hex, "0123456789abcdef") == 64;
}

/* "ACCOUNT.dkr.ecr.REGION.amazonaws.com" */
static bool parse_host(const char *uri, const char *slash, struct image *image)
{
    const char *registry = strstr(uri, ".dkr.ecr");

    if (!registry || registry > slash ||
        !fill(image->account, sizeof(image->account), uri, registry))
        return false;
    if (strlen(image->account) != 12 || strspn(image->account, "0123456789") != 12)
        return false;
    const char *region = registry + strlen(".dkr.ecr");

    if (text_starts_with(region, "-fips"))
        region += strlen("-fips");
    if (*region++ != '.')
        return false;
    const char *suffix = strstr(region, ".amazonaws.com");

    if (!suffix || suffix > slash || !fill(image->region, sizeof(image->region), region, suffix))
        return false;
    suffix += strlen(".amazonaws.com");
    return suffix == slash || (text_starts_with(suffix, ".cn") && suffix + 3 == slash);
}

/* [a-zA-Z0-9_][a-zA-Z0-9._-]* (ECR API Reference, ImageIdentifier) */
static bool is_tag(const char *text)
{
    if (*text == '.' || *text == '-')
        return false;
    for (; *text; text++)
        if (!isalnum((unsigned char)*text) && !strchr("._-", *text))
            return false;
    return true;
}

static bool parse_name(const char *name, struct image *image)
{
    const char *at = strchr(name, '@');
    const char *end = at ? at : name + strlen(name);
    const char *colon = memchr(name, ':', (size_t)(end - name));

    if (!fill(image->repository, sizeof(image->repository), name, colon ? colon : end))
        return false;
    if (colon && (!fill(image->tag, sizeof(image->tag), colon + 1, end) || !is_tag(image->tag)))
        return false;
    if (at && (!is_digest(at + 1) || !text_fill(image->digest, sizeof(image->digest), at + 1)))
        return false;
    if (!colon && !at)
        text_fill(image->tag, sizeof(image->tag), "latest");
    for (const char *c = image->repository; *c; c++)
        if (!islower((unsigned char)*c) && !isdigit((unsigned char)*c) && !strchr("._-/", *c))
            return false;
    return true;
}

int image_parse(const char *uri, struct image *image, struct error *error)
{
    const char *slash = strchr(uri, '/');

    *image = (struct image){0};
    if (!slash || !parse_host(uri, slash, image))
        return error_set(error, ERROR_INVALID,
                         "it is not in a private ECR registry, written "
                         "ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG");
    if (!parse_name(slash + 1, image))
        return error_set(error, ERROR_INVALID,
                         "its repository, tag or digest is not written as ECR writes them");
    return 0;
}

char *image_by_digest(const char *uri, const char *digest)
{
    const char *slash = strchr(uri, '/');
    size_t length = slash ? (size_t)(slash - uri) + strcspn(slash, ":@") : strlen(uri);

    return text_printf("%.*s@%s", (int)length, uri, digest);
}
