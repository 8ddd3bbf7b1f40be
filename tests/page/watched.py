"""The daemon that the page is looked at of, with a story behind it; and pictures of the page."""

import socket
from pathlib import Path
from typing import Any

from causeway import PIPELINE, Daemon, publish
from gate.client import Gate, wait_for
from gate.world import ARTIFACT_BUCKET, BUS, MODEL_BUCKET, SAGEMAKER_BUCKET, World
from playwright.sync_api import Page

PICTURES = Path(__file__).resolve().parents[2] / "build" / "pictures"
PING = "The primary container for production variant main did not pass the ping health check <b>at all</b>."


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Watched:
    """The daemon, with the address of its page."""

    def __init__(self, sandbox: Any, world: World, gate: Gate, directory: Path) -> None:
        self.world, self.gate = world, gate
        self.was_away = False  # a test has stopped the daemon while its page was open
        self.address = f"127.0.0.1:{free_port()}"
        self.url = f"http://{self.address}"
        self.daemon = Daemon(sandbox, world, directory)
        self.configure()

    def configure(self) -> None:
        """Two deployments, one of which waits for a person; and a bridge, which the page draws."""

        def deployment(pipeline: str, endpoint: str, **more: Any) -> dict[str, Any]:
            return {
                "on": {"source": ["aws.codepipeline"], "detail-type": ["CodePipeline Action Execution State Change"],
                       "detail": {"pipeline": [pipeline], "action": ["DeployStaging"], "state": ["SUCCEEDED"]}},
                "artifact": {"pipeline": "BuildArtifact", "form": "manifest"}, "endpoint": endpoint,
                "execution_role": self.world.execution_role_arn, "model_bucket": MODEL_BUCKET,
                "container": {"image": self.world.image()}, "variant": {"name": "main", "instance_type": "ml.m5.xlarge", "count": "2"}, **more,
            }

        self.daemon.configure(
            listen={"http": self.address}, reconcile={"mode": "observe"},
            bridge={"from": "staging", "to": "prod", "bus": BUS, "model_bucket": MODEL_BUCKET,
                    "artifact_buckets": [ARTIFACT_BUCKET, SAGEMAKER_BUCKET]},
            deployments={"fraud-scorer": deployment(PIPELINE, "fraud-scorer"), "churn": deployment("churn-deploy", "churn", approval="manual")})

    def publish(self, name: str, pipeline: str = PIPELINE) -> dict[str, Any]:
        if pipeline == PIPELINE:
            return publish(self.world, self.gate, f"deploy/{name}")
        data = self.world.put_model(f"models/{name}.tar.gz", b"0.5\n")
        self.world.put_object(ARTIFACT_BUCKET, name, ('{"model_data": "%s"}' % data["url"]).encode())
        return self.gate.event("staging", self.world.action_succeeded(pipeline, ARTIFACT_BUCKET, name))

    def wait_state(self, state: str, endpoint: str = "fraud-scorer") -> dict[str, Any]:
        return wait_for(lambda: next((r for r in self.daemon.history(endpoint) if r["state"] == state), None),
                        f"{endpoint} to be {state}", 30)

    def tell_story(self) -> "Watched":
        """Two versions serve, the third is rolled back, a fourth is on its way, and another waits for a person."""
        self.gate.sagemaker(durations={"creating": 0.3, "updating": 0.3}, rules=[{"model_data_contains": "/three.tar.gz", "reason": PING}])
        for count, name in enumerate(("one", "two", "three"), 1):
            self.publish(name)
            self.daemon.wait_ended(count)
        self.publish("churn-one", "churn-deploy")
        self.wait_state("awaiting_approval", "churn")
        self.gate.sagemaker(durations={"creating": 600, "updating": 600}, rollout={
            "current": 1, "status": "Baking", "message": "Baking for 600 seconds with traffic enabled on 1 instance(s)."})
        self.publish("four")
        self.wait_state("settling")
        return self


def picture(page: Page, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png", full_page=True)
