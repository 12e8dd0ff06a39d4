"""Policies of the demo, for tests of whole runs."""

import pytest

from riskresearch.pipeline.policy_files import policy_at, policy_files
from riskresearch.pipeline.project import POLICIES


@pytest.fixture
def demo_policies():
    """Return the policies shipped with the project."""
    return tuple(policy_at(file) for file in policy_files(POLICIES))
