/* CodePipeline (API Reference, 2015-07-09). Documents (cJSON) in and out, with AWS's field names.
 */
#ifndef CAUSEWAY_AWS_SERVICE_CODEPIPELINE_H
#define CAUSEWAY_AWS_SERVICE_CODEPIPELINE_H

#include "aws/operation.h"

extern const struct aws_service service_codepipeline;

/* {"pipelineName", "filter": {"pipelineExecutionId"}, "maxResults", "nextToken"} ->
 * {"actionExecutionDetails": [...], "nextToken"}, newest first */
extern const struct aws_operation codepipeline_list_action_executions;
/* {"pipelineName", "maxResults", "nextToken"} -> {"pipelineExecutionSummaries": [...],
 * "nextToken"}, newest first */
extern const struct aws_operation codepipeline_list_pipeline_executions;
/* {"pipelineName", "pipelineExecutionId"} -> {"pipelineExecution": {...}} */
extern const struct aws_operation codepipeline_get_pipeline_execution;

/* {"jobId"}, and {"jobId", "failureDetails": {"type", "message"}}. A job that has been answered is
 * ERROR_CONFLICT, one that is unknown ERROR_NOT_FOUND. */
extern const struct aws_operation codepipeline_put_job_success_result;
extern const struct aws_operation codepipeline_put_job_failure_result;

#endif
