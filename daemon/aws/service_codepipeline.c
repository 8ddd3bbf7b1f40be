#include "aws/service_codepipeline.h"

const struct aws_service service_codepipeline = {
    .name = "codepipeline",
    .host_prefix = "codepipeline",
    .signing_name = "codepipeline",
    .environment = "CODEPIPELINE",
    .target_prefix = "CodePipeline_20150709",
    .protocol = AWS_JSON_1_1,
};

const struct aws_operation codepipeline_get_pipeline = {
    .service = &service_codepipeline,
    .name = "GetPipeline",
    .idempotent = true,
};

const struct aws_operation codepipeline_list_pipelines = {
    .service = &service_codepipeline,
    .name = "ListPipelines",
    .idempotent = true,
};

/* Raises the pipeline's version each time: not sent again where nobody knows. */
const struct aws_operation codepipeline_update_pipeline = {
    .service = &service_codepipeline,
    .name = "UpdatePipeline",
};

const struct aws_operation codepipeline_list_action_executions = {
    .service = &service_codepipeline,
    .name = "ListActionExecutions",
    .idempotent = true,
};

const struct aws_operation codepipeline_list_pipeline_executions = {
    .service = &service_codepipeline,
    .name = "ListPipelineExecutions",
    .idempotent = true,
};

const struct aws_operation codepipeline_get_pipeline_execution = {
    .service = &service_codepipeline,
    .name = "GetPipelineExecution",
    .idempotent = true,
};

/* The same result again is refused without harm. */
const struct aws_operation codepipeline_put_job_success_result = {
    .service = &service_codepipeline,
    .name = "PutJobSuccessResult",
    .output = &aws_nothing,
    .idempotent = true,
};

const struct aws_operation codepipeline_put_job_failure_result = {
    .service = &service_codepipeline,
    .name = "PutJobFailureResult",
    .output = &aws_nothing,
    .idempotent = true,
};
