"""Definition of default: worked cases and as-of correctness."""

from pathlib import Path

import pandas as pd
import pytest
import yaml
from small_ledger import day, small_ledger, tables_of

from riskresearch.ledger.default import DefaultSettings, default_variants, defaults, is_in_default

CASES = yaml.safe_load((Path(__file__).parents[1] / "cases" / "ledger" / "default.yaml").read_text(encoding="utf-8"))


def _found(case, as_of):
    ledger = small_ledger(case["invoices"], disputes=case.get("disputes", ()), events=case.get("events", ()))
    tables = tables_of(ledger, as_of)
    return defaults(tables["movements"], tables["disputes"], tables["events"], DefaultSettings(), as_of=day(as_of))


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_worked_case(case):
    found = _found(case, str(case["as_of"]))
    assert len(found) == len(case["defaults"])
    for row, expected in zip(found.to_dict("records"), case["defaults"], strict=True):
        assert row["trigger_code"] == expected["trigger_code"]
        for column in ("default_date", "trigger_end_date", "performing_date"):
            wanted = expected.get(column)
            assert pd.isna(row[column]) if wanted is None else row[column] == day(str(wanted)), column


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_default_known_on_a_day_is_the_same_seen_later(case):
    last = day(str(case["as_of"]))
    final = _found(case, str(case["as_of"]))
    for back in (15, 45, 100):
        earlier = last - pd.Timedelta(days=back)
        seen = _found(case, str(earlier.date())) if earlier >= day("2024-10-10") else final.iloc[:0]
        known = final[final["default_date"] <= earlier]
        assert seen["default_date"].tolist() == known["default_date"].tolist()


def test_in_default_ends_on_the_performing_day():
    case = next(c for c in CASES if c["name"].startswith("arrears paid"))
    spells = _found(case, str(case["as_of"]))
    days = ["2025-02-08", "2025-02-09", "2025-05-19", "2025-05-20"]
    keys = pd.DataFrame({"customer_id": "C1", "observation_date": [day(d) for d in days]})
    assert is_in_default(spells, keys).tolist() == [False, True, True, False]


def test_variants_count_more_defaults_under_a_shorter_threshold():
    ledger = small_ledger(
        [
            {
                "id": "I1",
                "customer": "A",
                "date": "2024-10-10",
                "due": "2024-11-10",
                "amount": 800,
                "paid": [["2025-01-25", 800]],
            },
            {
                "id": "I2",
                "customer": "B",
                "date": "2024-10-10",
                "due": "2024-11-10",
                "amount": 800,
                "paid": [["2025-02-20", 800]],
            },
            {"id": "I3", "customer": "D", "date": "2024-10-10", "due": "2024-11-10", "amount": 800},
        ]
    )
    counts = default_variants(tables_of(ledger, "2025-06-30"), DefaultSettings(), as_of=day("2025-06-30"))
    found = counts.set_index("variant_code")["n_customers"].to_dict()
    assert (found["past_due_60_days"], found["past_due_90_days"], found["past_due_120_days"]) == (3, 2, 1)
    assert found["as_set"] == 2
    assert found["events_only"] == 0


def test_an_insolvency_ends_with_its_own_closing_not_with_a_later_one():
    days = ["2022-02-01", "2022-03-01", "2023-02-01", "2023-03-01"]
    codes = ["insolvency", "insolvency_closed"] * 2
    ledger = small_ledger(
        [{"id": "I1", "date": "2022-01-01", "due": "2022-02-01", "amount": 100, "paid": [["2022-02-01", 100]]}],
        events=[{"id": f"E{k}", "code": code, "date": d} for k, (code, d) in enumerate(zip(codes, days, strict=True))],
    )
    for as_of, n_spells in (("2023-02-15", 2), ("2023-12-31", 2)):
        tables = tables_of(ledger, as_of)
        found = defaults(tables["movements"], tables["disputes"], tables["events"], DefaultSettings(), as_of=day(as_of))
        assert found["default_date"].tolist()[:n_spells] == [day("2022-02-01"), day("2023-02-01")]
        assert found["trigger_end_date"].iloc[0] == day("2022-03-01")
