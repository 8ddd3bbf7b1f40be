"""What the tests over the local AWS share: the sandbox's fixtures, and the real daemon."""

from daemons import *  # noqa: F403
from gate.fixtures import *  # noqa: F403
