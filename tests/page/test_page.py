"""The page on the wall, in a real browser over a running daemon: true, live, readable, and for everybody."""

import re
import subprocess
from collections.abc import Callable

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from watched import Watched, picture

Visit = Callable[..., Page]

DESK = {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"}


def test_each_resource_that_differs_is_there_with_its_difference(watched: Watched, visit: Visit) -> None:
    watched.daemon.wait_said("resources were as the file says")
    page = visit(java_script_enabled=False)
    found = page.locator(".drift li")
    assert found.count() > 5
    queue = page.locator(".drift li", has_text=re.compile(r"prod/sqs_queue/causeway-events is different"))
    expect(queue.locator(".difference")).to_be_hidden()
    queue.locator("summary").click()
    expect(queue.locator(".difference")).to_contain_text("CausewayEvents")
    expect(queue.locator(".reason")).to_contain_text("reported only: its mode is observe")
    told = watched.daemon.ask("status")["bridge"]["drift"]
    assert len(told) == found.count() and any("CausewayEvents" in one.get("difference", "") for one in told)
    assert "prod/sqs_queue/causeway-events is different for" in watched.daemon.ctl("status").stdout


def test_it_follows_what_happens_without_being_loaded_again(watched: Watched, visit: Visit) -> None:
    page = visit()
    expect(page.locator(".nothing").first).to_have_text("Nothing is under way.")
    page.evaluate("window.same = true")
    watched.gate.sagemaker(stuck=["creating"])
    watched.publish("one")
    card = page.locator(".card", has_text="fraud-scorer")
    expect(card.locator("[aria-current=step] .leg-name")).to_have_text("settling", timeout=20000)
    expect(page.locator("#said")).to_have_text("fraud-scorer: settling")
    watched.gate.sagemaker_release()
    expect(page.locator(".past .pill")).to_have_text("succeeded", timeout=20000)
    expect(card).to_have_count(0)
    assert page.evaluate("window.same") is True


def test_it_says_when_the_daemon_is_away_and_comes_back_by_itself(watched: Watched, visit: Visit) -> None:
    page = visit()
    expect(page.locator("#live")).to_have_class("on")
    watched.was_away = True
    assert watched.daemon.stop() == 0
    expect(page.locator("#live")).to_have_class("off")
    watched.daemon.start()
    expect(page.locator("#live")).to_have_class("on", timeout=20000)


def test_it_shows_that_nothing_new_is_taken_in(watched: Watched, visit: Visit) -> None:
    watched.daemon.ask("drain", "--yes")
    page = visit()
    expect(page.locator(".health")).to_have_text("draining: nothing new is taken in")
    expect(page.locator(".hop.warning")).to_contain_text("messages wait")


def test_a_broken_bridge_is_seen_at_once(watched: Watched, visit: Visit) -> None:
    watched.gate.fault("error", {"service": "sqs", "operation": "ReceiveMessage"}, code="AccessDenied", status=403, times=0)
    watched.daemon.wait_said("cannot be read", 40)
    page = visit(**DESK)
    expect(page.locator(".health")).to_have_text("the queue cannot be read")
    expect(page.locator(".hop.bad")).to_contain_text("Queue")
    picture(page, "broken")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    watched.gate.clear_faults()


def curl(*arguments: str) -> str:
    return subprocess.run(["curl", "-s", "-i", *arguments], capture_output=True, text=True, check=True).stdout


def test_it_only_reads_and_is_on_the_control_socket_too(watched: Watched) -> None:
    over_socket = curl("--unix-socket", str(watched.daemon.socket), "http://localhost/")
    assert "200 OK" in over_socket and "<h2 id=\"bridge\">" in over_socket
    assert "default-src 'none'" in over_socket
    refused = curl("-X", "POST", watched.url + "/")
    assert " 405 " in refused.splitlines()[0] and "Allow: GET, HEAD" in refused
    assert " 403 " in curl("-H", "Host: example.com", watched.url + "/").splitlines()[0]
    assert "<form" not in over_socket and "<button" not in over_socket


def test_the_stream_tells_in_the_form_of_server_sent_events(watched: Watched) -> None:
    with subprocess.Popen(["curl", "-s", "-N", "-i", watched.url + "/v1/events"], stdout=subprocess.PIPE, text=True) as stream:
        assert stream.stdout is not None
        watched.publish("one")
        seen: list[str] = []
        for line in stream.stdout:
            seen.append(line.rstrip("\r\n"))
            if '"state": "succeeded"' in line or '"state":"succeeded"' in line:
                break
        stream.terminate()
    assert any("text/event-stream" in line for line in seen)
    assert "retry: 2000" in seen and "event: daemon" in seen and "event: deployment" in seen
    assert not any('"settings"' in line or '"environment":' in line for line in seen)
