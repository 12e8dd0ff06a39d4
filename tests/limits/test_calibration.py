"""Limit factors by segment: worked cases, known truth, the definition by plain loops, what may not matter."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from limits.credit_policies import policy_content, policy_with
from oracles.limits_calibration import Group, SimulatedBook, movements_of, plain_ratio, simulated, true_factor
from shuffled_tables import shuffled

from riskresearch.base.errors import TableError
from riskresearch.limits.calibration.factors import limit_factors, with_factors
from riskresearch.limits.calibration.observations import matured, reviewed, row_counts
from riskresearch.limits.calibration.tables import CALIBRATION_TABLES

CASES = yaml.safe_load(
    (Path(__file__).parents[1] / "cases" / "limits" / "calibration.yaml").read_text(encoding="utf-8")
)
REVIEW, AS_OF = pd.Timestamp("2023-12-31"), pd.Timestamp("2024-12-31")
GRADES = {"reliable": "B", "to_watch": "D", "risky": "F"}
HAZARDS = {"reliable": 0.003, "to_watch": 0.006, "risky": 0.02}


def _policy(appetite_ratio=0.005, **appetite):
    return policy_with(appetite={**policy_content()["appetite"], "expected_loss_ratio": appetite_ratio, **appetite})


def _factors(book, policy=None, **options):
    options = {"as_of": book.as_of, "seed": 1, "n_bootstrap": 0, "n_scenarios": 200, **options}
    return limit_factors(book.inputs, book.segments, book.tables, policy or _policy(), **options)


def _cells(found, axis="segment"):
    frame = found["limit_factors"]
    return frame[frame["axis_code"] == axis].set_index("class_code")


def _input_rows(rows):
    frame = pd.DataFrame(rows)
    ordinary = {
        "customer_type_code": "b2b",
        "size_code": "small",
        "sector_code": "trade",
        "pd_12m": 0.03,
        "grade_code": "D",
        "lgd_ratio": 0.6,
        "is_in_default": False,
        "is_in_proceedings": False,
        "need_amount": 1000.0,
        "sales_amount_12m": 12_000.0,
        "seller_sales_amount_12m": 1_000_000.0,
    }
    for name, value in ordinary.items():
        frame[name] = frame.get(name, value)
    return frame.astype({"grade_code": "str", "size_code": "str", "sector_code": "str", "need_amount": "float64"})


def _hand_book(groups):
    rows, acts, defaults = [], [], []
    for place, group in enumerate(groups):
        for number in range(group["n"]):
            customer, need = f"{place}-{number:03d}", group.get("need", 1000)
            row = {"need_amount": float(need), "sales_amount_12m": 12.0 * need}
            rows.append({"customer_id": customer, "review_date": REVIEW, "segment_code": group["segment"], **row})
            for month in pd.date_range("2024-01-01", periods=12, freq="MS"):
                acts.append((customer, "invoice", month, group["use"] * need))
                acts.append((customer, "payment", month + pd.Timedelta(days=27), -group["use"] * need))
            if number < group["n_defaults"]:
                acts.append((customer, "invoice", AS_OF, group["owed"] * need))
                defaults.append((customer, AS_OF))
    inputs = _input_rows(rows)
    tables = {
        "defaults": pd.DataFrame(defaults, columns=["customer_id", "default_date"]),
        "movements": movements_of(acts),
    }
    return SimulatedBook(inputs.drop(columns="segment_code"), inputs[[*inputs.columns[:3]]], tables, AS_OF)


@pytest.fixture(scope="module")
def book():
    groups = [Group(code, GRADES[code], hazard, 60) for code, hazard in HAZARDS.items()]
    return simulated(groups, n_months=30, rng=np.random.default_rng(11))


@pytest.mark.parametrize("case", CASES["factors"], ids=lambda case: case["name"])
def test_worked_factors(case):
    policy = _policy(case.get("appetite", 0.005))
    expected = dict(case["expected"])
    row = _cells(_factors(_hand_book(case["groups"]), policy)).loc[expected.pop("segment")]
    names = {
        "factor": "factor",
        "rate": "ordered_default_rate_ratio",
        "weight": "shrinkage_weight_ratio",
        "loss_ratio": "expected_loss_ratio",
        "kept": "sales_kept_ratio",
        "full": "full_sales_factor",
        "policy": "factor_policy",
        "need_rate": "need_weighted_default_rate_ratio",
        "need_ratio": "need_at_default_ratio",
        "size_ratio": "shrunk_need_at_default_ratio",
        "to_sign": "factor_to_sign",
        "signed_loss_ratio": "expected_loss_to_sign_ratio",
        "signed_kept": "sales_kept_to_sign_ratio",
        "policy_loss_ratio": "expected_loss_policy_ratio",
        "policy_kept": "sales_kept_policy_ratio",
    }
    for name, column in (("reason", "reason_code"), ("to_sign_reason", "to_sign_reason_code")):
        if name in expected:
            assert row[column] == expected.pop(name)
    wanted = {name: np.nan if value is None else value for name, value in expected.items()}
    assert {name: row[names[name]] for name in wanted} == pytest.approx(wanted, abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("case", CASES["rows"], ids=lambda case: case["name"])
def test_which_review_days_count(case):
    row = {
        "customer_id": "C1",
        "review_date": pd.Timestamp(case["review"]),
        "is_in_default": case.get("in_default", False),
        "is_in_proceedings": case.get("in_proceedings", False),
        "customer_type_code": case.get("type", "b2b"),
        "need_amount": case.get("need", 1000.0),
        "grade_code": case.get("grade", "D"),
    }
    inputs = _input_rows([row])
    segments = inputs[["customer_id", "review_date"]].assign(segment_code=case.get("segment", "to_watch"))
    segments["segment_code"] = segments["segment_code"].astype("str")
    counts = row_counts(reviewed(inputs, segments, as_of=AS_OF))
    day = inputs["review_date"].item()
    window = {"n_review_dates": 1, "first_review_date": day, "last_review_date": day}
    assert counts.to_dict("records") == [{"reason_code": case["expected"], "n_rows": 1, "n_customers": 1, **window}]


def test_days_without_a_grade_count_only_where_none_has_one(book):
    bare = book.inputs["review_date"] < pd.Timestamp("2020-07-01")
    inputs = book.inputs.assign(grade_code=book.inputs["grade_code"].mask(bare))
    rated, every = (
        _factors(replace(book, inputs=inputs), rated_only=chosen)["limit_factor_rows"].set_index("reason_code")[
            "n_rows"
        ]
        for chosen in (True, False)
    )
    assert rated["not_rated"] == every["used_without_grade"] > 0
    assert rated["used"] == every["used"]
    assert rated.sum() == every.sum() == len(inputs)
    only = _factors(replace(book, inputs=book.inputs[~bare], segments=book.segments[~bare]))["limit_factors"]
    pd.testing.assert_frame_equal(_factors(replace(book, inputs=inputs))["limit_factors"], only)


@pytest.mark.parametrize("case", CASES["exposures_at_default"], ids=lambda case: case["name"])
def test_exposure_at_default(case):
    codes = {"opening": "invoice", "late": "invoice"}
    acts = movements_of([("C1", codes.get(c, c), pd.Timestamp(day), amount) for c, day, amount in case["acts"]])
    acts["invoice_kind_code"] = ["opening_item" if c == "opening" else "invoice" for c, *_ in case["acts"]]
    acts.loc[[c == "late" for c, *_ in case["acts"]], "known_date"] = AS_OF + pd.Timedelta(days=1)
    inputs = _input_rows([{"customer_id": "C1", "review_date": REVIEW}])
    segments = inputs[["customer_id", "review_date"]].assign(segment_code="risky")
    defaults = pd.DataFrame({"customer_id": ["C1"], "default_date": [pd.Timestamp(case["default"])]})
    rows = reviewed(inputs, segments, as_of=AS_OF)
    found = matured(rows, {"defaults": defaults, "movements": acts}, as_of=AS_OF)
    assert bool(found["is_hit"].item()) == (case["expected"] is not None)
    if case["expected"] is not None:
        assert found["use_ratio"].item() == pytest.approx(case["expected"])
        assert found["end_date"].item() == pd.Timestamp(case["default"]) - pd.Timedelta(days=1)


def test_where_nothing_is_chance_the_true_factors_come_out():
    """Months of default at the quantiles of their law: a x use / (h x LGD), 2.78 and 1.39; above it for 0.02."""
    exact = simulated([Group(code, GRADES[code], hazard, 300) for code, hazard in HAZARDS.items()], n_months=24)
    found = _cells(_factors(exact))
    truth = {code: true_factor(hazard, 0.005) for code, hazard in HAZARDS.items()}
    rates = {code: 1 - (1 - hazard) ** 12 for code, hazard in HAZARDS.items()}
    assert found["default_rate_ratio"].to_dict() == pytest.approx(rates, rel=0.02)
    assert found["ordered_default_rate_ratio"].to_dict() == pytest.approx(rates, rel=0.06)
    assert found.loc["reliable", "factor"] == pytest.approx(truth["reliable"], abs=0.15)
    assert found.loc["to_watch", "factor"] == pytest.approx(truth["to_watch"], abs=0.06)
    assert found.loc["risky", "factor"] == 0.0  # 0.42 is below the use: there, losses fall no faster than sales
    assert found["use_at_default_ratio"].tolist() == pytest.approx([3.0] * 3)
    sales = sum((1 - HAZARDS["risky"]) ** month for month in range(12)) * 1000
    at_policy = found.loc["risky", ["sales_kept_policy_ratio", "expected_loss_policy_ratio"]].tolist()
    assert at_policy == pytest.approx([0.5, rates["risky"] * 0.6 * 500 / (0.5 * sales)], rel=0.03)


def test_losses_and_sales_agree_with_the_definition_by_plain_loops(book):
    """Irregular acts of some customers, all in one segment, so that nothing is shrunk."""
    chosen = book.inputs["customer_id"].isin(
        ["C00001", "C00002", *book.tables["defaults"]["customer_id"].iloc[[0, -1, -3]]]
    )
    rows = book.inputs[chosen].assign(need_amount=lambda frame: frame["need_amount"] * (1 + 0.1 * (frame.index % 7)))
    small = rows["customer_id"].isin(book.tables["defaults"]["customer_id"].iloc[[0, -1]])
    rows.loc[small, ["need_amount", "lgd_ratio"]] *= [0.4, 0.7]
    days, amounts = pd.to_datetime(["2021-05-10", "2021-05-20", "2021-07-06"]), (-300.0, 1800.0, -250.0)
    acts = movements_of(
        [("C00001", "credit_note" if a < 0 else "invoice", d, a) for d, a in zip(days, amounts, strict=True)]
    )
    acts = pd.concat([book.tables["movements"], acts], ignore_index=True)
    acts = acts[acts["customer_id"].isin(rows["customer_id"])]
    segments = book.segments.assign(segment_code="to_watch")
    found = _cells(
        _factors(
            replace(book, inputs=rows, segments=segments, tables={**book.tables, "movements": acts}),
            _policy(0.03),
            least_defaulters=1,
        )
    )
    counted = rows[~rows["is_in_default"] & (rows["review_date"] + pd.DateOffset(months=12) <= book.as_of)]
    row, ratio = found.loc["to_watch"], {}
    for factor in (0.8, row["factor"], row["factor"] + 0.05):
        ratio[factor] = plain_ratio(counted, book.tables["defaults"], acts, factor=factor, as_of=book.as_of)
    assert row["n_customer_years"] == pytest.approx(len(counted) / 12)
    assert row["expected_loss_policy_ratio"] == pytest.approx(ratio[0.8], rel=1e-9)
    assert 0 < row["factor"] < 3
    assert row["expected_loss_ratio"] == pytest.approx(ratio[row["factor"]], rel=1e-9)
    assert ratio[row["factor"]] <= 0.03 < ratio[row["factor"] + 0.05]


def test_nothing_after_the_date_of_the_run_changes_a_figure(book):
    as_of = book.as_of - pd.DateOffset(months=4) + pd.offsets.MonthEnd(0)
    cut = {
        "defaults": book.tables["defaults"][book.tables["defaults"]["default_date"] <= as_of],
        "movements": book.tables["movements"][book.tables["movements"]["known_date"] <= as_of],
    }
    past = book.inputs["review_date"] <= as_of
    cut_book = SimulatedBook(book.inputs[past], book.segments[past], cut, as_of)
    whole = SimulatedBook(book.inputs, book.segments, book.tables, as_of)
    with_future, without = _factors(whole, n_bootstrap=10), _factors(cut_book, n_bootstrap=10)
    for name in ("limit_factors", "limit_factor_checks"):
        pd.testing.assert_frame_equal(with_future[name], without[name])


def test_the_order_of_rows_does_not_matter(book):
    mixed = shuffled({"inputs": book.inputs, "segments": book.segments, **book.tables}, seed=4)
    other = SimulatedBook(mixed.pop("inputs"), mixed.pop("segments"), mixed, book.as_of)
    for name, frame in _factors(book, n_bootstrap=10).items():
        pd.testing.assert_frame_equal(frame, _factors(other, n_bootstrap=10)[name])


def test_more_review_days_of_the_same_months_narrow_nothing(book):
    """Twice as many rows of every customer: the same factors and the very same intervals."""
    earlier = [
        frame.assign(review_date=frame["review_date"].dt.to_period("M").dt.end_time.dt.normalize())
        for frame in (book.inputs, book.segments)
    ]
    doubled = [
        pd.concat([frame, twin.assign(review_date=twin["review_date"] - pd.Timedelta(days=1))])
        for frame, twin in zip((book.inputs, book.segments), earlier, strict=True)
    ]
    twice = SimulatedBook(*doubled, book.tables, book.as_of)
    once, again = (_cells(_factors(part, n_bootstrap=60)) for part in (book, twice))
    columns = ["n_customer_years", "default_rate_ratio", "factor", "factor_low", "factor_high"]
    wide = (once["factor_high"] - once["factor_low"]).max()
    assert wide > 0.3
    np.testing.assert_allclose(again[columns], once[columns], rtol=0.05)


def test_copies_of_customers_do_narrow_the_interval(book):
    """The counterpart: new customers are information, new rows of the same ones are not."""
    copies = []
    for number in range(6):

        def named(frame, number=number):
            return frame.assign(customer_id=frame["customer_id"] + f"-{number}")

        copies.append([named(f) for f in (book.inputs, book.segments, *book.tables.values())])
    inputs, segments, defaults, acts = (pd.concat(parts, ignore_index=True) for parts in zip(*copies, strict=True))
    large = SimulatedBook(inputs, segments, {"defaults": defaults, "movements": acts}, book.as_of)
    once, many = (_cells(_factors(part, n_bootstrap=60)) for part in (book, large))
    widths = [(found["factor_high"] - found["factor_low"]).sum() for found in (once, many)]
    assert widths[1] < 0.7 * widths[0]


@pytest.mark.parametrize("axis", ["segment", "grade", "grade_size_sector"])
def test_factors_never_rise_with_risk(axis):
    rng = np.random.default_rng(8)
    groups = [
        Group(
            "to_watch", grade, float(rng.choice([0.002, 0.006, 0.02])), 12, float(rng.choice([500.0, 4000.0])), size, s
        )
        for grade in "CDEF"
        for size in ("micro", "large")
        for s in ("trade", None)
    ]
    frame = _factors(simulated(groups, n_months=24, rng=rng))["limit_factors"]
    frame = frame[frame["axis_code"] == axis].sort_values(["size_code", "sector_code", "class_rank"])
    signed = frame.groupby(["size_code", "sector_code"])["factor_to_sign"].diff().dropna()
    assert (signed <= 0).all()
    told = frame.dropna(subset=["factor"])
    assert (told["factor_to_sign"] <= told[["factor", "full_sales_factor"]].min(axis=1)).all()
    steps = told.groupby(["size_code", "sector_code"])["factor"].diff().dropna()
    assert (steps <= 0).all()
    rates = frame.groupby(["size_code", "sector_code"])["ordered_default_rate_ratio"].diff().dropna()
    assert (rates >= -1e-12).all()
    n_lines = frame[["size_code", "sector_code"]].drop_duplicates().shape[0]
    assert len(signed) == len(frame) - frame["factor_to_sign"].isna().sum() - n_lines
    assert axis == "segment" or len(steps) >= (len(frame) - n_lines) / 3  # one segment only has customers


def test_a_looser_appetite_never_lowers_a_factor(book):
    ratios = (0.0005, 0.002, 0.004, 0.005, 0.007, 0.012, 0.03, 0.1)
    found = [
        _factors(book, _policy(ratio), least_defaulters=1)["limit_factors"]["factor"].to_numpy(float)
        for ratio in ratios
    ]
    assert (np.diff(np.array(found), axis=0) >= 0).all()
    assert found[0].max() < 3.0
    assert found[-1].min() == 3.0


def test_a_stricter_portfolio_lowers_the_multiplier_and_no_factor(book):
    loose, strict = (
        _factors(book, _policy(shortfall_ratio=ratio, customer_share_ratio=0.0005)) for ratio in (0.9, 0.002)
    )
    pd.testing.assert_frame_equal(loose["limit_factors"], strict["limit_factors"])
    one, two = (part["limit_factor_checks"].set_index(["factors_code", "check_code"]) for part in (loose, strict))
    assert one.loc[("fitted", "customer_share"), "is_binding"]
    assert two.loc[("fitted", "expected_shortfall"), "is_binding"]
    for found in (one.loc["fitted"], two.loc["fitted"]):
        assert found.loc["common_multiplier", "value_ratio"] == found["multiplier_ratio"].min() < 1
        assert not found.loc["common_multiplier", "is_met"]
    seen = one.loc[("within_history", "customer_share")]
    assert seen["value_amount"] == 1000  # all sales fit within one need
    assert seen["multiplier_ratio"] > one.loc[("fitted", "customer_share"), "multiplier_ratio"]
    largest = one.loc[("fitted", "customer_share")]
    assert largest["value_amount"] == 1000 * _cells(loose)["factor"].max()
    assert largest["multiplier_ratio"] * largest["value_ratio"] == pytest.approx(0.0005, rel=1e-6)


def test_few_defaulters_give_a_wide_interval_and_the_parents_exposure(book):
    groups = [Group("to_watch", "D", 0.006, 80), Group("risky", "F", 0.012, 80), Group("reliable", "B", 0.0, 5)]
    few = simulated(groups, n_months=30, rng=np.random.default_rng(2))
    found = _cells(_factors(few, n_bootstrap=80))
    row = found.loc["reliable"]
    assert row["reason_code"] == "too_few_defaults"
    assert row["n_defaulters"] == 0
    assert np.isnan(row["use_at_default_ratio"])
    assert row["default_rate_ratio"] == 0 < row["ordered_default_rate_ratio"]
    assert row["ordered_default_rate_ratio"] <= found.loc["to_watch", "ordered_default_rate_ratio"]
    assert row[["factor_raw", "factor", "factor_low", "factor_high", "expected_loss_ratio"]].isna().all()
    assert row["factor_to_sign"] == row["factor_policy"]
    assert row["to_sign_reason_code"] == "too_few_defaults"
    told = found.drop(index="reliable")
    assert (told["factor_low"] <= told["factor"]).all()
    assert (told["factor"] <= told["factor_high"]).all()
    assert (told["factor_low"] < told["factor_high"]).any()
    assert (told["factor_to_sign"] <= told["full_sales_factor"]).all()


def test_a_book_without_any_default_is_told_and_not_taken_for_safe():
    safe = simulated([Group("to_watch", "D", 0.0, 8)], n_months=24, rng=np.random.default_rng(0))
    found = _factors(safe, n_bootstrap=200)
    segment, row = _cells(found).loc["to_watch"], _cells(found, "book").loc["*"]
    assert segment["reason_code"] == row["reason_code"] == "too_few_defaults"
    assert np.isnan(segment["factor"])
    assert segment["factor_to_sign"] == segment["factor_policy"] == 0.8
    assert row["factor"] == 3.0
    assert row["factor_low"] < 1.5  # half a default more in 8 customer-years, the whole limit lost


def _thin(book, thin):
    inputs, none = book.inputs, {name: frame.iloc[:0] for name, frame in book.tables.items()}
    changed = {
        "no_rows": {"inputs": inputs.iloc[:0], "segments": book.segments.iloc[:0]},
        "no_matured_rows": {"inputs": inputs[inputs["review_date"] == book.as_of]},
        "no_defaults": {"tables": {**book.tables, "defaults": none["defaults"]}},
        "no_acts": {"tables": {**book.tables, "movements": none["movements"]}},
        "no_grades": {
            "inputs": inputs.assign(grade_code=pd.Series(None, index=inputs.index, dtype="str"), pd_12m=np.nan)
        },
        "one_customer": {"inputs": inputs[inputs["customer_id"] == "C00001"]},
    }
    return replace(book, **changed[thin])


@pytest.mark.parametrize("thin", ["no_rows", "no_matured_rows", "no_defaults", "no_acts", "no_grades", "one_customer"])
def test_thin_data_give_tables_with_reasons(book, thin):
    found = _factors(_thin(book, thin), n_bootstrap=5)
    assert list(found) == [table.name for table in CALIBRATION_TABLES]
    cells = _cells(found)
    assert set(cells.index) == {"reliable", "to_watch", "risky"}
    if thin in ("no_rows", "no_matured_rows"):
        assert (cells["reason_code"] == "not_computable").all()
        assert cells["factor"].isna().all()
        assert found["limit_factor_checks"]["value_ratio"].isna().all()
        kept = with_factors(_policy(), found["limit_factors"])
        assert [part.need_factor for part in kept.segments] == [part.need_factor for part in _policy().segments]
    else:
        assert cells["factor_to_sign"].notna().all()
    if thin in ("no_defaults", "no_acts", "one_customer"):
        assert cells["factor"].isna().all()
        assert (cells["factor_to_sign"] == cells["factor_policy"]).all()
    if thin == "no_acts":
        assert (cells["reason_code"] == "no_history").all()
    if thin == "no_grades":
        assert set(found["limit_factors"]["axis_code"]) == {"book", "segment"}


def test_the_new_policy_is_a_draft_of_the_next_version(book):
    policy = _policy().model_copy(update={"approved_by": "committee"})
    found = _factors(book)["limit_factors"]
    own = _cells({"limit_factors": found})
    new = with_factors(policy, found, multiplier=0.873)
    assert (new.version, new.approved_by, policy.version) == (2, None, 1)
    for segment in new.segments[:-1]:
        product = own.loc[segment.segment_code, "factor_to_sign"] * 0.873
        assert 0 <= product - segment.need_factor < 0.01 + 1e-9
    assert new.segments[-1] == policy.segments[-1]
    assert new.segments[0].model_copy(update={"need_factor": 1.2}) == policy.segments[0]
    inside = with_factors(policy, found)
    assert own["full_sales_factor"].tolist() == [1.0] * 3  # all sales fit within one need
    told = own.sort_values("class_rank")
    wanted = told["factor"].clip(upper=1.0).fillna(told["factor_policy"]).cummin()
    assert {part.segment_code: part.need_factor for part in inside.segments[:-1]} == pytest.approx(wanted.to_dict())


def test_the_book_loses_what_the_factors_were_fitted_to():
    """Twelve small defaulters among large customers: expected loss 0.12 x 60 % x 1,000 x 0.578125 x 0.8 each."""
    groups = [
        {"segment": "to_watch", "n": 50, "n_defaults": 12, "use": 1, "owed": 3, "need": 500},
        {"segment": "to_watch", "n": 50, "n_defaults": 0, "use": 1, "owed": 3, "need": 1500},
    ]
    found = _factors(_hand_book(groups), n_scenarios=4000)["limit_factor_checks"]
    in_force = found[found["factors_code"] == "policy"].set_index("check_code")
    assert in_force.loc["expected_loss", "value_amount"] == pytest.approx(100 * 41.625 * 0.8)
    assert in_force.loc["expected_loss", "value_ratio"] == pytest.approx(0.0034688, abs=1e-6)
    alike = [dict(group, n_defaults=6) for group in groups]
    even = _factors(_hand_book(alike), n_scenarios=4000)["limit_factor_checks"]
    shortfall = even[even["factors_code"] == "policy"].set_index("check_code").loc["expected_shortfall", "value_amount"]
    assert in_force.loc["expected_shortfall", "value_amount"] == pytest.approx(0.578125 * shortfall)


def test_wrong_inputs_are_refused(book):
    with pytest.raises(TableError, match=r"limit_inputs: columns \['need_amount'\] are missing"):
        _factors(SimulatedBook(book.inputs.drop(columns="need_amount"), book.segments, book.tables, book.as_of))
    twice = pd.concat([book.inputs, book.inputs.head(2)])
    with pytest.raises(
        TableError, match=r"2 rows repeat customer and review day \(C00001/2020-01-31, C00001/2020-02-29\)"
    ):
        _factors(SimulatedBook(twice, book.segments, book.tables, book.as_of))
