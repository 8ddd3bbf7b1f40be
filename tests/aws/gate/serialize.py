"""Answers in each protocol: errors everywhere, results for the operations that the gate answers itself."""

import json
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

from .exchange import AwsError, Request, Response

# The codes that SQS's old query protocol used, told in x-amzn-query-error:
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-json-faqs.html
_SQS_QUERY_CODES = {
    "QueueDoesNotExist": "AWS.SimpleQueueService.NonExistentQueue",
    "RequestThrottled": "RequestThrottled",
    "ReceiptHandleIsInvalid": "ReceiptHandleIsInvalid",
}


def error(request: Request, failure: AwsError, request_id: str) -> Response:
    response = _error_body(request, failure, request_id)
    response.error_code = failure.code
    response.headers.extend(failure.headers.items())
    return response


def _error_body(request: Request, failure: AwsError, request_id: str) -> Response:
    side = "Sender" if failure.status < 500 else "Receiver"
    if request.service == "s3":
        body = (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f"<Error><Code>{failure.code}</Code><Message>{escape(failure.message)}</Message>"
            f"<RequestId>{request_id}</RequestId><HostId>{request_id}</HostId></Error>"
        )
        return Response(failure.status, [("Content-Type", "application/xml")],
                        b"" if request.method == "HEAD" else body.encode())
    if request.protocol in ("query", "ec2"):
        body = (
            '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error>'
            f"<Type>{side}</Type><Code>{failure.code}</Code><Message>{escape(failure.message)}</Message></Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        )
        return Response(failure.status, [("Content-Type", "text/xml")], body.encode())
    if request.protocol == "rest-json":
        return Response(
            failure.status, [("Content-Type", "application/json"), ("x-amzn-ErrorType", failure.code)],
            json.dumps({"message": failure.message}).encode(),
        )
    kind, headers = failure.code, [("Content-Type", "application/x-amz-json-1.1")]
    if request.service == "sqs":
        kind = f"com.amazonaws.sqs#{failure.code}"
        headers = [("Content-Type", "application/x-amz-json-1.0"),
                   ("x-amzn-query-error", f"{_SQS_QUERY_CODES.get(failure.code, failure.code)};{side}")]
    return Response(failure.status, headers, json.dumps({"__type": kind, "message": failure.message}).encode())


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return round(value.timestamp(), 3)
    raise TypeError(f"{type(value)} in an answer")


def json_result(request: Request, result: dict[str, Any] | None) -> Response:
    """A result of a JSON service; dates become seconds since 1970, as in AWS's own."""
    kind = "application/x-amz-json-1.0" if request.service == "sqs" else "application/x-amz-json-1.1"
    body = b"" if result is None else json.dumps(result, default=_plain).encode()
    return Response(200, [("Content-Type", kind)], body)


def query_result(request: Request, result: dict[str, Any], request_id: str) -> Response:
    name = request.operation
    body = (
        f'<{name}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{name}Result>{_xml(result)}</{name}Result>'
        f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{name}Response>"
    )
    return Response(200, [("Content-Type", "text/xml")], body.encode())


def _xml(value: Any) -> str:
    if isinstance(value, dict):
        return "".join(f"<{k}>{_xml(v)}</{k}>" for k, v in value.items() if v is not None)
    return escape(str(value))
