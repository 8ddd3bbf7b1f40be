"""SageMaker Runtime: InvokeEndpoint answers with what serves.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
"""

import time
from typing import TYPE_CHECKING

from ..exchange import AwsError, Request, Response

if TYPE_CHECKING:
    from ..gate import Gate


def invoke_endpoint(gate: "Gate", request: Request) -> Response:
    wanted = request.parameters
    serving = gate.sagemaker.serving(request.account, wanted["EndpointName"])
    if serving is None:
        raise AwsError("ValidationError", f"Endpoint {wanted['EndpointName']} of account {request.account} not found.")
    rule = next((r for r in gate.sagemaker.settings["invocations"] if serving.matches(r)), {})
    time.sleep(rule.get("delay_seconds", 0))
    status = rule.get("status", 200)
    if status >= 400 and "code" in rule:
        raise AwsError(rule["code"], rule.get("body", ""), status)
    body = rule.get("body", "0.5\n")
    for name, value in serving.facts().items():  # a template: "{model_data}" and so on
        body = body.replace("{" + name + "}", value)
    return Response(status, [
        ("Content-Type", rule.get("content_type", "text/csv")),
        ("x-Amzn-Invoked-Production-Variant", wanted.get("TargetVariant", serving.variant)),
    ], body.encode())


OPERATIONS = {"InvokeEndpoint": invoke_endpoint}
