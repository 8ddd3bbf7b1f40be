"""Answers of the daemon in the shapes of control/ask.c, control/status.c and record_view(), at a fixed time."""

from datetime import UTC, datetime
from typing import Any

DAY = "2026-11-20"
FIRST = "fraud-scorer-0a1b2c3d4e5f"
SECOND = "fraud-scorer-1b2c3d4e5f60"
THIRD = "fraud-scorer-2c3d4e5f6071"
CHURN = "churn-9f8e7d6c5b4a"


def moment(text: str) -> int:
    """Milliseconds since 1970 of a time of the day, UTC."""
    return int(datetime.fromisoformat(f"{DAY}T{text}").replace(tzinfo=UTC).timestamp() * 1000)


def times(**named: str) -> dict[str, Any]:
    """NAME as RFC 3339 and NAME_ms, as every answer has them."""
    both: dict[str, Any] = {}
    for name, text in named.items():
        both[name] = f"{DAY}T{text}.000Z"
        both[f"{name}_ms"] = moment(text)
    return both


NOW = times(now="12:00:00")


def way(*steps: tuple[str, ...]) -> list[dict[str, Any]]:
    """A deployment's history: (state, time) or (state, time, note)."""
    return [{"state": step[0], "at_ms": moment(step[1]), **({"note": step[2]} if step[2:] else {})} for step in steps]


def deployment(id: str, state: str, doing: str, **more: Any) -> dict[str, Any]:
    """A record as lists show it."""
    name = id.rpartition("-")[0]
    return {
        "state": state, "step": "closed", "id": id, "deployment": name, "endpoint": name, "asked_by": "event",
        "event_id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718", "event_source": "aws.codepipeline",
        "event_type": "CodePipeline Action Execution State Change", "account": "staging", "artifact_form": "manifest",
        "artifact_bucket": "axcess-devst-sagemaker", "artifact_key": f"{name}-deploy/BuildArti/aB3dE", "doing": doing,
        "open": False, **more,
    }


SETTLING = deployment(
    THIRD, "settling", "waiting for SageMaker to finish", open=True, step="settle", turn=1, released=1,
    artifact_version="v3", model_bucket="axcess-devst-sagemaker", model_key="models/three.tar.gz", model_version="m3",
    image="345594592951.dkr.ecr.us-east-1.amazonaws.com/sagemaker-inference:latest", image_digest="sha256:" + "5e" * 32,
    copy_bucket="prod-models", copy_key="causeway/fraud-scorer/three.tar.gz", model_name="fraud-scorer-c0ffee123456",
    config_name="fraud-scorer-c0ffee123456", previous_config="fraud-scorer-b0ffee123456",
    **times(event="11:54:00", accepted="11:54:10", entered="11:55:48"),
)
AWAITING = deployment(
    CHURN, "awaiting_approval", "waiting for an operator's yes", open=True, step="approval",
    **times(event="09:00:00", accepted="09:00:02", entered="09:00:05"),
)
TROUBLED = deployment(
    CHURN, "resolving", "pinning what the event names", open=True, step="get-artifact", attempts=3,
    reason="artifact s3://axcess-devst-sagemaker/churn-deploy/BuildArti/aB3dE: access denied",
    **times(event="11:58:00", accepted="11:58:01", entered="11:58:01", trouble_since="11:58:02"),
)
COPYING = deployment(
    CHURN, "copying", "bringing the model into the production bucket", open=True, step="copy-part", parts=3,
    model_bytes=9_000_000_000, **times(event="11:58:00", accepted="11:58:01", entered="11:59:00"),
)
SUCCEEDED = deployment(
    FIRST, "succeeded", "the endpoint serves it", config_name="fraud-scorer-b0ffee123456",
    proof="InService with fraud-scorer-b0ffee123456, 2 of 2 instances",
    **times(event="09:30:00", accepted="09:30:12", entered="09:37:20", ended="09:37:20"),
)
ROLLED_BACK = deployment(
    SECOND, "rolled_back", "the endpoint serves what it did before", asked_by="ada (uid 1000)", retry_of=FIRST,
    reason="SageMaker could not start it: the primary container for production variant main did not pass the ping health check",
    error_class="unknown", previous_config="fraud-scorer-b0ffee123456", request_id="d1c2b3a4",
    **times(event="10:30:00", accepted="10:30:01", entered="10:40:31", ended="10:40:31"),
    history=way(("accepted", "10:30:01"), ("resolving", "10:30:01"), ("copying", "10:30:03"), ("modelling", "10:30:40"),
                ("configuring", "10:30:41"), ("releasing", "10:30:42"), ("settling", "10:30:43"), ("rolling_back", "10:40:00"),
                ("rolled_back", "10:40:31", "did not pass the ping health check")),
)
JUST_ENDED = {**SUCCEEDED, **times(entered="12:00:00", ended="12:00:00")}
UNCHANGED = deployment(
    CHURN, "succeeded", "the endpoint serves it", unchanged=1, proof="InService with churn-d0ffee123456, 1 of 1 instances",
    **times(event="08:00:00", accepted="08:00:01", entered="08:00:02", ended="08:00:02"),
)

STATUS = {
    "version": "0.1.0", "format": 1, **NOW, **times(started="08:15:00"), "config": "/etc/causeway/causeway.yaml",
    "home": "prod", "ready": True,
    "queue": {"name": "causeway-events", "reachable": True, **times(last_receive="11:59:48"), "receiving": 2, "in_hand": 1,
              "received": 1204, "accepted": 14, "duplicates": 0, "ignored": 1188, "refused": 1, "deleted": 1203},
    "store": {"path": "/var/lib/causeway/causeway.db", "healthy": True, "transactions": 210, "commits": 190, "conflicts": 0,
              "failures": 0, "waiting": 0, "last_commit_took_ms": 4},
    "accounts": [
        {"name": "prod", "id": "361769565206", "region": "us-east-1", "home": True, "credentials": "instance",
         **times(expires="17:00:00")},
        {"name": "staging", "id": "345594592951", "region": "us-east-1", "home": False, "credentials": "assumed role",
         **times(expires="12:45:00")},
    ],
    "deployments": {"open": 2, "accepted": 14, "duplicates": 0, "unreadable": 0,
                    "ended": {"succeeded": 11, "rolled_back": 1, "failed": 0, "superseded": 0, "cancelled": 0, "rejected": 0}},
    "open": [SETTLING, AWAITING],
    "last": [ROLLED_BACK, UNCHANGED],
}

ILL = {
    **STATUS, "ready": False, "unready": "the queue cannot be read",
    "queue": {"name": "causeway-events", "reachable": False, "problem": "AccessDenied: not authorized to perform sqs:ReceiveMessage"},
    "store": {**STATUS["store"], "healthy": False},
    "accounts": [{"name": "prod", "id": "361769565206", "region": "us-east-1", "home": True, "credentials": "environment"},
                 {"name": "staging", "id": "345594592951", "region": "us-east-1", "home": False},
                 {"name": "lab", "id": "111122223333", "region": "us-east-1", "home": False, "credentials": "assumed role",
                  **times(expires="11:00:00")}],
    "deployments": {"open": 2, "accepted": 0, "duplicates": 0, "unreadable": 2, "ended": {}},
    "open": [TROUBLED, {**COPYING, "endpoint": "churn-2"}], "last": [],
}

BRISK = {**STATUS, "queue": {**STATUS["queue"], **times(last_receive="12:00:00")}, "open": [], "last": [JUST_ENDED]}
EMPTY = {**STATUS, "queue": {"name": "causeway-events", "reachable": True}, "deployments": {"open": 0, "ended": {}}, "open": [], "last": []}

FOUND = {
    "resource": "staging/s3_bucket_policy/artifacts", "verdict": "different", "cause": "s3 PutBucketPolicy by arn:aws:iam::345594592951:user/mallory",
    "difference": "policy:\n  - {\"Sid\": \"Everybody\"}\n  + {\"Sid\": \"CausewayRead\"}\n", "note": "reported only: its mode is observe",
    **times(since="11:55:00"),
    "changed_by": {"who": "arn:aws:iam::345594592951:user/mallory", "from": "192.0.2.10", "call": "PutBucketPolicy", "time": "2026-11-20T11:54:58Z"},
}
DRIFTED = {
    **STATUS, "open": [], "last": [],
    "bridge": {"resources": 17, "different": 2, "orphaned": 1, "unreadable": 0, "passes": 4, "changes": 0, "failures": 0,
               "drift": [FOUND, {"resource": "prod/sqs_queue/causeway-events-dlq", "verdict": "missing", "cause": "interval", **times(since="11:00:00")}],
               "heartbeat": {**times(at="11:59:00"), "healthy": False, "broken": "buckets", "sentence": "staging/s3_bucket_policy/artifacts is different",
                             "times": [{"hop": "role in staging", "took_ms": 81}, {"hop": "bus in staging", "took_ms": 34},
                                       {"hop": "staging to queue", "took_ms": 612}]}},
}
USUAL_SETTLING = {**SETTLING, "usual_ms": 480_000, "usual_state_ms": 360_000}
USUAL = {**STATUS, "open": [USUAL_SETTLING, {**COPYING, "usual_ms": 600_000}, AWAITING], "last": []}
ROLLING = {**USUAL_SETTLING, "rollout": {
    "status": "Updating", **times(seen="11:59:59"), "variants": [
        {"name": "main", "current": 1, "desired": 3, "before": 3, "weight": 1, "phase": "Baking", "since_ms": moment("11:58:00"),
         "message": "Baking for 600 seconds (TerminationWaitInSeconds) with traffic enabled on canary capacity of 1 instance(s)."},
        {"name": "shadow", "current": 1, "desired": 1, "weight": 0.5, "phase": "ActivatingTraffic", "since_ms": moment("11:59:00")}]}}
ROLLOUT = {**STATUS, "open": [ROLLING], "last": []}
OF_ROLLOUT = {**NOW, "deployment": ROLLING}
OF_USUAL = {**NOW, "deployment": USUAL_SETTLING}

OF_ENDPOINT = {"endpoint": "fraud-scorer", **NOW, "open": [SETTLING], "last": [ROLLED_BACK], "configured": True}
OF_SETTLING = {**NOW, "deployment": {**SETTLING, "history": way(("accepted", "11:54:10"), ("resolving", "11:54:10"),
               ("copying", "11:54:13"), ("modelling", "11:55:45"), ("configuring", "11:55:46"), ("releasing", "11:55:47"),
               ("settling", "11:55:48"))}}
OF_ROLLED_BACK = {**NOW, "deployment": ROLLED_BACK}
HISTORY = {"endpoint": "fraud-scorer", "deployments": [SETTLING, ROLLED_BACK, SUCCEEDED]}
VERSION = {"program": "causewayd", "version": "0.1.0", "format": 1, **times(started="08:15:00")}
