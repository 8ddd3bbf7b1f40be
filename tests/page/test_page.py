"""The page on the wall, in a real browser over a running daemon: true, live, readable, and for everybody."""

import re
import subprocess
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from watched import Watched, picture

Visit = Callable[..., Page]

PHONE = {"viewport": {"width": 360, "height": 740}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}
VIEWS = {
    "desk-light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "desk-dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "phone-light": {**PHONE, "color_scheme": "light"},
    "phone-dark": {**PHONE, "color_scheme": "dark"},
}


def test_the_essentials_are_there_without_scripts(watched: Watched, visit: Visit) -> None:
    watched.tell_story()
    page = visit(java_script_enabled=False)
    expect(page.locator(".health")).to_have_text("ready; the accounts differ from the file")
    hops = [" ".join(text.split()) for text in page.locator(".hop").all_inner_texts()]
    assert [re.sub(r" (well|look|broken|not known).*", "", hop) for hop in hops] == [
        "From staging", "Event bus cross-account-bus", "Queue causeway-events", "Store causeway.db", "Production prod"]
    expect(page.locator(".kept.warning")).to_contain_text("differ from the file: causewayctl plan shows how")
    look = page.locator(".look")
    expect(look).to_contain_text("did not pass the ping health check")
    expect(look).to_contain_text("causewayctl explain fraud-scorer-")
    cards = page.locator(".card")
    expect(cards).to_have_count(2)
    expect(cards.first).to_contain_text("settling")
    expect(cards.last).to_contain_text("causewayctl approve churn-")
    expect(cards.first.locator("[aria-current=step]")).to_contain_text("settling")
    expect(cards.first.locator(".progress")).to_contain_text("main: 1 of 2 new instances beside 2 old; baking")
    expect(cards.first.get_by_role("progressbar", name="Instances of main")).to_have_attribute("value", "1")
    assert page.locator(".past .pill").all_inner_texts() == ["rolled back", "succeeded", "succeeded"]
    assert page.locator("noscript meta[http-equiv=refresh]").count() == 1


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


def test_text_from_outside_is_shown_as_text(watched: Watched, visit: Visit) -> None:
    watched.tell_story()
    page = visit()
    expect(page.locator(".look .reason")).to_contain_text("<b>at all</b>")
    assert page.locator(".look .reason b").count() == 0


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
    assert watched.daemon.stop() == 0
    expect(page.locator("#live")).to_have_class("off")
    watched.daemon.start()
    expect(page.locator("#live")).to_have_class("on", timeout=20000)


def test_it_shows_that_nothing_new_is_taken_in(watched: Watched, visit: Visit) -> None:
    watched.daemon.ask("drain", "--yes")
    page = visit()
    expect(page.locator(".health")).to_have_text("draining: nothing new is taken in")
    expect(page.locator(".hop.warning")).to_contain_text("messages wait")


def test_it_can_be_used_with_the_keyboard(watched: Watched, visit: Visit) -> None:
    watched.tell_story()
    page = visit()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the deployments"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    page.keyboard.press("Enter")
    past = page.locator(".past").first
    expect(past.locator("details")).to_have_attribute("open", "")
    expect(past.locator(".reason")).to_be_visible()
    watched.daemon.ctl("approve", watched.wait_state("awaiting_approval", "churn")["id"])
    expect(page.locator(".card", has_text="churn").locator("[aria-current=step]")).not_to_contain_text("approval", timeout=20000)
    expect(past.locator("details")).to_have_attribute("open", "")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


@pytest.mark.parametrize("view", VIEWS)
def test_it_is_readable_for_everybody_and_fits(watched: Watched, visit: Visit, view: str) -> None:
    watched.tell_story()
    page = visit(**VIEWS[view], reduced_motion="reduce")
    expect(page.locator("#live")).to_have_class("on")
    page.locator(".past summary").nth(1).click()
    picture(page, view)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})
    assert found.violations_count == 0, found.generate_report()


def test_a_broken_bridge_is_seen_at_once(watched: Watched, visit: Visit) -> None:
    watched.gate.fault("error", {"service": "sqs", "operation": "ReceiveMessage"}, code="AccessDenied", status=403, times=0)
    watched.daemon.wait_said("cannot be read", 40)
    page = visit(**VIEWS["desk-light"])
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
