/* Operations: one row each. A service file (service_sqs.c, ...) is a list of structs, their shapes
 * and such rows; a new operation costs the row and the fields it needs. */
#ifndef CAUSEWAY_AWS_OPERATION_H
#define CAUSEWAY_AWS_OPERATION_H

#include "aws/shape.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum aws_protocol {
    AWS_JSON_1_0, /* POST /, X-Amz-Target */
    AWS_JSON_1_1,
    AWS_QUERY,    /* POST / of a form; XML answers */
    AWS_REST_XML, /* S3 */
    AWS_REST_JSON,
};

struct aws_service {
    const char *name;            /* as endpoints are named and the journal says: "sqs" */
    const char *host_prefix;     /* "sqs", "api.ecr", "runtime.sagemaker" */
    const char *signing_name;    /* "sqs", "ecr", "sagemaker" */
    const char *environment;     /* what follows AWS_ENDPOINT_URL_: "SQS", "SAGEMAKER_RUNTIME" */
    const char *target_prefix;   /* JSON protocols: "AmazonSQS" */
    const char *version;         /* query protocol: "2011-06-15" */
    const char *xml_namespace;   /* REST XML: of request bodies */
    const char *fips_prefix;     /* the host prefix of FIPS endpoints: in the partition aws, */
    const char *gov_fips_prefix; /* and in aws-us-gov, whose plain endpoints mostly are FIPS ones.
                                    NULL, and elsewhere: host_prefix with "-fips" behind it */
    const char *fips_excluded;   /* a partition where the service has none; NULL mostly */
    enum aws_protocol protocol;
    bool global;           /* one endpoint a partition, signed for its main region (IAM) */
    bool query_compatible; /* sends x-amzn-query-mode, reads x-amzn-query-error (SQS) */
};

struct aws_operation {
    const struct aws_service *service;
    const char *name;               /* "ReceiveMessage" */
    const char *method;             /* REST protocols; POST otherwise */
    const char *path;               /* REST protocols: "/{Bucket}/{Key+}?uploads"; NULL where the
                                       input says the whole URL (AWS_AS_URL) */
    const struct aws_shape *input;  /* NULL: the input is a cJSON object, sent as it is (JSON) */
    const struct aws_shape *output; /* NULL: the output is a cJSON object, as it came (JSON only).
                                       &aws_nothing where the answer may have no body */
    bool anonymous;    /* sent without a signature: its proof is in the input (web identity) */
    bool idempotent;   /* may be sent again when nobody knows whether it was carried out */
    double per_second; /* AWS's quota for calls of it, a second and account; 0 for none known */
    double burst;
    int64_t stall_timeout_ms; /* 0 for the default; a long poll's is its wait and some */
    size_t response_maximum;  /* 0 for LIMIT_RESPONSE_BYTES */
    size_t request_maximum;   /* of a JSON body; 0 for LIMIT_REQUEST_BYTES */
};

#endif
