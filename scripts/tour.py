"""The quickstart's tour: the bridge between two accounts; a pipeline event in staging becomes a serving endpoint in production; then a second version,
then a third that fails to start and is rolled back. Everything is shown as it happens. Run by scripts/quickstart."""

import json
import shutil
import signal
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import bridge
import causeway
from gate.client import Gate, Sandbox
from gate.world import QUEUE, REPOSITORY, World

STEP_SECONDS = 120


class Tour:
    def __init__(self, directory: Path) -> None:
        self.step = "starting"
        self.began = time.monotonic()
        self.directory = directory
        self.seen_entries = 0
        self.ended = 0

    def say(self, text: str) -> None:
        print(f"{time.monotonic() - self.began:6.1f}s  {text}", flush=True)

    def chapter(self, title: str) -> None:
        self.step = title
        print(f"\n== {title}", flush=True)

    def start(self) -> None:
        self.chapter("a local AWS of two accounts")
        self.sandbox = Sandbox.start(self.directory / "aws")
        self.gate = Gate(self.sandbox.endpoint)
        self.world = World(self.sandbox)
        key = bridge.bootstrap(self.world)
        self.world.put_image("latest")
        self.gate.sagemaker(durations={"creating": 1.5, "updating": 1.5, "deleting": 0.5})
        self.say(f"{self.sandbox.endpoint} is staging {self.world.staging} and production {self.world.prod}")
        self.say("in them: buckets, an image, and the two roles of conf/bootstrap; no bus, no rule, no queue, no policy")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.page = f"127.0.0.1:{probe.getsockname()[1]}"
        self.daemon = causeway.Daemon(self.sandbox, self.world, self.directory / "causeway", listen={"http": self.page},
                                      bridge={**bridge.short_form(key), "heartbeat": "1m"}, deployment={"execution_role": "${role.execution.arn}"})

    def build_bridge(self) -> None:
        """What the guide sets up by hand, from nine lines."""
        self.show_ctl("plan", expected=1)
        self.chapter("causewayd, in production: it makes the bridge")
        self.daemon.start()
        self.say(f"causewayd runs as process {self.daemon.process.pid} and reads the queue {QUEUE}")
        self.wait_for_journal("16 of 16 resources were as the file says")
        self.show_ctl("plan")

    def edit_by_hand(self) -> None:
        """Somebody takes the pull permission away; CloudTrail tells of it through the same bridge."""
        self.chapter("somebody deletes the image repository's policy by hand")
        ecr = self.sandbox.client("staging", "ecr")
        ecr.delete_repository_policy(repositoryName=REPOSITORY)
        self.gate.event("staging", bridge.cloudtrail(
            self.world, "staging", "ecr", "DeleteRepositoryPolicy", repositoryName=REPOSITORY))
        self.wait_for_journal("write the policy of the repository " + REPOSITORY + " in staging (DeleteRepositoryPolicy by arn:aws:iam::" + self.world.staging + ":user/mallory")
        self.show_ctl("plan")

    def wait_for_journal(self, text: str) -> None:
        deadline = time.monotonic() + STEP_SECONDS
        while time.monotonic() < deadline:
            self.show_journal()
            if any(text in entry.get("MESSAGE", "") for entry in self.daemon.said()):
                return
            self.expect(self.daemon.process.poll() is None, "causewayd has ended")
            time.sleep(0.1)
        raise SystemExit(f"the journal did not say: {text}")

    def stop(self) -> None:
        for part in ("daemon", "sandbox"):
            running = getattr(self, part, None)
            if running is not None:
                (running.close if part == "daemon" else running.stop)()

    # Showing

    def show_journal(self) -> None:
        entries = self.daemon.said()
        for entry in entries[self.seen_entries:]:
            if int(entry.get("PRIORITY", 7)) <= 6:
                self.say("  journal: " + entry.get("MESSAGE", "").split("\n")[0])
        self.seen_entries = len(entries)

    def show_crossing(self, event: dict[str, Any]) -> None:
        """The hops that the event was seen to make, until the queue has handed it to causewayd."""
        shown, deadline = 0, time.monotonic() + STEP_SECONDS
        while shown < 2:
            self.expect(time.monotonic() < deadline, "the event did not arrive")
            hops = self.gate.delivered_events(event["id"])
            for hop in hops[shown:]:
                rule, target = (arn.split(":", 5) for arn in (hop["rule"], hop["target"]))
                self.say(f"  {rule[5]} of {rule[4]} -> {target[5] if target[2] == 'events' else 'queue ' + target[5]} of {target[4]}")
            shown = len(hops)
            self.expect(not self.gate.dropped_events(), "the event was dropped on its way")

    def publish(self, key: str, **model: Any) -> dict[str, Any]:
        event = causeway.publish(self.world, self.gate, f"fraud-scorer-deploy/BuildArti/{key}", **model)
        self.say(f"event {event['id']}: {event['detail-type']}, pipeline {event['detail']['pipeline']}, "
                 f"put on the default bus of staging ({event['account']})")
        self.show_crossing(event)
        return event

    def follow(self, wanted: str) -> dict[str, Any]:
        """Shows the journal until one more deployment has ended, and holds it to what should have come of it."""
        self.ended += 1
        deadline = time.monotonic() + STEP_SECONDS
        while time.monotonic() < deadline:
            self.show_journal()
            done = [r for r in self.daemon.history() if r["state"] in causeway.ENDED and not r["open"]]
            if len(done) >= self.ended:
                self.show_journal()
                self.expect(done[0]["state"] == wanted, f"the deployment ended {done[0]['state']}, not {wanted}: {done[0].get('reason')}")
                return done[0]
            self.expect(self.daemon.process.poll() is None, "causewayd has ended")
            time.sleep(0.1)
        raise SystemExit(f"nothing came of it within {STEP_SECONDS} s")

    def expect(self, condition: bool, otherwise: str) -> None:
        if not condition:
            raise SystemExit(otherwise)

    def invoke(self, expected: str) -> str:
        """The endpoint as its users see it."""
        described = self.sandbox.client("prod", "sagemaker").describe_endpoint(EndpointName=causeway.ENDPOINT)
        self.expect(described["EndpointStatus"] == "InService", f"the endpoint is {described['EndpointStatus']}")
        answer = self.sandbox.client("prod", "sagemaker-runtime").invoke_endpoint(
            EndpointName=causeway.ENDPOINT, ContentType="text/csv", Body=b"1,2,3")
        text = answer["Body"].read().decode().strip()
        self.say(f"endpoint {causeway.ENDPOINT} is InService on {described['EndpointConfigName']}; InvokeEndpoint(1,2,3) answers {text}")
        self.expect(text == expected, f"it should have answered {expected}")
        return described["EndpointConfigName"]

    # The tour

    def run(self) -> None:
        self.start()
        self.build_bridge()
        self.edit_by_hand()
        self.gate.sagemaker(
            invocations=[{"model_data_contains": "/two.tar.gz", "body": "0.7\n"}, {"model_data_contains": "/one.tar.gz", "body": "0.5\n"}],
            rules=[{"model_data_contains": "/three.tar.gz", "reason": "The primary container for production variant main did not pass the "
                    "ping health check. Please check CloudWatch logs for this endpoint."}])
        self.chapter("a pipeline in staging has built a model")
        self.publish("one")
        self.follow("succeeded")
        self.invoke("0.5")
        self.chapter("a second version")
        self.publish("two")
        self.follow("succeeded")
        second = self.invoke("0.7")
        self.chapter("a third version, whose container fails to start")
        self.publish("three")
        record = self.follow("rolled_back")
        self.say(f"reason: {record['reason']}")
        self.expect(self.invoke("0.7") == second, "the endpoint should serve the second version")
        self.show_ctl("status")
        self.show_ctl("history", causeway.ENDPOINT)
        violations = self.gate.violations()
        self.expect(not violations, f"requests that AWS would not take: {json.dumps(violations)[:2000]}")

    def show_ctl(self, *arguments: str, expected: int = 0) -> None:
        self.chapter("causewayctl " + " ".join(arguments))
        answer = self.daemon.ctl(*arguments)
        print(answer.stdout, end="", flush=True)
        self.expect(answer.returncode == expected, answer.stderr)

    def keep(self) -> None:
        daemon = self.daemon
        print(f"""
== it stays up; its page is at http://{self.page}/, and in another terminal, try

  export CAUSEWAY_CONFIG={daemon.config} PATH=$PWD/build:$PATH
  causewayctl status
  causewayctl history {causeway.ENDPOINT}
  causewayctl explain {daemon.history()[0]["id"]}
  causewayctl doctor
  causewayctl --json status | python3 -m json.tool
  tail -f {daemon.journal}

and, with the AWS command line, as an administrator of production:

  export AWS_ENDPOINT_URL={self.sandbox.endpoint} AWS_REGION={self.world.region}
  export AWS_ACCESS_KEY_ID={self.sandbox.accounts['prod']['access_key_id']} AWS_SECRET_ACCESS_KEY={self.sandbox.accounts['prod']['secret_access_key']}
  aws sagemaker list-endpoints

Ctrl-C ends it.""", flush=True)
        while daemon.process.poll() is None:
            time.sleep(0.5)


def main() -> int:
    keep = "--keep" in sys.argv[1:]
    directory = Path(tempfile.mkdtemp(prefix="causeway-"))
    tour = Tour(directory)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        tour.run()
        print(f"\nAll of it worked, in {time.monotonic() - tour.began:.0f} seconds.", flush=True)
        if keep:
            tour.keep()
        status = tour.daemon.stop()
        tour.expect(status == 0, f"causewayd ended with status {status}")
        return 0
    except KeyboardInterrupt:
        return 0 if keep else 1
    except BaseException as error:  # whatever it was, say at which step it happened
        print(f"\nquickstart: failed at the step \"{tour.step}\": {error}", file=sys.stderr)
        journal = directory / "causeway" / "journal.jsonl"
        if journal.exists():
            print("\n".join(journal.read_text(errors="replace").splitlines()[-15:]), file=sys.stderr)
        return 1
    finally:
        tour.stop()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
