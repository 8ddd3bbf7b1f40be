/* CodePipeline (API Reference, 2015-07-09). Inputs and outputs are JSON objects in AWS's names. */
#ifndef CAUSEWAY_AWS_SERVICE_CODEPIPELINE_H
#define CAUSEWAY_AWS_SERVICE_CODEPIPELINE_H

#include "aws/operation.h"

extern const struct aws_service service_codepipeline;

extern const struct aws_operation codepipeline_get_pipeline;    /* {name}: {pipeline, metadata} */
extern const struct aws_operation codepipeline_list_pipelines;  /* {nextToken?}: {pipelines} */
extern const struct aws_operation codepipeline_update_pipeline; /* {pipeline}: {pipeline} */

/* {pipelineName, filter?: {pipelineExecutionId}, maxResults?, nextToken?}:
 * {actionExecutionDetails, nextToken?}, newest first. */
extern const struct aws_operation codepipeline_list_action_executions;

/* {pipelineName, maxResults?, nextToken?}: {pipelineExecutionSummaries, nextToken?} */
extern const struct aws_operation codepipeline_list_pipeline_executions;

/* {pipelineName, pipelineExecutionId}: {pipelineExecution} */
extern const struct aws_operation codepipeline_get_pipeline_execution;

/* {jobId, ...}. A job takes one result: InvalidJobStateException says that it has one. */
extern const struct aws_operation codepipeline_put_job_success_result;
/* {jobId, failureDetails: {type, message, externalExecutionId?}} */
extern const struct aws_operation codepipeline_put_job_failure_result;

#endif
