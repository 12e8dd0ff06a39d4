"""One rated book for the tests of reasons, changes, disagreements and improvements."""

import pytest
from explanation.hand import QUICK
from model.panel import FEW, inputs, knowledge, panel, without

from riskresearch.explanation.model import ExplainedModel
from riskresearch.model.stage import default_model


@pytest.fixture(scope="session")
def run():
    """Tables of a run with an accepted model, two prospects and a customer in default; and the model."""
    given = inputs(without(panel(), prospects=2, in_default=1), features=FEW)
    tables = given | default_model(given, QUICK, knowledge())
    return tables, ExplainedModel.of(tables["model_parts"])
