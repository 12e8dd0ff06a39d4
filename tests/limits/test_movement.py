"""Movement of limits: worked cases, and what holds whatever the proposals are."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from small_ledger import day

from riskresearch.base.errors import TableError
from riskresearch.base.schema import check
from riskresearch.limits.movement import LIMIT_PATH, limit_path, lowest_own_limit, moved
from riskresearch.limits.policy.policy import credit_policy_from_mapping

ROOT = Path(__file__).parents[2]
CASES = yaml.safe_load((ROOT / "tests" / "cases" / "limits" / "movement.yaml").read_text(encoding="utf-8"))
CONTENT = yaml.safe_load((ROOT / "config" / "credit_policies" / "default.yaml").read_text(encoding="utf-8"))
amounts = st.floats(0, 200_000, allow_nan=False)


def policy(**movement):
    content = CONTENT | {"movement": CONTENT["movement"] | movement}
    return credit_policy_from_mapping(content, where="tests")


def one(previous, proposed, *, held=None, good=2, lowest=np.nan, default=False, rules=None):
    def column(value):
        return pd.Series([value])

    found = moved(
        column(previous),
        column(proposed),
        held_amount=column(proposed if held is None else held),
        lowest_amount=column(lowest),
        n_good_reviews=column(good),
        is_in_default=column(default),
        policy=rules or policy(),
    )
    return found.iloc[0]


def path_rows(proposed, *, current=None, good=9, blocked=(), customer="C1", start="2023-01-31"):
    days = pd.date_range(start, periods=len(proposed), freq="ME").astype("datetime64[us]")
    good = good if isinstance(good, list) else [good] * len(proposed)
    return pd.DataFrame(
        {
            "customer_id": customer,
            "review_date": days,
            "proposed_amount": np.asarray(proposed, dtype=float),
            "held_amount": np.asarray(proposed, dtype=float),
            "n_good_reviews": good,
            "internal_limit_amount": np.nan if current is None else float(current),
            "is_in_default": [place in blocked for place in range(len(proposed))],
        }
    )


@pytest.mark.parametrize("case", CASES["reviews"], ids=lambda case: case["name"])
def test_one_review_by_hand(case):
    found = one(
        case.get("previous", np.nan),
        case.get("proposed", np.nan),
        held=case.get("held"),
        good=case.get("good_reviews", 0),
        lowest=case.get("lowest", np.nan),
        default=case.get("in_default", False),
        rules=policy(**case.get("movement", {})),
    )
    expected = case["expected"]
    assert found["limit_amount"] == pytest.approx(expected["limit"])
    assert (found["move_code"], found["move_reason_code"]) == (expected["move"], expected["reason"])


@pytest.mark.parametrize("case", CASES["paths"], ids=lambda case: case["name"])
def test_one_path_by_hand(case):
    rows = path_rows(
        case["proposed"], current=case.get("current"), good=case["good_reviews"], blocked=case.get("in_default", ())
    )
    rows = rows.assign(held_amount=np.asarray(case.get("held", case["proposed"]), dtype=float))
    path = check(limit_path(rows, policy(**case.get("movement", {}))), LIMIT_PATH)
    assert path["limit_amount"].tolist() == pytest.approx(case["expected"]["limits"])
    assert path["move_code"].tolist() == case["expected"]["moves"]


@settings(deadline=None)
@given(previous=amounts, proposed=amounts, good=st.integers(0, 4), lowest=st.none() | amounts, default=st.booleans())
def test_a_review_stays_within_its_bounds(previous, proposed, good, lowest, default):
    rules = policy()
    found = one(previous, proposed, good=good, lowest=np.nan if lowest is None else lowest, default=default)
    limit = found["limit_amount"]
    assert 0 <= limit <= max(previous, proposed) + 1e-6
    if default:
        assert limit == 0
    elif proposed <= 0.9 * previous - 0.01:
        assert proposed - rules.movement.rounding_amount - 1e-6 < limit <= proposed + 1e-6, "a reduction is delayed"
    elif limit > previous:
        assert good >= rules.movement.upgrade_reviews
        assert limit <= 1.25 * previous + 1e-6 or previous == 0


@settings(deadline=None)
@given(previous=amounts, proposed=amounts, helds=st.tuples(amounts, amounts), good=st.integers(0, 4))
def test_a_higher_need_remembered_only_holds_a_limit_up(previous, proposed, helds, good):
    limits = [one(previous, proposed, held=held, good=good)["limit_amount"] for held in sorted(helds)]
    without = one(previous, proposed, good=good)["limit_amount"]
    assert without <= limits[0] <= limits[1] <= max(previous, without)


@settings(deadline=None)
@given(previous=st.none() | amounts, proposals=st.tuples(amounts, amounts), good=st.integers(0, 4), lowest=amounts)
def test_a_higher_proposal_never_gives_a_lower_limit(previous, proposals, good, lowest):
    low, high = sorted(proposals)
    before = np.nan if previous is None else previous
    limits = [one(before, amount, good=good, lowest=lowest)["limit_amount"] for amount in (low, high)]
    assert limits[0] <= limits[1]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from([0.0, 8_000.0, 10_000.0, 12_400.0, 15_000.0, 40_000.0]), min_size=2, max_size=14),
    st.sampled_from([None, 5_000.0, 20_000.0]),
    st.sampled_from([1, 3, 6]),
)
def test_raises_of_a_window_share_one_budget(proposed, current, months):
    path = limit_path(path_rows(proposed, current=current), policy(raise_months=months))
    before = 0.0 if current is None else current
    for place, limit in enumerate(path["limit_amount"]):
        if limit > before:
            assert limit <= proposed[place]
            held = path["limit_amount"].iloc[max(place - months, 0) : place].tolist()
            held += [current] if current and place < months else []
            assert all(limit <= 1.25 * other + 1e-6 for other in held if other > 0)
        before = limit


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0.901, 1.099), min_size=1, max_size=12))
def test_proposals_that_swing_inside_the_band_change_nothing(swings):
    path = limit_path(path_rows([30_000 * swing for swing in swings], current=30_000), policy())
    assert (path["limit_amount"] == 30_000).all()
    assert (path["move_code"] == "keep").all()


def test_default_proceedings_and_the_segment_of_defaulted_customers_block_at_once():
    rows = path_rows([50_000] * 3, current=40_000)
    plain = limit_path(rows, policy())
    blocked = limit_path(rows.assign(is_in_default=[False, True, True]), policy())
    assert blocked["limit_amount"].tolist() == [plain["limit_amount"][0], 0.0, 0.0]
    by_law = rows.assign(is_in_proceedings=[False, True, True])
    by_segment = rows.assign(segment_code=["reliable", "defaulted", "defaulted"])
    assert_frame_equal(limit_path(by_law, policy()), blocked)
    assert_frame_equal(limit_path(by_segment, policy()), blocked)


def test_customers_do_not_touch_each_other_and_order_of_rows_does_not_matter():
    first = path_rows([30_000, 60_000, 60_000, 10_000], current=30_000)
    second = path_rows([5_000, 9_000], customer="C2", start="2023-03-31")
    both = pd.concat([first, second], ignore_index=True)
    path = limit_path(both, policy())
    assert_frame_equal(path[path["customer_id"] == "C1"].reset_index(drop=True), limit_path(first, policy()))
    alone = path[path["customer_id"] == "C2"].reset_index(drop=True)
    assert_frame_equal(alone, limit_path(second, policy()))
    shuffled = both.sample(frac=1, random_state=np.random.default_rng(3)).reset_index(drop=True)
    assert_frame_equal(limit_path(shuffled, policy()), path)


def test_two_rows_of_a_customer_on_a_day_are_refused():
    rows = path_rows([30_000, 60_000])
    with pytest.raises(TableError, match=r"2 rows|1 rows repeat a customer and day of review \(C1\)"):
        limit_path(pd.concat([rows, rows.tail(1)], ignore_index=True), policy())


def test_no_row_gives_an_empty_path():
    assert check(limit_path(path_rows([]), policy()), LIMIT_PATH).empty


def limits(*rows):
    dated = ["start_date", "end_date", "recorded_date"]
    frame = pd.DataFrame(rows, columns=["limit_id", "limit_kind_code", *dated, "base"])
    dates = {name: pd.to_datetime(frame[name]) for name in dated}
    return frame.assign(**dates, customer_id="C1", base_minor=frame["base"] * 100)


def test_lowest_own_limit_looks_back_over_what_was_in_force_and_known():
    rows = [
        ("L1", "internal", "2025-01-31", None, "2025-01-31", 8_000),
        ("L2", "internal", "2025-10-05", None, "2025-10-05", 10_000),
        ("L3", "internal", "2025-11-05", None, "2025-11-20", 12_000),
        ("L4", "temporary", "2025-11-05", "2025-12-20", "2025-11-05", 100),
        ("L5", "internal", "2025-12-05", None, "2026-01-02", 100),
    ]
    at = {"as_of": day("2025-12-31"), "raise_months": 3}
    assert lowest_own_limit(limits(*rows), **at).to_dict() == {"C1": 8_000}, "L1 held until 4 October"
    assert lowest_own_limit(limits(*rows), as_of=day("2025-12-31"), raise_months=2).to_dict() == {"C1": 10_000}
    assert lowest_own_limit(limits(*rows), as_of=day("2025-12-31"), raise_months=1).to_dict() == {"C1": 12_000}
    blocked = [*rows, ("L6", "internal", "2025-12-10", None, "2025-12-10", 0)]
    assert lowest_own_limit(limits(*blocked), as_of=day("2025-12-31"), raise_months=1).to_dict() == {"C1": 12_000}
