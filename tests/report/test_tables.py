"""Tables for readers: accessible, escaped, rounded by the names of their columns."""

from html.parser import HTMLParser

import pandas as pd
import pytest
from pandas import DataFrame

from riskresearch.report.cells import kind_of
from riskresearch.report.tables import show_table, table_html
from riskresearch.report.translator import Translator, translator

ENGLISH = translator("en")
HOSTILE = '<script>alert(1)</script>"&'


class Cells(HTMLParser):
    """Tags with their attributes, and the text of cells."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def parsed(html: str) -> Cells:
    cells = Cells()
    cells.feed(html)
    return cells


def test_every_heading_has_a_scope_and_the_table_a_caption() -> None:
    frame = DataFrame({"customer_id": ["007"], "open_amount": [1.0]})
    cells = parsed(table_html(frame, words=ENGLISH, caption="Open"))
    scopes = [attrs.get("scope") for tag, attrs in cells.tags if tag == "th"]
    assert scopes == ["col", "col", "row"]
    assert [tag for tag, _ in cells.tags[:2]] == ["table", "caption"]


def test_text_of_customers_is_escaped_everywhere() -> None:
    frame = DataFrame({"customer_id": [HOSTILE], HOSTILE: ["x"], "verdict_code": [HOSTILE]})
    html = table_html(frame, words=ENGLISH, caption=HOSTILE)
    assert "<script" not in html
    cells = parsed(html)
    assert cells.texts.count(HOSTILE) >= 3
    assert {tag for tag, _ in cells.tags} <= {"table", "caption", "thead", "tbody", "tr", "th", "td"}
    assert [attrs["data-code"] for _, attrs in cells.tags if "data-code" in attrs] == [HOSTILE]


def test_names_of_customers_are_hidden_unless_asked_for() -> None:
    frame = DataFrame({"customer_id": ["007"], "customer_name": ["Dupont"]})
    assert "Dupont" not in table_html(frame, words=ENGLISH, caption="x", columns=["customer_id", "customer_name"])
    assert "Dupont" not in repr(show_table(frame, words=ENGLISH, caption="x"))
    assert "Dupont" in table_html(frame, words=ENGLISH, caption="x", show_names=True)


@pytest.mark.parametrize(
    ("column", "value", "shown"),
    [
        ("open_amount", 1234.56, "1,235"),
        ("open_amount", 12.5, "12.50"),
        ("difference_minor", 50, "0.50"),
        ("overdue_ratio", 0.1234, "12.3%"),
        ("pd_12m", 0.0042, "0.42%"),
        ("default_ratio", 0.3, "30.0%"),
        ("days_late_p50", 4.04, "4.0"),
        ("n_rows", 12345, "12,345"),
        ("auc", 0.81234, "0.812"),
        ("is_chosen", True, "yes"),
        ("bucket_code", "1_30", "1–30 days"),
        ("size_code", "large", "large"),
        ("binding_code", "default", "In default"),
        ("observation_date", pd.Timestamp("2025-12-31"), "31 Dec 2025"),
        ("detail", "as read", "as read"),
        ("sales_amount_12m", 99.0, "99.00"),
        ("tenure_months", 7.25, "7.2"),
        ("expected_gross_amount_se", 2000.0, "2,000"),
    ],
)
def test_units_and_decimals_follow_from_the_name(column: str, value: object, shown: str) -> None:
    view = show_table(DataFrame({column: [value]}), words=ENGLISH, caption="x")
    assert view.content.rows == ((shown,),)


def test_a_column_of_values_takes_its_unit_from_each_row() -> None:
    frame = DataFrame(
        {
            "value": [0.25, 12.0, 1500.0, None],
            "unit_code": ["ratio", "days", "amount", "days"],
            "reason_code": [None, None, None, "nothing_open"],
        }
    )
    rows = show_table(frame, words=ENGLISH, caption="x", columns=["value"]).content.rows
    assert [row[0] for row in rows] == ["25.0%", "12.0 days", "€1,500", "not computable: nothing open"]


def test_amounts_of_a_column_share_their_decimals() -> None:
    rows = show_table(DataFrame({"open_amount": [12.5, 1000.0]}), words=ENGLISH, caption="x").content.rows
    assert [row[0] for row in rows] == ["12", "1,000"]


def test_missing_values_are_words_or_a_dash_never_blanks() -> None:
    frame = DataFrame({"open_amount": [None], "reason_code": [None], "due_date": [pd.NaT], "n_rows": [pd.NA]})
    rows = show_table(frame, words=ENGLISH, caption="x").content.rows
    assert rows == (("not computable", "–", "–", "not computable"),)


def test_rows_that_are_not_shown_are_counted() -> None:
    view = show_table(DataFrame({"customer_id": list("abc")}), words=ENGLISH, caption="x", max_rows=1)
    assert repr(view).splitlines() == ["x", "Customer", "a", "and 2 more rows"]
    assert "and 2 more rows" in view._repr_html_()


def test_an_empty_table_keeps_its_headings() -> None:
    frame = DataFrame({"customer_id": pd.Series(dtype="str"), "open_amount": pd.Series(dtype=float)})
    assert repr(show_table(frame, words=ENGLISH, caption="x")).splitlines() == ["x", "Customer  Open amount (EUR)"]


def test_text_and_html_are_the_same_every_time(tables: dict[str, DataFrame], words: Translator) -> None:
    for frame in tables.values():
        first, second = (show_table(frame, words=words, caption="x") for _ in range(2))
        assert (repr(first), first._repr_html_()) == (repr(second), second._repr_html_())


def test_every_table_of_a_run_can_be_shown(tables: dict[str, DataFrame], words: Translator) -> None:
    for name, frame in tables.items():
        html = table_html(frame, words=words, caption=name)
        assert html.count("<tr>") == len(frame) + 1
        assert not [text for text in parsed(html).texts if text in ("nan", "None", "<NA>", "NaT")]


def test_kinds_of_all_declared_columns_agree_with_their_types(tables: dict[str, DataFrame]) -> None:
    numbers = {"count", "tenth", "minor", "amount", "ratio", "probability", "days", "months", "number", "p_value"}
    wrong = [
        (name, column)
        for name, frame in tables.items()
        for column in frame
        if (kind_of(frame, column) in numbers)
        != (pd.api.types.is_numeric_dtype(frame[column]) and not pd.api.types.is_bool_dtype(frame[column]))
        and kind_of(frame, column) not in ("unit", "figure")
    ]
    assert wrong == []


def test_evidence_and_lists_of_codes_are_read_out() -> None:
    frame = DataFrame({"evidence": ['{"invoice_id":"I7","n_items":3}'], "action_codes": ["call reminder"]})
    ((evidence, actions),) = show_table(frame, words=ENGLISH, caption="x").content.rows
    assert evidence.startswith("invoice I7; ")
    assert actions == "call; send reminder"


def test_whole_days_have_no_decimals_and_ranks_are_counts() -> None:
    frame = DataFrame({"past_due_max_days": [30], "days_late": [30.0], "priority_rank": [4]})
    assert show_table(frame, words=ENGLISH, caption="x").content.rows == (("30", "30.0", "4"),)


def test_a_bound_that_does_not_apply_is_a_dash() -> None:
    frame = DataFrame({"value": [3.0], "value_low": [None], "unit_code": ["days"], "reason_code": [None]})
    assert show_table(frame, words=ENGLISH, caption="x").content.rows[0][:2] == ("3.0 days", "–")
