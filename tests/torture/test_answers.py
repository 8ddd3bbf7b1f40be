"""Answers of AWS that end anywhere, on the real binary: each is refused with a sentence, the call is made again, and in the end
all is well. (tests/unit/aws/broken.c cuts and changes answers of every protocol at every byte; here it is each fifth, or each with
CAUSEWAY_THOROUGH=1.)"""

import os
import time
from typing import Any

import pytest
from causeway import publish
from gate.client import wait_for
from gate.world import QUEUE
from shim import Leap

STEP = 1 if "CAUSEWAY_THOROUGH" in os.environ else 5
SECONDS = 240
ANSWERS = {
    "ReceiveMessage": '{"Messages":[{"MessageId":"m","ReceiptHandle":"r","MD5OfBody":"0cc175b9c0f1b6a831c399e269772661","Body":"a"}]}',
    "DescribeEndpoint": '{"EndpointName":"fraud-scorer","EndpointStatus":"InService","EndpointConfigName":"none-of-ours","CreationTime":1795640826.8}',
    "AssumeRole": '<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>A</AccessKeyId>'
                  "<SecretAccessKey>S</SecretAccessKey><SessionToken>T</SessionToken><Expiration>2036-11-20T11:00:00Z</Expiration></Credentials>"
                  "</AssumeRoleResult></AssumeRoleResponse>",
    "CopyObject": '<CopyObjectResult><LastModified>2026-11-20T11:00:00Z</LastModified><ETag>&quot;e&quot;</ETag></CopyObjectResult>',
}


@pytest.mark.parametrize("operation", ANSWERS)
@pytest.mark.usefixtures("expects_violations")  # clocks leap while requests are under way
def test_an_answer_that_ends_anywhere_is_refused_and_asked_for_again(make_daemon: Any, world: Any, control: Any, leap: Leap, operation: str,
                                                                     record_property: Any) -> None:
    whole = ANSWERS[operation]
    ends = range(1, len(whole) - 1, STEP)
    control.faults([{"do": "garbage", "match": {"operation": operation, "user_agent": "causeway"}, "nth": nth, "body": whole[:end]}
                    for nth, end in enumerate(ends, 1)])
    daemon = make_daemon(deployment={"retry": {"within": "7d"}})
    daemon.start(ready=False, **leap.environment)
    wait_for(daemon.socket.exists, "the control socket")
    publish(world, control)
    deadline = time.monotonic() + SECONDS
    while not all(fault["struck"] for fault in control.fault_list()) or not [r for r in daemon.history() if not r["open"]]:
        assert time.monotonic() < deadline, [e.get("MESSAGE") for e in daemon.said()][-15:]
        assert daemon.process.poll() is None, daemon.said()[-3:]
        leap.on(60)
        time.sleep(0.05)
        control.make_visible(QUEUE)
    history = daemon.history()
    assert [r["state"] for r in history] == ["succeeded"], history[0].get("reason")
    assert daemon.wait_said(operation)["MESSAGE"]
    record_property("ends of an answer", len(ends))
    assert daemon.stop(60) == 0
