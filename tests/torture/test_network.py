"""The network at its worst, on the real binary: nothing lost, nothing doubled, and the right sentence in the journal.

The daemon reaches the local AWS over a wire of ours (wire.py). Its clocks run faster where a time-out has to pass
(shim.c): the wall clock stays right."""

import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from causeway import Daemon, publish
from gate.client import wait_for
from gate.world import QUEUE
from shim import preload
from wire import Certificates, Wire

FAST = "30"  # times as fast: a stall of 30 s is over in one


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: Any) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def wired(make_daemon: Any, sandbox: Any) -> Iterator[Callable[..., tuple[Daemon, Wire]]]:
    """wired(tls=, **environment): a daemon that is running, not waited for, and the wire to its AWS."""
    wires = []

    def make(tls: ssl.SSLContext | None = None, speed: str = "1", port: int = 0, mode: str = "through", **environment: str) -> tuple[Daemon, Wire]:
        wire = Wire(sandbox.endpoint, tls, port)
        wire.mode = mode
        wires.append(wire)
        daemon = make_daemon(deployment={"retry": {"within": "10m"}})
        daemon.start(ready=False, AWS_ENDPOINT_URL=wire.url, **(preload(SPEED=speed) if speed != "1" else {}), **environment)
        wait_for(daemon.socket.exists, "the control socket")
        return daemon, wire

    yield make
    for wire in wires:
        wire.close()


# Nothing here has to be fast: on a machine that is busy with other things, calls that are hurried are given up more often.
PATIENCE = 240.0


def the_queue_empties(world: Any, control: Any) -> None:
    """A message whose delete was lost comes again when its visibility has passed, which is not waited for."""
    for _ in range(int(PATIENCE / 10)):
        with contextlib.suppress(AssertionError):
            wait_for(lambda: world.queue_length() == 0, "the queue to be empty", 10)
            return
        control.make_visible(QUEUE)
    raise AssertionError("the queue is not empty")


def ended(daemon: Daemon, count: int) -> list[dict[str, Any]]:
    """Those that have ended, if they are so many. With clocks that run fast, the daemon's patience with those who ask is short, too."""
    assert daemon.process.poll() is None, daemon.said()[-3:]
    with contextlib.suppress(AssertionError):
        found = [r for r in daemon.history() if not r["open"]]
        return found if len(found) >= count else []
    return []


def all_is_well(daemon: Daemon, world: Any, control: Any, count: int = 1) -> None:
    """One deployment more than before has succeeded; nothing is left in the queue, nothing was made twice."""
    record = wait_for(lambda: ended(daemon, count), "the deployments to end", PATIENCE, every=0.1)[0]
    assert record["state"] == "succeeded", record.get("reason")
    the_queue_empties(world, control)
    assert len(daemon.history()) == count
    assert len([c for c in control.calls(operation="CreateEndpoint") if c["status"] == 200]) <= 1
    assert len(world.client("prod", "sagemaker").list_endpoints()["Endpoints"]) == 1
    assert len(world.client("prod", "sagemaker").list_models()["Models"]) == count


# TLS


def test_over_tls_with_the_right_authority_all_is_well(wired, certificates, world, control):
    daemon, wire = wired(certificates.server(), AWS_CA_BUNDLE=str(certificates.authority))
    publish(world, control)
    all_is_well(daemon, world, control)
    assert wire.taken > 0


@pytest.mark.parametrize(("host", "days", "bundle", "sentence"), [
    ("127.0.0.1", 1, "stranger", "certificate"), ("127.0.0.1", -1, "authority", "certificate"), ("other.example", 1, "authority", "certificate"),
    ("127.0.0.1", 1, None, "certificate"),
], ids=["unknown authority", "expired", "of another host", "no bundle"])
def test_a_certificate_that_is_wrong_is_not_spoken_to(wired, certificates, world, control, host, days, bundle, sentence):
    publish(world, control)
    since = control.last_sequence()
    environment = {"AWS_CA_BUNDLE": str(certificates.directory / f"{bundle}.pem")} if bundle else {}
    daemon, wire = wired(certificates.server(host, days), **environment)
    entry = daemon.wait_said(sentence)
    assert "127.0.0.1" in entry["MESSAGE"] and "not accepted" in entry["MESSAGE"]
    assert "certificate" in daemon.ask("status")["queue"]["problem"]
    assert not [c for c in control.calls(since) if "user/causeway" in c["principal"]]  # no keys were sent to anybody
    assert world.queue_length() == 1
    assert daemon.stop() == 0


def test_a_bundle_that_is_not_there_is_named(wired, certificates, tmp_path):
    daemon, wire = wired(certificates.server(), AWS_CA_BUNDLE=str(tmp_path / "nowhere.pem"))
    assert str(tmp_path / "nowhere.pem") in daemon.wait_said("nowhere.pem")["MESSAGE"]


# Names and connections


def test_a_name_that_does_not_resolve_is_named_and_waited_for(make_daemon):
    daemon = make_daemon().start(ready=False, AWS_ENDPOINT_URL="https://sqs.causeway.invalid")
    assert "sqs.causeway.invalid" in daemon.wait_said("could not find the address")["MESSAGE"]
    assert daemon.process.poll() is None
    assert daemon.ask("status")["queue"]["reachable"] is False
    assert daemon.stop() == 0


def test_aws_that_is_down_at_the_start_is_waited_for(make_daemon, sandbox, world, control):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    publish(world, control)
    daemon = make_daemon().start(ready=False, AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}", **preload(SPEED="10"))
    daemon.wait_said("could not connect")
    with Wire(sandbox.endpoint, port=port):
        all_is_well(daemon, world, control)
        assert daemon.stop() == 0


def test_a_cable_that_is_pulled_at_any_time_loses_and_doubles_nothing(wired, world, control):
    """Every connection is cut twenty times on the way."""
    control.sagemaker(durations={"creating": 1.0})
    daemon, wire = wired(speed="10")
    publish(world, control)
    for _ in range(20):
        seen = control.last_sequence()
        wait_for(lambda seen=seen: control.last_sequence() > seen or [r for r in daemon.history() if not r["open"]], "another call", PATIENCE, every=0.005)
        wire.cut()
    all_is_well(daemon, world, control)


# Time


def test_connections_that_are_taken_and_never_answered_are_given_up_and_tried_again(wired, world, control):
    publish(world, control)
    daemon, wire = wired(speed=FAST, mode="silent")
    entry = daemon.wait_said("not a byte to or from", PATIENCE)
    assert "127.0.0.1" in entry["MESSAGE"]
    wire.mode = "through"
    all_is_well(daemon, world, control)


def test_connections_that_die_in_the_middle_without_a_word_are_given_up_and_made_anew(wired, world, control):
    """Half-open: what was sent is taken, and no answer comes any more, on any connection there is."""
    daemon, wire = wired(speed=FAST)
    wait_for(lambda: control.calls(operation="ReceiveMessage"), "the queue to be polled", PATIENCE)
    wire.mode = "half-open"
    publish(world, control)
    entry = daemon.wait_said("127.0.0.1", PATIENCE)
    assert "not a byte to or from" in entry["MESSAGE"] or "did not answer" in entry["MESSAGE"]
    wire.mode = "through"
    all_is_well(daemon, world, control)


@pytest.mark.parametrize("operation", ["AssumeRole", "GetObject", "DescribeImages", "CopyObject", "CreateModel", "CreateEndpointConfig", "CreateEndpoint",
                                       "DescribeEndpoint", "InvokeEndpoint", "DeleteMessageBatch"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_call_that_is_never_answered_is_made_again_and_not_done_twice(wired, world, control, operation, when):
    control.fault("hold", {"operation": operation}, when=when)
    daemon, wire = wired(speed=FAST)
    publish(world, control)
    wait_for(lambda: control.held(wait=20), "the call to be held", PATIENCE)
    wait_for(lambda: len([c for c in control.calls() if c["operation"] == operation]) >= 1 or daemon.history(), "the call to be given up", PATIENCE)
    all_is_well(daemon, world, control)
    control.clear_faults()


def test_answers_of_a_byte_at_a_time_are_waited_for(wired, world, control):
    """While bytes come, a connection is alive: slow is not stalled."""
    daemon, wire = wired()
    wait_for(lambda: wire.taken > 0, "the first connection")
    wire.drip_seconds = 0.0005
    wire.mode = "drip"
    publish(world, control)
    all_is_well(daemon, world, control)


def test_a_server_that_says_one_byte_a_second_for_ever_is_given_up(wired, world, control):
    publish(world, control)
    control.fault("slow", {"operation": "GetObject"}, bytes_per_second=1)
    daemon, wire = wired(speed="50")
    all_is_well(daemon, world, control)
    gets = [c for c in control.calls(operation="GetObject")]
    assert len(gets) >= 2 or gets[0]["seconds"] < 600


@pytest.mark.parametrize("operation", ["ReceiveMessage", "DeleteMessageBatch", "AssumeRole", "GetObject", "DescribeImages", "CreateModel", "DescribeEndpoint", "InvokeEndpoint"])
def test_an_answer_of_a_gigabyte_is_not_kept_in_memory(wired, world, control, operation):
    control.fault("huge", {"operation": operation}, bytes=1 << 30)
    publish(world, control)
    daemon, wire = wired(speed="10")
    record = wait_for(lambda: ended(daemon, 1), "the deployment to end", PATIENCE, every=0.1)[0]
    status = daemon_status(daemon)
    assert status["VmHWM"] < 150_000 if "sanitize" not in str(daemon.process.args) else True
    if operation in ("ReceiveMessage", "DeleteMessageBatch"):
        assert record["state"] == "succeeded", record.get("reason")
    else:  # nothing that would pass by itself: it ends, and says why
        assert record["state"] in ("failed", "rolled_back") and "is larger than" in record["reason"]
    the_queue_empties(world, control)


def daemon_status(daemon: Daemon) -> dict[str, int]:
    """/proc/PID/status, in kB."""
    found = {}
    with open(f"/proc/{daemon.process.pid}/status", encoding="ascii") as lines:
        for line in lines:
            name, _, value = line.partition(":")
            if value.strip().split(" ")[0].isdigit():
                found[name] = int(value.split()[0])
    return found


# Clocks and keys


@pytest.mark.parametrize("hours", [1, -1])
@pytest.mark.usefixtures("expects_violations")  # the first requests are signed for another time
def test_a_clock_that_is_an_hour_off_is_corrected_by_what_aws_says(make_daemon, world, control, hours):
    daemon = make_daemon()
    daemon.start(**preload(WALL=str(3600 * hours)))
    publish(world, control)
    all_is_well(daemon, world, control)


def test_a_metadata_service_that_is_gone_is_no_end_of_a_daemon_that_has_keys(make_daemon, sandbox, world, control):
    with Wire(sandbox.endpoint) as metadata:
        daemon = make_daemon(deployment={"retry": {"within": "10m"}})
        daemon.environment = {k: v for k, v in sandbox.environment("prod").items() if "KEY" not in k}
        daemon.start(AWS_EC2_METADATA_SERVICE_ENDPOINT=metadata.url)
        metadata.close()
        publish(world, control)
        all_is_well(daemon, world, control)


def test_without_a_metadata_service_at_the_start_the_daemon_waits_and_says_so(make_daemon, sandbox, world, control):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    publish(world, control)
    daemon = make_daemon(queue={"name": QUEUE, "receivers": "1", "visibility": "60s"})
    daemon.environment = {k: v for k, v in sandbox.environment("prod").items() if "KEY" not in k}
    daemon.start(ready=False, AWS_EC2_METADATA_SERVICE_ENDPOINT=f"http://127.0.0.1:{port}", **preload(SPEED="10"))
    assert "metadata" in daemon.wait_said("metadata")["MESSAGE"]
    with Wire(sandbox.endpoint, port=port):
        all_is_well(daemon, world, control)
