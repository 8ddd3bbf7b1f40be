#include "aws/endpoint.h"

#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* AWS's partitions, as botocore's partitions.json has them; aws itself is what remains. */
struct partition {
    const char *name;
    const char *region_prefix;
    const char *dns_suffix;
    const char *main_region; /* which global services are signed for */
    const char
        *global_label; /* stands in their host where others have the region; "" for nothing */
};

static const struct partition partitions[] = {
    {"aws-cn", "cn-", "amazonaws.com.cn", "cn-north-1", "cn-north-1"},
    {"aws-us-gov", "us-gov-", "amazonaws.com", "us-gov-west-1", "us-gov"},
    {"aws-eusc", "eusc-", "amazonaws.eu", "eusc-de-east-1", "eusc-de-east-1"},
    {"aws-iso", "us-iso-", "c2s.ic.gov", "us-iso-east-1", "us-iso-east-1"},
    {"aws-iso-b", "us-isob-", "sc2s.sgov.gov", "us-isob-east-1", "us-isob-east-1"},
    {"aws-iso-e", "eu-isoe-", "cloud.adc-e.uk", "eu-isoe-west-1", "eu-isoe-west-1"},
    {"aws-iso-f", "us-isof-", "csp.hci.ic.gov", "us-isof-south-1", "us-isof-south-1"},
    {"aws", "", "amazonaws.com", "us-east-1", ""},
};

static const struct partition *partition_of(const char *region)
{
    const struct partition *partition = partitions;

    while (!text_starts_with(region, partition->region_prefix))
        partition++;
    return partition;
}

const char *aws_partition(const char *region)
{
    return partition_of(region)->name;
}

const char *aws_dns_suffix(const char *region)
{
    return partition_of(region)->dns_suffix;
}

/* A region becomes a label of a host name: nothing else may be smuggled into it. */
static bool is_label(const char *region)
{
    size_t length = region ? strlen(region) : 0;

    if (length == 0 || length > 63 || region[0] == '-' || region[length - 1] == '-')
        return false;
    for (; *region; region++)
        if (!islower((unsigned char)*region) && !isdigit((unsigned char)*region) && *region != '-')
            return false;
    return true;
}

/* ---- AWS's own names ------------------------------------------------------------------------- */

static const char *fips_prefix(struct arena *arena, const struct aws_service *service,
                               const struct partition *partition)
{
    const char *prefix = NULL;

    if (text_equal(partition->name, "aws"))
        prefix = service->fips_prefix;
    else if (text_equal(partition->name, "aws-us-gov"))
        prefix = service->gov_fips_prefix;
    return prefix ? prefix : arena_printf(arena, "%s-fips", service->host_prefix);
}

static int use_own_name(struct arena *arena, const struct aws_service *service, const char *region,
                        bool use_fips, struct aws_endpoint *endpoint, struct error *error)
{
    const struct partition *partition = partition_of(region);
    const char *label = service->global ? partition->global_label : region;

    if (use_fips && text_equal(service->fips_excluded, partition->name))
        return error_set(error, ERROR_INVALID, "%s has no FIPS endpoint in %s", service->name,
                         partition->name);
    const char *prefix = use_fips ? fips_prefix(arena, service, partition) : service->host_prefix;

    endpoint->host =
        arena_printf(arena, "%s%s%s.%s", prefix, *label ? "." : "", label, partition->dns_suffix);
    endpoint->base_url = arena_printf(arena, "https://%s", endpoint->host);
    return 0;
}

/* ---- overriding URLs ------------------------------------------------------------------------- */

struct url {
    const char *scheme; /* "http" or "https" */
    const char *authority;
    size_t authority_length;
    const char *port; /* in the authority, behind its colon; NULL where there is none */
    const char *path;
};

static bool is_printable(const char *text)
{
    for (; *text; text++)
        if (!isgraph((unsigned char)*text) || strchr("\"<>\\^`{|}", *text))
            return false;
    return true;
}

static bool is_port(const char *port, size_t length)
{
    long number = 0;

    if (length == 0 || length > 5)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (!isdigit((unsigned char)port[i]))
            return false;
        number = number * 10 + (port[i] - '0');
    }
    return number >= 1 && number <= 65535;
}

/* host, host:port, [v6], [v6]:port; no user name. */
static bool read_authority(struct url *url)
{
    const char *end = url->authority + url->authority_length;
    const char *host_end;

    if (memchr(url->authority, '@', url->authority_length))
        return false;
    if (*url->authority == '[') {
        host_end = memchr(url->authority, ']', url->authority_length);
        if (!host_end || host_end == url->authority + 1)
            return false;
        host_end++;
    } else {
        host_end = memchr(url->authority, ':', url->authority_length);
        host_end = host_end ? host_end : end;
    }
    if (host_end == url->authority)
        return false;
    if (host_end == end)
        return true;
    url->port = host_end + 1;
    return *host_end == ':' && is_port(url->port, (size_t)(end - url->port));
}

static bool read_url(const char *text, struct url *url)
{
    if (strncasecmp(text, "https://", 8) == 0)
        *url = (struct url){.scheme = "https", .authority = text + 8};
    else if (strncasecmp(text, "http://", 7) == 0)
        *url = (struct url){.scheme = "http", .authority = text + 7};
    else
        return false;
    url->authority_length = strcspn(url->authority, "/?#");
    url->path = url->authority + url->authority_length;
    return is_printable(text) && read_authority(url) && !strpbrk(url->path, "?#");
}

/* A port that is the scheme's is not said in Host, by us or by anybody. */
static const char *host_of(struct arena *arena, const struct url *url)
{
    const char *default_port = text_equal(url->scheme, "https") ? "443" : "80";
    size_t length = url->authority_length;

    if (url->port) {
        size_t port_length = (size_t)(url->authority + length - url->port);

        if (port_length == strlen(default_port) &&
            memcmp(url->port, default_port, port_length) == 0)
            length -= port_length + 1;
    }
    return arena_copy_bytes(arena, url->authority, length);
}

static const char *path_of(struct arena *arena, const struct url *url)
{
    size_t length = strlen(url->path);

    while (length > 0 && url->path[length - 1] == '/')
        length--;
    return arena_copy_bytes(arena, url->path, length);
}

static int use_url(struct arena *arena, const char *name, const char *text,
                   struct aws_endpoint *endpoint, struct error *error)
{
    struct url url;

    if (!read_url(text, &url))
        return error_set(error, ERROR_INVALID,
                         "%s is \"%.200s\", which is not an http or https URL of a host and a path",
                         name, text);
    endpoint->host = host_of(arena, &url);
    endpoint->base_url =
        arena_printf(arena, "%s://%.*s", url.scheme, (int)url.authority_length, url.authority);
    endpoint->path = path_of(arena, &url);
    return 0;
}

/* The first overriding URL that is set, and what it is called; NULL where there is none. */
static const char *find_override(struct arena *arena, const struct aws_service *service,
                                 const struct aws_endpoint_settings *settings, const char **name)
{
    const char *value;

    if (settings->ignore_configured)
        return NULL;
    *name = arena_printf(arena, "AWS_ENDPOINT_URL_%s", service->environment);
    value = settings->environment ? settings->environment(*name) : NULL;
    if (!text_is_empty(value))
        return value;
    *name = "AWS_ENDPOINT_URL";
    value = settings->environment ? settings->environment(*name) : NULL;
    if (!text_is_empty(value))
        return value;
    *name = "the profile's endpoint_url";
    return text_is_empty(settings->profile_endpoint_url) ? NULL : settings->profile_endpoint_url;
}

int aws_endpoint_resolve(struct arena *arena, const struct aws_service *service, const char *region,
                         const struct aws_endpoint_settings *settings,
                         struct aws_endpoint *endpoint, struct error *error)
{
    const char *name = NULL;
    const char *override = find_override(arena, service, settings, &name);

    if (!is_label(region))
        return error_set(error, ERROR_INVALID, "\"%.80s\" is not a region", region ? region : "");
    *endpoint = (struct aws_endpoint){.path = ""};
    endpoint->signing_region =
        service->global ? partition_of(region)->main_region : arena_copy(arena, region);
    if (!override)
        return use_own_name(arena, service, region, settings->use_fips, endpoint, error);
    if (settings->use_fips)
        return error_set(error, ERROR_INVALID,
                         "%s and FIPS endpoints exclude each other: unset one of them", name);
    return use_url(arena, name, override, endpoint, error);
}
