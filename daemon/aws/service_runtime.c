#include "aws/service_runtime.h"

#include "base/limits.h"

const struct aws_service service_runtime = {
    .name = "sagemaker-runtime",
    .host_prefix = "runtime.sagemaker",
    .signing_name = "sagemaker",
    .environment = "SAGEMAKER_RUNTIME",
    .fips_prefix = "runtime-fips.sagemaker",
    .gov_fips_prefix = "runtime.sagemaker",
    .protocol = AWS_REST_JSON,
};

static const struct aws_field invoke_endpoint_input_fields[] = {
    AWS_FIELD_TEXT(struct runtime_invoke_endpoint_input, endpoint_name, "EndpointName",
                   .place = AWS_IN_PATH),
    AWS_FIELD_BYTES(struct runtime_invoke_endpoint_input, body, "Body", .place = AWS_AS_PAYLOAD),
    AWS_FIELD_TEXT(struct runtime_invoke_endpoint_input, content_type, "content-type",
                   .place = AWS_IN_HEADER),
    AWS_FIELD_TEXT(struct runtime_invoke_endpoint_input, accept, "accept", .place = AWS_IN_HEADER),
    AWS_FIELD_TEXT(struct runtime_invoke_endpoint_input, target_model,
                   "x-amzn-sagemaker-target-model", .place = AWS_IN_HEADER),
    AWS_FIELD_TEXT(struct runtime_invoke_endpoint_input, target_variant,
                   "x-amzn-sagemaker-target-variant", .place = AWS_IN_HEADER),
};
static const struct aws_shape invoke_endpoint_input =
    AWS_SHAPE(struct runtime_invoke_endpoint_input, invoke_endpoint_input_fields);

static const struct aws_field invoke_endpoint_output_fields[] = {
    AWS_FIELD_INTEGER(struct runtime_invoke_endpoint_output, status, "StatusCode",
                      .place = AWS_AS_STATUS),
    AWS_FIELD_BYTES(struct runtime_invoke_endpoint_output, body, "Body", .place = AWS_AS_PAYLOAD),
    AWS_FIELD_TEXT(struct runtime_invoke_endpoint_output, content_type, "content-type",
                   .place = AWS_IN_HEADER),
    AWS_FIELD_TEXT(struct runtime_invoke_endpoint_output, invoked_production_variant,
                   "x-amzn-invoked-production-variant", .place = AWS_IN_HEADER),
};
static const struct aws_shape invoke_endpoint_output =
    AWS_SHAPE(struct runtime_invoke_endpoint_output, invoke_endpoint_output_fields);

/* A model is asked a question, not told to do something: twice does no harm. */
const struct aws_operation runtime_invoke_endpoint = {
    .service = &service_runtime,
    .name = "InvokeEndpoint",
    .method = "POST",
    .path = "/endpoints/{EndpointName}/invocations",
    .input = &invoke_endpoint_input,
    .output = &invoke_endpoint_output,
    .idempotent = true,
    .stall_timeout_ms = 70000,
    .response_maximum = LIMIT_INVOKE_BYTES,
};

static const struct aws_field invoke_endpoint_async_input_fields[] = {
    AWS_FIELD_TEXT(struct runtime_invoke_endpoint_async_input, endpoint_name, "EndpointName",
                   .place = AWS_IN_PATH),
    AWS_FIELD_TEXT(struct runtime_invoke_endpoint_async_input, input_location,
                   "x-amzn-sagemaker-inputlocation", .place = AWS_IN_HEADER),
    AWS_FIELD_TEXT(struct runtime_invoke_endpoint_async_input, content_type,
                   "x-amzn-sagemaker-content-type", .place = AWS_IN_HEADER),
    AWS_FIELD_TEXT(struct runtime_invoke_endpoint_async_input, accept, "x-amzn-sagemaker-accept",
                   .place = AWS_IN_HEADER),
};
static const struct aws_shape invoke_endpoint_async_input =
    AWS_SHAPE(struct runtime_invoke_endpoint_async_input, invoke_endpoint_async_input_fields);

static const struct aws_field invoke_endpoint_async_output_fields[] = {
    AWS_FIELD_TEXT(struct runtime_invoke_endpoint_async_output, output_location,
                   "x-amzn-sagemaker-outputlocation", .place = AWS_IN_HEADER),
    AWS_FIELD_TEXT(struct runtime_invoke_endpoint_async_output, failure_location,
                   "x-amzn-sagemaker-failurelocation", .place = AWS_IN_HEADER),
};
static const struct aws_shape invoke_endpoint_async_output =
    AWS_SHAPE(struct runtime_invoke_endpoint_async_output, invoke_endpoint_async_output_fields);

const struct aws_operation runtime_invoke_endpoint_async = {
    .service = &service_runtime,
    .name = "InvokeEndpointAsync",
    .method = "POST",
    .path = "/endpoints/{EndpointName}/async-invocations",
    .input = &invoke_endpoint_async_input,
    .output = &invoke_endpoint_async_output,
    .idempotent = true,
};
