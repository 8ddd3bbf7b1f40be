"""CodePipeline: what moto has no idea of: executions, and the results of jobs. All from what a test gave.

https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_PutJobSuccessResult.html
"""

from typing import TYPE_CHECKING, Any

from ..exchange import AwsError, Request, Response
from ..serialize import json_result

if TYPE_CHECKING:
    from ..gate import Gate


class CodePipeline:
    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.jobs: dict[str, dict[str, Any]] = {}  # by id: account, status, result
        self.executions: dict[str, dict[str, list[dict[str, Any]]]] = {}  # account -> pipeline -> newest first
        self.actions: dict[str, dict[str, list[dict[str, Any]]]] = {}

    def set(self, account: str, arguments: dict[str, Any]) -> None:
        """{"jobs": [id], "pipeline": name, "executions": [PipelineExecution], "actions": [ActionExecutionDetail]}"""
        for job in arguments.get("jobs", []):
            self.jobs[job] = {"account": account, "status": "InProgress", "result": None}
        if "pipeline" in arguments:
            self.executions.setdefault(account, {})[arguments["pipeline"]] = arguments.get("executions", [])
            self.actions.setdefault(account, {})[arguments["pipeline"]] = arguments.get("actions", [])

    def finish_job(self, request: Request, status: str) -> Response:
        job = self.jobs.get(request.parameters["jobId"])
        if job is None or job["account"] != request.account:
            raise AwsError("JobNotFoundException", "The job was specified in an invalid format or cannot be found.")
        if job["status"] != "InProgress":
            raise AwsError("InvalidJobStateException", f"Job {request.parameters['jobId']} is already {job['status']}.")
        job["status"], job["result"] = status, request.parameters
        return json_result(request, None)

    def of_pipeline(self, kind: dict[str, dict[str, list[dict[str, Any]]]], request: Request) -> list[dict[str, Any]]:
        name = request.parameters["pipelineName"]
        found = kind.get(request.account, {}).get(name)
        if found is None:
            raise AwsError("PipelineNotFoundException", f"Account '{request.account}' does not have a pipeline with name '{name}'")
        return found


def put_job_success_result(gate: "Gate", request: Request) -> Response:
    return gate.pipelines.finish_job(request, "Succeeded")


def put_job_failure_result(gate: "Gate", request: Request) -> Response:
    """https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_PutJobFailureResult.html"""
    return gate.pipelines.finish_job(request, "Failed")


def list_pipeline_executions(gate: "Gate", request: Request) -> Response:
    """https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_ListPipelineExecutions.html"""
    found = gate.pipelines.of_pipeline(gate.pipelines.executions, request)
    return _page(request, "pipelineExecutionSummaries", found)


def list_action_executions(gate: "Gate", request: Request) -> Response:
    """https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_ListActionExecutions.html"""
    found = gate.pipelines.of_pipeline(gate.pipelines.actions, request)
    only = request.parameters.get("filter", {}).get("pipelineExecutionId")
    return _page(request, "actionExecutionDetails", [a for a in found if only in (None, a.get("pipelineExecutionId"))])


def get_pipeline_execution(gate: "Gate", request: Request) -> Response:
    """https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_GetPipelineExecution.html"""
    for execution in gate.pipelines.of_pipeline(gate.pipelines.executions, request):
        if execution.get("pipelineExecutionId") == request.parameters["pipelineExecutionId"]:
            return json_result(request, {"pipelineExecution": {"pipelineName": request.parameters["pipelineName"], **execution}})
    raise AwsError("PipelineExecutionNotFoundException", "The pipeline execution was not found.")


def _page(request: Request, key: str, found: list[dict[str, Any]]) -> Response:
    start = int(request.parameters.get("nextToken", 0))
    end = start + request.parameters.get("maxResults", 100)
    more = {"nextToken": str(end)} if end < len(found) else {}
    return json_result(request, {key: found[start:end], **more})


OPERATIONS = {
    "PutJobSuccessResult": put_job_success_result,
    "PutJobFailureResult": put_job_failure_result,
    "ListPipelineExecutions": list_pipeline_executions,
    "ListActionExecutions": list_action_executions,
    "GetPipelineExecution": get_pipeline_execution,
}
