"""Customer files: names of files, choice of customers, the card, mistakes."""

import pytest

from riskresearch.base.errors import ParameterError
from riskresearch.pipeline.customer_card import open_customer
from riskresearch.pipeline.customer_files import file_name, write_customer_files
from riskresearch.pipeline.session import open_session
from riskresearch.report.customers import customer_index

pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture(scope="module")
def work():
    return open_session("demo", "2025-12-31", "fr")


def test_names_of_files_are_safe_and_tell_customers_apart():
    assert file_name("../../etc/C:1").startswith("etc-C-1-")
    assert file_name("A/1") != file_name("A-1")


def test_the_card_holds_one_customer_only(work):
    card = open_customer(work, None)
    ranked = work.table("customer_behaviour").sort_values("overdue_amount", ascending=False)
    assert card.position["overdue_amount"].iloc[0] == ranked["overdue_amount"].iloc[0]
    assert len(card.position) == 1
    assert set(card.rows("next_actions")["customer_id"]) == {card.customer_id}
    facts = card.identity.set_index("fact_code")["fact_value"]
    assert facts["customer_id"] == card.customer_id
    assert "customer_name" not in facts


def test_the_history_of_a_customer_ends_with_its_position(work):
    card = open_customer(work, None)
    now = card.indicators.set_index("indicator_code")["value"]
    assert now["open_amount"] == pytest.approx(card.position["open_amount"].iloc[0])
    assert card.history["observation_date"].max() == work.as_of


def test_an_unknown_customer_is_named(work):
    with pytest.raises(ParameterError, match="'nobody' is not in run"):
        open_customer(work, "nobody")
    with pytest.raises(ParameterError, match="1 of the customers asked for are not in run"):
        write_customer_files(work, ["nobody"], top=1, progress=lambda *_: None)


def test_the_index_escapes_and_links(work):
    rows = (
        work.table("customer_behaviour")
        .head(1)
        .assign(customer_id="<script>", grade_code="A", segment_code="reliable", page_name="a.html")
    )
    page = customer_index(rows, words=work.words, is_synthetic=True)
    assert "&lt;script&gt;" in page
    assert '<a href="a.html">' in page
    assert "synthétiques" in page
