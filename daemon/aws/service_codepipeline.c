#include "aws/service_codepipeline.h"

const struct aws_service service_codepipeline = {
    .name = "codepipeline",
    .host_prefix = "codepipeline",
    .signing_name = "codepipeline",
    .environment = "CODEPIPELINE",
    .target_prefix = "CodePipeline_20150709",
    .protocol = AWS_JSON_1_1,
};

#define LOOK(variable_, name_)               \
    const struct aws_operation variable_ = { \
        .service = &service_codepipeline,    \
        .name = (name_),                     \
        .idempotent = true,                  \
    }

LOOK(codepipeline_list_action_executions, "ListActionExecutions");
LOOK(codepipeline_list_pipeline_executions, "ListPipelineExecutions");
LOOK(codepipeline_get_pipeline_execution, "GetPipelineExecution");

/* Told twice, it says that the job is over, which is what was meant. */
#define TELL(variable_, name_)               \
    const struct aws_operation variable_ = { \
        .service = &service_codepipeline,    \
        .name = (name_),                     \
        .output = &aws_nothing,              \
        .idempotent = true,                  \
    }

TELL(codepipeline_put_job_success_result, "PutJobSuccessResult");
TELL(codepipeline_put_job_failure_result, "PutJobFailureResult");
