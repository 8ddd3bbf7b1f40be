/* Where a service is: partition, region, FIPS, and the overrides of the SDKs (AWS SDKs and Tools
 * Reference Guide, "Service-specific endpoints"). Pure over the settings given.
 *
 * An overriding URL is the first that is set of AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL and
 * the profile's; together with FIPS it is refused, as the SDKs do. */
#ifndef CAUSEWAY_AWS_ENDPOINT_H
#define CAUSEWAY_AWS_ENDPOINT_H

#include "aws/operation.h"
#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>

struct aws_endpoint_settings {
    const char *(*environment)(const char *name); /* as getenv() */
    const char *profile_endpoint_url;             /* endpoint_url of the profile, or NULL */
    bool use_fips;
    bool ignore_configured; /* AWS_IGNORE_CONFIGURED_ENDPOINT_URLS */
};

struct aws_endpoint {
    const char *base_url; /* scheme and authority: "https://sqs.us-east-1.amazonaws.com" */
    const char *host;     /* "sqs.us-east-1.amazonaws.com", with a port that is not the scheme's */
    const char *path;     /* path of an overriding URL, to stand before the request's own (and to be
                             signed with it), without a '/' behind it; "" mostly */
    const char *signing_region;
};

/* The partition of a region: "aws", "aws-cn", "aws-us-gov", "aws-eusc", "aws-iso" and its kin;
 * "aws" for what is unknown. */
const char *aws_partition(const char *region);
/* "amazonaws.com", "amazonaws.com.cn". */
const char *aws_dns_suffix(const char *region);

/* ERROR_INVALID where the region cannot be part of a host name, an overriding URL is not one, or
 * the service has no such endpoint. */
int aws_endpoint_resolve(struct arena *arena, const struct aws_service *service, const char *region,
                         const struct aws_endpoint_settings *settings,
                         struct aws_endpoint *endpoint, struct error *error);

#endif
