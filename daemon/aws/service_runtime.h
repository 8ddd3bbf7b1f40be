/* SageMaker Runtime (API Reference, 2017-05-13). */
#ifndef CAUSEWAY_AWS_SERVICE_RUNTIME_H
#define CAUSEWAY_AWS_SERVICE_RUNTIME_H

#include "aws/operation.h"

#include <stdint.h>

extern const struct aws_service service_runtime;

struct runtime_invoke_endpoint_input {
    const char *endpoint_name;
    struct aws_bytes body;
    const char *content_type; /* NULL for none of these four */
    const char *accept;
    const char *target_model; /* of a multi-model endpoint */
    const char *target_variant;
};
struct runtime_invoke_endpoint_output {
    int64_t status; /* 200; what a container answers else is the error ModelError */
    struct aws_bytes body;
    const char *content_type;
    const char *invoked_production_variant;
};
/* A model has 60 s to answer. Answers are read up to LIMIT_INVOKE_BYTES. */
extern const struct aws_operation runtime_invoke_endpoint;

/* The request is an object in S3; the answer, or the failure, will be one, too. */
struct runtime_invoke_endpoint_async_input {
    const char *endpoint_name;
    const char *input_location; /* "s3://BUCKET/KEY" */
    const char *content_type;   /* NULL for none of these two */
    const char *accept;
};
struct runtime_invoke_endpoint_async_output {
    const char *output_location;
    const char *failure_location; /* or NULL */
};
extern const struct aws_operation runtime_invoke_endpoint_async;

#endif
