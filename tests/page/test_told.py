"""The page over a daemon that has a story behind it, which all of these look at: what is on it, how it looks, and for whom."""

import re
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


def test_the_essentials_are_there_without_scripts(told: Watched, visit_told: Visit) -> None:
    page = visit_told(java_script_enabled=False)
    expect(page.locator(".health")).to_have_text("ready; the accounts differ from the file")
    hops = [" ".join(text.split()) for text in page.locator(".hop").all_inner_texts()]
    assert [re.sub(r" (well|look|broken|not known).*", "", hop) for hop in hops] == [
        "From staging", "Event bus cross-account-bus", "Queue causeway-events", "Store causeway.db", "Production prod"]
    expect(page.locator(".kept.warning")).to_contain_text("differ from the file: causewayctl plan shows what would be done")
    look = page.locator(".look")
    expect(look).to_contain_text("did not pass the ping health check")
    expect(look).to_contain_text("causewayctl explain fraud-scorer-")
    expect(page.get_by_role("region", name="Not as the file says").locator("li")).to_have_count(12)
    cards = page.locator(".card")
    expect(cards.first.locator(".id")).to_contain_text("brings s3://axcess-devst-sagemaker/deploy/four")
    expect(cards).to_have_count(2)
    expect(cards.first).to_contain_text("settling")
    expect(cards.last).to_contain_text("causewayctl approve churn-")
    expect(cards.first.locator("[aria-current=step]")).to_contain_text("settling")
    # Where SageMaker was slow to answer, it is there when the page renews itself.
    expect(cards.first.locator(".progress")).to_contain_text("main: 1 of 2 new instances beside 2 old; baking", timeout=30000)
    expect(cards.first.get_by_role("progressbar", name="Instances of main")).to_have_attribute("value", "1")
    assert page.locator(".past .pill").all_inner_texts() == ["rolled back", "succeeded", "succeeded"]
    assert page.locator("noscript meta[http-equiv=refresh]").count() == 1


def test_text_from_outside_is_shown_as_text(told: Watched, visit_told: Visit) -> None:
    page = visit_told()
    expect(page.locator(".look .reason")).to_contain_text("<b>at all</b>")
    assert page.locator(".look .reason b").count() == 0


@pytest.mark.parametrize("view", VIEWS)
def test_it_is_readable_for_everybody_and_fits(told: Watched, visit_told: Visit, view: str) -> None:
    page = visit_told(**VIEWS[view], reduced_motion="reduce")
    expect(page.locator("#live")).to_have_class("on")
    page.locator(".past summary").nth(1).click()
    picture(page, view)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})
    assert found.violations_count == 0, found.generate_report()


def test_it_can_be_used_with_the_keyboard(told: Watched, visit_told: Visit) -> None:
    page = visit_told()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the deployments"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    page.keyboard.press("Enter")
    past = page.locator(".past").first
    expect(past.locator("details")).to_have_attribute("open", "")
    expect(past.locator(".reason")).to_be_visible()
    told.daemon.ctl("approve", told.wait_state("awaiting_approval", "churn")["id"])
    expect(page.locator(".card", has_text="churn").locator("[aria-current=step]")).not_to_contain_text("approval", timeout=20000)
    expect(past.locator("details")).to_have_attribute("open", "")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
