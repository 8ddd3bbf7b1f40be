"""A running daemon with a story behind it, and Debian's Chromium to look at its page."""

import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from xdist.scheduler import LoadScopeScheduling

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "aws"))

from gate.client import Gate  # noqa: E402
from gate.fixtures import *  # noqa: E402, F403
from gate.world import World  # noqa: E402
from watched import Watched  # noqa: E402

# Chromium looks nowhere but at the page: no updates, no lists, no safe browsing.
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]


class PageTogether(LoadScopeScheduling):
    """Each file of the page's tests goes to one worker, which needs one browser, and tells one story; others go where there is room."""

    def _split_scope(self, nodeid: str) -> str:
        path = Path(nodeid.partition("::")[0])
        return str(path) if path.parent.name == "page" else nodeid


def pytest_xdist_make_scheduler(config: Any, log: Any) -> LoadScopeScheduling:
    return PageTogether(config, log)


@pytest.fixture
def watched(sandbox: Any, world: World, control: Gate, tmp_path: Path) -> Iterator[Watched]:
    made = Watched(sandbox, world, control, tmp_path / "causeway")
    made.daemon.start()
    yield made
    made.daemon.close()


@pytest.fixture(scope="module")
def told(sandbox: Any, shared_world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """A daemon with a story behind it, for tests that look at it."""
    gate = Gate(sandbox.endpoint)
    gate.reset()
    made = Watched(sandbox, shared_world.build(), gate, tmp_path_factory.mktemp("told") / "causeway")
    made.daemon.start()
    yield made.tell_story()
    made.daemon.close()
    assert not gate.violations()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=os.environ.get("CAUSEWAY_CHROMIUM", "/usr/bin/chromium"), args=QUIET)
        yield started
        started.close()


@pytest.fixture
def visit(browser: Browser, watched: Watched) -> Iterator[Callable[..., Page]]:
    """visit(**context): the page, opened. At the end: it has asked no other host, and nothing went wrong in it."""
    yield from visiting(browser, watched)


@pytest.fixture
def visit_told(browser: Browser, told: Watched) -> Iterator[Callable[..., Page]]:
    yield from visiting(browser, told)


def visiting(browser: Browser, watched: Watched) -> Iterator[Callable[..., Page]]:
    contexts = []
    asked: list[str] = []
    wrong: list[str] = []

    def open_page(**options: Any) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(watched.url, wait_until="domcontentloaded")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [url for url in asked if not url.startswith(watched.url)] == []
    # A daemon that goes away does so in the middle of an answer, too.
    away = r"ERR_(CONNECTION|INCOMPLETE|EMPTY)|status of 503" if watched.was_away else r"ERR_(CONNECTION_REFUSED|INCOMPLETE)"
    assert [text for text in wrong if not re.search(away, text)] == []
