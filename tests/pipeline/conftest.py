"""Policies of the demo, for tests of whole runs."""

import pytest

from riskresearch.base.config import read_yaml
from riskresearch.insurance.policy import policy_from_mapping
from riskresearch.pipeline.project import POLICIES


@pytest.fixture
def demo_policies():
    """Return the policies shipped with the project."""
    return tuple(policy_from_mapping(read_yaml(file), where=file.name) for file in sorted(POLICIES.glob("*.yaml")))
