"""pytest fixtures over one sandbox a session: `from gate.fixtures import *` in a conftest or a test file.

Each test gets a fresh world, and fails if any request of it broke a rule of AWS, unless the test says
`@pytest.mark.usefixtures("expects_violations")`.
"""

import pytest

from .client import Gate, Sandbox
from .world import World

__all__ = ["bare", "control", "expects_violations", "sandbox", "shared_world", "world"]


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory):
    with Sandbox.start(tmp_path_factory.mktemp("sandbox")) as started:
        yield started


@pytest.fixture(scope="session")
def shared_world(sandbox):
    """The names and clients; its resources are there only in tests that ask for `world`."""
    return World(sandbox)


@pytest.fixture
def expects_violations():
    """For a test that makes wrong requests on purpose."""


@pytest.fixture
def control(sandbox, request):
    """The control API, over an empty world."""
    gate = Gate(sandbox.endpoint)
    gate.reset()
    yield gate
    gate.clear_faults()
    violations = gate.violations()
    if "expects_violations" not in request.fixturenames:
        assert not violations, f"requests that AWS would not take: {violations}"


@pytest.fixture
def world(control, shared_world):
    """The two accounts as Causeway's users have them."""
    return shared_world.build()


@pytest.fixture
def bare(control, shared_world):
    """The two accounts with nothing in them."""
    return shared_world
