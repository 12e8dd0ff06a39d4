"""Rows of a review for tests: what is known, the segment, the proposal and the need remembered."""

from collections.abc import Mapping, Sequence
from typing import Any

from limits.limit_applicants import applicants_of
from pandas import DataFrame

from riskresearch.limits.applicants import KEYS, Applicants
from riskresearch.limits.memory import held_amounts
from riskresearch.limits.policy.policy import CreditPolicy
from riskresearch.limits.proposals import proposals

HELD = {"segment_code": "reliable", "is_new": False, "n_good_reviews": 9}


def reviewed_rows(rows: Sequence[Mapping[str, Any]], policy: CreditPolicy) -> DataFrame:
    """Return rows as a review makes them; ``segment_code is_new n_good_reviews`` of a day may be given, see `HELD`."""
    named = [
        {"customer_id": f"C{n:03d}", "review_date": "2025-12-31", **HELD, **row} for n, row in enumerate(rows, start=1)
    ]
    known = applicants_of([{key: row[key] for key in row if key not in HELD} for row in named], policy).rows
    by_key = {(row["customer_id"], row["review_date"]): row for row in named}
    keys = zip(known["customer_id"], known["review_date"].dt.strftime("%Y-%m-%d"), strict=True)
    held = [by_key[key] for key in keys]
    known = known.assign(**{name: [row[name] for row in held] for name in HELD})
    return reviewed(known, policy)


def reviewed(known: DataFrame, policy: CreditPolicy) -> DataFrame:
    """Return rows of customers and days of review with their proposals and held amounts."""
    asking = Applicants(known, policy)
    proposed = proposals(asking).drop(columns=KEYS)
    rows = known.assign(**{name: proposed[name] for name in proposed})
    return rows.assign(held_amount=held_amounts(rows, asking))
