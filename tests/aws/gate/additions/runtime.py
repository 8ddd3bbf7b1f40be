"""SageMaker Runtime: InvokeEndpoint answers with what serves; InvokeEndpointAsync does, too, later and in S3.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-invoke-endpoint.html
"""

import re
import time
import uuid
from typing import TYPE_CHECKING, Any

from .. import upstream
from ..exchange import AwsError, Request, Response
from . import s3

if TYPE_CHECKING:
    from ..gate import Gate


def _serving(gate: "Gate", request: Request, asynchronous: bool) -> Any:
    name = request.parameters["EndpointName"]
    serving = gate.sagemaker.serving(request.account, name)
    if serving is None:
        raise AwsError("ValidationError", f"Endpoint {name} of account {request.account} not found.")
    if ("AsyncInferenceConfig" in serving.config) != asynchronous:
        kind = "asynchronous" if asynchronous else "synchronous"
        raise AwsError("ValidationError", f"Endpoint {name} of account {request.account} does not support {kind} inference.")
    return serving


def _rule(gate: "Gate", serving: Any) -> dict[str, Any]:
    return next((r for r in gate.sagemaker.settings["invocations"] if serving.matches(r)), {})


def _body(rule: dict[str, Any], serving: Any) -> bytes:
    body = rule.get("body", "0.5\n")
    for name, value in serving.facts().items():  # a template: "{model_data}" and so on
        body = body.replace("{" + name + "}", value)
    return body.encode()


def invoke_endpoint(gate: "Gate", request: Request) -> Response:
    wanted = request.parameters
    serving = _serving(gate, request, asynchronous=False)
    rule = _rule(gate, serving)
    time.sleep(rule.get("delay_seconds", 0))
    status = rule.get("status", 200)
    if status >= 400 and "code" in rule:
        raise AwsError(rule["code"], rule.get("body", ""), status)
    return Response(status, [
        ("Content-Type", rule.get("content_type", "text/csv")),
        ("x-Amzn-Invoked-Production-Variant", wanted.get("TargetVariant", serving.variant)),
    ], _body(rule, serving))


def _place(url: str) -> tuple[str, str]:
    match = re.fullmatch(r"s3://([^/]+)/?(.*)", url)
    if match is None:
        raise AwsError("ValidationError", f"Invalid S3 location {url}")
    return match[1], match[2]


def _write(url: str, content: bytes) -> None:
    bucket, key = _place(url)
    with upstream.lock:
        owner = s3.owner_of(bucket)
        if owner is not None:
            upstream.backends("s3")[owner]["aws"].put_object(bucket, key, content)


def invoke_endpoint_async(gate: "Gate", request: Request) -> Response:
    serving = _serving(gate, request, asynchronous=True)
    rule, identity = _rule(gate, serving), str(uuid.uuid4())
    output = serving.config["AsyncInferenceConfig"]["OutputConfig"]
    bucket, key = _place(request.parameters["InputLocation"])
    owner = s3.owner_of(bucket)
    with upstream.lock:
        there = owner is not None and upstream.backends("s3")[owner]["aws"].get_object(bucket, key) is not None
    places = {"output": f"{output['S3OutputPath'].rstrip('/')}/{identity}.out"}
    if "S3FailurePath" in output:
        places["failure"] = f"{output['S3FailurePath'].rstrip('/')}/{identity}-error.out"
    failed = rule.get("status", 200) >= 400 or not there

    def answer() -> None:
        if not failed:
            _write(places["output"], _body(rule, serving))
        elif "failure" in places:
            _write(places["failure"], b"the input is not there" if not there else _body(rule, serving))

    if not rule.get("never"):
        gate.scheduler.after(rule.get("delay_seconds", 0.1), answer)
    headers = [("Content-Type", "application/json"), ("X-Amzn-SageMaker-OutputLocation", places["output"])]
    if "failure" in places:
        headers.append(("X-Amzn-SageMaker-FailureLocation", places["failure"]))
    return Response(202, headers, b'{"InferenceId": "' + identity.encode() + b'"}')


OPERATIONS = {"InvokeEndpoint": invoke_endpoint, "InvokeEndpointAsync": invoke_endpoint_async}
