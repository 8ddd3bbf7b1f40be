"""One request's way through the gate; see the package's text for the picture."""

import json
import re
import time
import traceback
import uuid
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path
from typing import Any

from . import check, faults, identity, models, parse, serialize, signature, upstream
from .additions import (
    cloudformation, cloudwatch, codepipeline, dynamodb, dynamodb_rules, ecr, ecr_layers, eventbridge, iam, registry, runtime, s3, sagemaker,
    sparse, sqs, sts)
from .clock import Clock, Scheduler
from .control import Control
from .exchange import AwsError, Request, Response
from .metadata import Metadata
from .record import Record, shorten

DEFAULT_ACCOUNTS = {"prod": "361769565206", "staging": "345594592951"}


class Gate:
    """All state there is outside moto, and the one function that answers a request."""

    def __init__(self, directory: Path | None, accounts: dict[str, str], region: str) -> None:
        self.accounts = accounts
        self.region = region
        self.clock = Clock()
        self.scheduler = Scheduler()
        self.keys = identity.Keys()
        self.record = Record(directory / "calls.jsonl" if directory else None)
        self.faults = faults.Faults(accounts)
        self.users = {name: self.keys.add_user(account, "admin") for name, account in accounts.items()}
        self.daemons = {name: self.keys.add_user(account, "causeway") for name, account in accounts.items()}
        self.metadata = Metadata(self)
        self.events = eventbridge.EventBridge(self)
        self.queues = sqs.Queues(self)
        self.pipelines = codepipeline.CodePipeline()
        self.iam = iam.Iam(self)
        self.sagemaker = sagemaker.SageMaker(self)
        self.registry = registry.Registry()
        self.alarms = cloudwatch.Alarms()
        self.stacks = cloudformation.Stacks(self)
        self.layers = ecr_layers.Layers()
        self.sparse = sparse.SparseObjects()
        self.control = Control(self)
        self.connections_accepted: Callable[[], int] = lambda: 0
        self.additions: dict[str, dict[str, Callable[[Gate, Request], Response | None]]] = {
            "cloudformation": cloudformation.OPERATIONS,
            "cloudwatch": cloudwatch.OPERATIONS,
            "codepipeline": codepipeline.OPERATIONS,
            "dynamodb": dynamodb.OPERATIONS,
            "ecr": {**ecr.OPERATIONS, **ecr_layers.OPERATIONS},
            "events": eventbridge.OPERATIONS,
            "s3": s3.OPERATIONS,
            "sagemaker": {**sagemaker.OPERATIONS, **registry.OPERATIONS},
            "sagemaker-runtime": runtime.OPERATIONS,
            "sqs": sqs.OPERATIONS,
            "sts": sts.OPERATIONS,
        }

    def reset(self) -> None:
        """An empty world: everything forgotten but the users' keys."""
        self.scheduler.clear()
        self.faults.forget()
        with upstream.lock:
            upstream.reset()
            self.keys.forget_sessions()
            self.metadata.reset()
            self.events.reset()
            self.queues.reset()
            self.pipelines.reset()
            self.iam.reset()
            self.sagemaker.reset()
            self.registry.reset()
            self.alarms.reset()
            self.stacks.reset()
            self.layers.reset()
            self.sparse.reset()
        self.record.clear()

    def answer(self, request: Request) -> Response:
        if request.path.startswith("/_gate/") and not request.path.startswith("/_gate/container-credentials"):
            return self.control.answer(request)
        request_id = str(uuid.uuid4())
        request.scratch["sequence"] = self.record.next_sequence()
        started = time.time()
        struck: list[dict[str, Any]] = []
        try:
            response = self._answer(request, request_id, struck)
        except AwsError as failure:
            response = serialize.error(request, failure, request_id)
            if failure.violation:
                self._violation(request, failure)
        except Exception as problem:  # a bug of the gate or of moto must fail the test, not hang it
            failure = AwsError("InternalFailure", f"gate: {type(problem).__name__}: {problem}", 500)
            response = serialize.error(request, failure, request_id)
            self.record.add_violation(f"the gate failed: {type(problem).__name__}: {problem}",
                                      sequence=request.scratch["sequence"], service=request.service, operation=request.operation)
            traceback.print_exc()
        self._finish(request, response, request_id, struck)
        self._record(request, response, started, struck)
        return response

    def _answer(self, request: Request, request_id: str, struck: list[dict[str, Any]]) -> Response:
        request.scratch["request_id"] = request_id
        if self.metadata.owns(request):
            return self._with_faults(request, struck, lambda _: None, self.metadata.answer)
        if ecr_layers.is_download(request):
            request.service, request.operation, request.protocol, request.region = "ecr-layers", "GetLayer", "rest-xml", self.region
            return self._with_faults(request, struck, lambda _: None, lambda asked: ecr_layers.download(self, asked))
        if sts.is_web_identity(request):
            request.service, request.protocol, request.region = "sts", "query", self.region
            request.operation = "AssumeRoleWithWebIdentity"
            return self._with_faults(request, struck, self._read_parameters, self._carry_out)
        claim = self._read_claim(request)
        request.region = claim.region
        principal = self.keys.find(claim.access_key_id)
        if principal is None:
            code = {"s3": "InvalidAccessKeyId", "sts": "InvalidClientTokenId"}.get(
                request.service, "UnrecognizedClientException")
            raise AwsError(code, "The security token included in the request is invalid.", 403,
                           violation=f"unknown access key {claim.access_key_id[:24]}")
        request.account, request.principal = principal.account, principal.arn
        request.scratch["principal"], request.scratch["claim"] = principal, claim
        request.operation, request.scratch["uri"] = models.resolve(request)
        return self._with_faults(request, struck, self._verify, self._carry_out)

    def _read_claim(self, request: Request) -> signature.Claim:
        # Until the scope is read, the form of an error is guessed from the request's.
        if request.header("x-amz-target"):
            request.protocol = "json"
        else:
            request.protocol = "query" if request.method == "POST" else "rest-xml"
        claim = signature.read_claim(request)
        request.service = models.service_for(claim.service, request.path)
        # A service may speak several: CloudWatch CBOR, JSON and forms. The form of a target is JSON's.
        request.protocol = "json" if request.header("x-amz-target") else models.protocol_of(request.service)
        return claim

    def _with_faults(self, request: Request, struck: list[dict[str, Any]], verify: Callable[[Request], None],
                     carry_out: Callable[[Request], Response]) -> Response:
        """A request is verified whatever strikes it, so that no fault hides a violation."""
        struck.extend(self.faults.strike(request))
        request.scratch["faults"] = struck
        verify(request)
        instead = faults.before(struck, self.faults, request)
        if instead is not None:
            return instead
        try:
            response = carry_out(request)
        except AwsError as failure:
            if failure.violation:
                self._violation(request, failure)
            response = serialize.error(request, failure, request.scratch["request_id"])
        return faults.after(struck, self.faults, request, response)

    def _verify(self, request: Request) -> None:
        claim, principal = request.scratch["claim"], request.scratch["principal"]
        offset = faults.skew(request.scratch["faults"])
        now = self.clock.now()
        identity.check_token(principal, request.header("x-amz-security-token"), now, request.service)
        signature.verify(request, claim, principal.secret_access_key, now + offset, bool(offset or self.clock.skew_seconds))
        self._read_parameters(request)

    def _read_parameters(self, request: Request) -> None:
        operation = models.operation_model(request.service, request.operation)
        request.parameters, problems = parse.parameters(request, operation, request.scratch.get("uri", {}))
        check.check(request, operation, request.parameters, problems)
        if request.service == "dynamodb":
            dynamodb_rules.check(request)

    def _carry_out(self, request: Request) -> Response:
        addition = self.additions.get(request.service, {}).get(request.operation)
        self.iam.before(request)
        doomed = self.iam.doomed(request)
        response = addition(self, request) if addition else None
        if response is None:
            response = s3.forward(self, request) if request.service == "s3" else upstream.call(request)
            if response.body == b"null":  # moto's way to say nothing; AWS's is to say nothing
                response.body = b""
        self.iam.after(request, response, doomed)
        self.queues.changed()
        return response

    def _violation(self, request: Request, failure: AwsError) -> None:
        self.record.add_violation(
            failure.violation or "", code=failure.code, service=request.service, operation=request.operation,
            principal=request.principal, method=request.method, target=request.target,
            user_agent=request.header("user-agent"), sequence=request.scratch["sequence"],
        )

    def _finish(self, request: Request, response: Response, request_id: str, struck: list[dict[str, Any]]) -> None:
        """Headers that every answer of AWS has."""
        if request.service == "s3":
            response.set_header("x-amz-request-id", request_id)
            response.set_header("x-amz-id-2", request_id.replace("-", "") * 2)
        else:
            response.set_header("x-amzn-RequestId", request_id)
        response.set_header("Date", formatdate(self.clock.now() + faults.skew(struck), usegmt=True))
        request.scratch["request_id"] = request_id

    def _record(self, request: Request, response: Response, started: float, struck: list[dict[str, Any]]) -> None:
        self.record.add_call({
            "sequence": request.scratch["sequence"], "time": started, "seconds": round(time.time() - started, 4),
            "account": request.account, "principal": request.principal,
            "service": request.service, "operation": request.operation,
            "parameters": shorten(request.parameters), "status": response.status,
            "error": response.error_code or _error_code(response), "faults": [f["do"] for f in struck],
            "request_id": request.scratch["request_id"], "user_agent": request.header("user-agent"),
        })


def _error_code(response: Response) -> str:
    """The code in an error that moto made."""
    if response.status < 400:
        return ""
    try:
        return str(json.loads(response.body).get("__type", "")).rpartition("#")[2]
    except (ValueError, AttributeError):
        match = re.search(rb"<Code>([^<]+)</Code>", response.body)
        return match[1].decode() if match else (response.header("x-amzn-errortype") or "")
