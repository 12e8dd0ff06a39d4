"""Invoices payable in parts: what settles them goes to the part due first, exactly, in every currency."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_ledger import day

from riskresearch.ledger.movements import movements, ordered


def _tables(parts, payments, *, rate=1.0):
    gross = sum(parts)
    invoices = pd.DataFrame(
        {
            "invoice_id": ["I1"],
            "customer_id": ["C1"],
            "invoice_date": [day("2024-01-01")],
            "recorded_date": [day("2024-01-01")],
            "due_date": [day("2024-02-01")],
            "invoice_kind_code": ["invoice"],
            "currency_code": ["EUR"],
            "gross_minor": [gross],
            "base_minor": [round(gross * rate)],
        }
    )
    instalments = pd.DataFrame(
        {
            "invoice_id": "I1",
            "sequence_number": range(1, len(parts) + 1),
            "due_date": [day("2024-02-01") + pd.Timedelta(days=30 * i) for i in range(len(parts))],
            "gross_minor": parts,
        }
    )
    allocations = pd.DataFrame(
        {
            "allocation_id": [f"L{i:02d}" for i in range(len(payments))],
            "invoice_id": "I1",
            "customer_id": "C1",
            "source_code": "payment",
            "source_id": [f"P{i}" for i in range(len(payments))],
            "effective_date": [day("2024-01-10") + pd.Timedelta(days=i) for i in range(len(payments))],
            "recorded_date": [day("2024-01-10") + pd.Timedelta(days=i) for i in range(len(payments))],
            "amount_minor": payments,
            "base_minor": payments,
        }
    )
    paid = pd.DataFrame({"payment_id": allocations["source_id"], "reversal_of_id": None})
    return {"invoices": invoices, "instalments": instalments, "allocations": allocations, "payments": paid}


def test_a_payment_goes_to_the_part_due_first():
    found = movements(_tables([100, 100, 100], [150]))
    settled = found[found["movement_code"] == "payment"].set_index("item_id")["document_minor"]
    assert settled.to_dict() == {"I1": -100, "I1#2": -50}
    assert found.loc[found["movement_code"] == "invoice", "item_id"].tolist() == ["I1", "I1#2", "I1#3"]


def test_a_returned_payment_opens_the_last_parts_it_paid():
    found = movements(_tables([100, 100, 100], [250, -100]))
    left = found.groupby("item_id")["document_minor"].sum()
    assert left.to_dict() == {"I1": 0, "I1#2": 50, "I1#3": 100}


@settings(max_examples=40, deadline=None)
@given(
    parts=st.lists(st.integers(1, 10_000), min_size=1, max_size=4),
    shares=st.lists(st.floats(0, 1), min_size=1, max_size=4),
    rate=st.sampled_from([1.0, 0.7536, 1.17]),
)
def test_amounts_add_up_in_both_currencies(parts, shares, rate):
    left, payments = sum(parts), []
    for share in shares:
        payments.append(int(left * share))
        left -= payments[-1]
    found = movements(_tables(parts, [*payments, left], rate=rate))
    assert (found.groupby("item_id")[["document_minor", "base_minor"]].sum() == 0).all(axis=None)
    assert found["movement_id"].is_unique
    raised = found[found["movement_code"] == "invoice"]
    assert raised["base_minor"].sum() == round(sum(parts) * rate)


@pytest.mark.parametrize("shuffled", [1, 2])
def test_the_order_of_rows_changes_nothing(shuffled):
    tables = _tables([100, 200, 300], [50, 120, 80, 200])
    mixed = {name: frame.sample(frac=1, random_state=shuffled) for name, frame in tables.items()}
    one, two = (movements(t).sort_values("movement_id", ignore_index=True) for t in (tables, mixed))
    pd.testing.assert_frame_equal(one, two)


def test_movements_are_put_in_their_own_order():
    tables = _tables([100, 200, 300], [50, 120, 80, 200])
    moves = movements(tables)
    assert ordered(moves) is moves
    pd.testing.assert_frame_equal(ordered(moves.sample(frac=1, random_state=3)), moves)
