"""The credit policy file: what it refuses, that all of it can be shown, and what two versions differ in."""

from datetime import date

import pandas as pd
import pytest
from limits.credit_policies import FILE, policy_content, policy_with
from pydantic import BaseModel

from riskresearch.base.errors import SettingsError
from riskresearch.limits.policy.changes import policy_changes, policy_values
from riskresearch.limits.policy.policy import credit_policy_from_mapping
from riskresearch.limits.policy.rows import policy_rows

POLICY = policy_with()
WHOLE = policy_with(
    currency_code="EUR",
    approved_by="Board, minute 12",
    shares_by_grade=[
        {"grade_code": "A", "net_worth_ratio": 0.2, "revenue_ratio": 0.06},
        {"grade_code": "B", "net_worth_ratio": 0.15, "revenue_ratio": 0.06},
    ],
    exceptions=[
        {
            "customer_id": "00012",
            "segment_code": "reliable",
            "floor_amount": 7000,
            "reason": "guarantee of the State",
            "approver_code": "finance_director",
            "start_date": "2025-02-01",
            "end_date": "2025-06-30",
        }
    ],
    countries=[{"country_code": "US", "total_limit_amount": 250_000}],
)
COLUMN_OF = {"methods": "method_code", "join": "join_code"}


def _segments(**changes):
    """Segments of the demonstration with fields of one or more of them changed."""
    segments = policy_content()["segments"]
    return [{**segment, **changes.get(segment["segment_code"], {})} for segment in segments]


def _overrides(**changes):
    return {**policy_content()["overrides"], **changes}


def _terms(segment_code, **changes):
    terms = next(s["terms"] for s in policy_content()["segments"] if s["segment_code"] == segment_code)
    return {"terms": {tenure: {**offer, **changes.get(tenure, {})} for tenure, offer in terms.items()}}


def _exception(**changes):
    one = {"customer_id": "C1", "segment_code": "risky", "reason": "audit", "approver_code": "credit_manager"}
    return {**one, "end_date": "2025-06-30", **changes}


def _entry(**bounds):
    return {"entry": bounds}


LEVELS = policy_content()["overrides"]["levels"]
REFUSED = {
    "a bound that tightens": (
        {"segments": _segments(to_watch=_entry(pd_max_ratio=0.005))},
        "segments.to_watch.entry.pd_max_ratio 0.005 asks more than that of reliable (0.01)",
    ),
    "a bound where the better segment has none": (
        {"segments": _segments(reliable=_entry(pd_max_ratio=0.01), to_watch=_entry(past_due_max_days=60))},
        "segments.to_watch.entry.past_due_max_days 60 asks more than that of reliable (nothing)",
    ),
    "conditions that leave somebody out": (
        {"segments": _segments(risky=_entry(pd_max_ratio=0.2))},
        "segments.risky.entry must be empty",
    ),
    "conditions for default": (
        {"segments": _segments(defaulted=_entry(past_due_max_days=400))},
        "segments.defaulted.entry must be empty",
    ),
    "a need factor that rises": (
        {"segments": _segments(to_watch={"need_factor": 1.5})},
        "segments.to_watch.need_factor 1.5 is above that of reliable, 1.2",
    ),
    "a share of net worth that rises": (
        {"segments": _segments(risky={"net_worth_ratio": 0.09})},
        "segments.risky.net_worth_ratio 0.09 is above that of to_watch, 0.08",
    ),
    "a share of revenue that rises": (
        {"segments": _segments(defaulted={"revenue_ratio": 0.03})},
        "segments.defaulted.revenue_ratio 0.03 is above that of risky, 0.02",
    ),
    "fewer reviews of worse customers": (
        {"segments": _segments(risky={"review_months": 6})},
        "segments.risky.review_months 6 is above that of to_watch, 3",
    ),
    "longer terms for worse customers": (
        {"segments": _segments(risky=_terms("risky", loyal={"max_days": 60}))},
        "segments.risky.terms.loyal.max_days 60 is above that of to_watch, 45",
    ),
    "longer terms on request for worse customers": (
        {"segments": _segments(to_watch=_terms("to_watch", new={"request_days": 30}))},
        "segments.to_watch.terms.new.request_days 30 is above that of reliable, 0",
    ),
    "a deposit that falls": (
        {"segments": _segments(defaulted={"deposit_ratio": 0.1})},
        "segments.defaulted.deposit_ratio 0.1 is below that of risky, 0.3",
    ),
    "levels that do not rise": (
        {"overrides": _overrides(levels=[LEVELS[1], LEVELS[0], LEVELS[3]])},
        "up_to_amount must rise from each level to the next",
    ),
    "a last level with a bound": (
        {"overrides": _overrides(levels=LEVELS[:2])},
        "the last, credit_manager, must have no up_to_amount",
    ),
    "a middle level without bound": (
        {"overrides": _overrides(levels=[{"approver_code": "clerk"}, *LEVELS])},
        "clerk without up_to_amount; only the last level has no bound",
    ),
    "an approver named twice": (
        {"overrides": _overrides(levels=[*LEVELS[:3], {"approver_code": "credit_analyst"}])},
        "each approver_code may be named once",
    ),
    "an approver who asks": (
        {"overrides": _overrides(requester_codes=["sales", "credit_manager"])},
        "credit_manager may ask for an override and not approve it",
    ),
    "a grade named twice": (
        {"shares_by_grade": [{"grade_code": "A", "net_worth_ratio": 0.1, "revenue_ratio": 0.1}] * 2},
        "shares_by_grade: more than one line for A",
    ),
    "a share that rises with the grade": (
        {
            "shares_by_grade": [
                {"grade_code": "A", "net_worth_ratio": 0.1, "revenue_ratio": 0.1},
                {"grade_code": "B", "net_worth_ratio": 0.1, "revenue_ratio": 0.2},
            ]
        },
        "revenue_ratio rises from grade A to B",
    ),
    "an exception that ends before it starts": (
        {"exceptions": [_exception(start_date="2025-07-01")]},
        "exceptions: that of C1 ends on 2025-06-30, before it starts",
    ),
    "an exception approved by who may only ask": (
        {"exceptions": [_exception(approver_code="sales")]},
        "exceptions: that of C1 is approved by sales, who may only ask",
    ),
    "two exceptions at once": (
        {"exceptions": [_exception(), _exception(start_date="2025-06-30", end_date="2025-12-31")]},
        "exceptions: two of C1 hold on 2025-06-30",
    ),
    "a contract without rate": (
        {"countries": [{"country_code": "US", "late_interest_ratio": 0}]},
        "countries.US: contract needs a late_interest_ratio",
    ),
    "a rate that nothing reads": (
        {"countries": [{"country_code": "DE", "late_interest_ratio": 0.1}]},
        "countries.DE: late_interest_ratio has no meaning for eu_directive",
    ),
    "a day that does not exist": ({"exceptions": [_exception(end_date="2025-02-30")]}, "exceptions.0.end_date"),
    "an unknown key": ({"colour": "red"}, "colour"),
}


@pytest.mark.parametrize(("parts", "message"), REFUSED.values(), ids=REFUSED)
def test_a_policy_that_makes_no_sense_is_refused_with_one_clear_error(parts, message):
    with pytest.raises(SettingsError) as refused:
        policy_with(**parts)
    assert message in str(refused.value)
    assert str(refused.value).startswith("policy of a test: 1 setting(s) refused: ")


def test_all_faults_are_told_at_once():
    segments = _segments(to_watch={"need_factor": 1.5}, risky={"review_months": 6})
    with pytest.raises(SettingsError) as refused:
        policy_with(segments=segments, overrides=_overrides(levels=LEVELS[:2]))
    for part in ("to_watch.need_factor", "risky.review_months", "overrides.levels"):
        assert part in str(refused.value)


@pytest.mark.parametrize("missing", ["segments", "countries", "guarantees"])
def test_a_line_that_is_missing_is_named(missing):
    content = policy_content()
    with pytest.raises(SettingsError, match=missing):
        credit_policy_from_mapping({**content, missing: content[missing][:-1]}, where="policy")


def test_every_policy_of_the_project_is_read():
    files = sorted(FILE.parent.glob("*.yaml"))
    assert FILE in files
    for file in files:
        policy = credit_policy_from_mapping(policy_content(file), where=file.name)
        assert policy.policy_id == file.stem


def _leaves(value, name=""):
    """Name and value of every field that holds no further rules."""
    if isinstance(value, BaseModel):
        for field in type(value).model_fields:
            yield from _leaves(getattr(value, field), field)
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _leaves(inner, name)
    elif isinstance(value, tuple) and any(isinstance(inner, BaseModel) for inner in value):
        for inner in value:
            yield from _leaves(inner, name)
    else:
        yield name, value


def _shown(name, value, frames):
    """Whether a cell of a column of that name holds the value; a list without lines is an empty frame."""
    if value == () and name in frames:
        return frames[name].empty
    columns = [frame[COLUMN_OF.get(name, name)] for frame in frames.values() if COLUMN_OF.get(name, name) in frame]
    if name == "methods":
        return all(any((column == method).any() for column in columns) for method in value)
    if value in (None, ()):
        return any(column.isna().any() for column in columns)
    if isinstance(value, tuple):
        value = " ".join(value)
    if isinstance(value, date):
        value = pd.Timestamp(value)
    return any((column == value).any() for column in columns)


@pytest.mark.parametrize("policy", [POLICY, WHOLE], ids=["demonstration", "everything_filled"])
def test_every_field_of_the_policy_is_a_cell_of_a_frame(policy):
    frames = policy_rows(policy)
    leaves = list(_leaves(policy))
    assert len(leaves) > 250
    assert [leaf for leaf in leaves if not _shown(*leaf, frames)] == []


def test_frames_keep_their_columns_and_types_when_they_are_empty():
    full, bare = policy_rows(WHOLE), policy_rows(POLICY)
    assert full.keys() == bare.keys()
    for name, frame in full.items():
        assert list(frame.columns) == list(bare[name].columns)
        assert frame.dtypes.tolist() == bare[name].dtypes.tolist()
    assert bare["exceptions"].empty
    assert full["segments"]["segment_code"].tolist() == ["reliable", "to_watch", "risky", "defaulted"]
    assert len(full["segment_terms"]) == 12
    assert full["methods"].loc[full["methods"]["question_code"] == "need", "method_code"].tolist() == [
        "sales_need",
        "order_need",
    ]


def test_changes_name_each_field_once_by_what_it_is_called():
    assert policy_changes(POLICY, policy_with()).empty
    new = policy_with(
        version=2,
        segments=_segments(reliable={"need_factor": 1.3, "guarantees_wanted": ["retention_of_title"]}),
        countries=[{"country_code": "FR", "max_terms_days": 45}],
        exceptions=[_exception()],
    )
    found = policy_changes(POLICY, new).set_index("path")
    changed = {path: tuple(found.loc[path, ["old_value", "new_value"]]) for path in found.index[:4]}
    assert changed == {
        "version": ("1", "2"),
        "segments.reliable.need_factor": ("1.2", "1.3"),
        "segments.reliable.guarantees_wanted": (pytest.approx(float("nan"), nan_ok=True), "retention_of_title"),
        "countries.FR.max_terms_days": ("60", "45"),
    }
    added = found.iloc[4:]
    assert added.index.str.startswith("exceptions.C1.").all()
    assert added["old_value"].isna().all()
    back = policy_changes(new, POLICY).set_index("path")
    assert sorted(back.index) == sorted(found.index)
    assert back["old_value"].equals(found["new_value"].reindex(back.index))


def test_the_order_of_countries_is_no_change_and_two_lines_of_a_customer_stay_apart():
    content = policy_content()
    turned = credit_policy_from_mapping({**content, "countries": content["countries"][::-1]}, where="policy")
    assert policy_changes(POLICY, turned).empty
    later = _exception(start_date="2025-07-01", end_date="2025-12-31")
    paths = [path for path, _ in policy_values(policy_with(exceptions=[_exception(), later]))]
    assert len(set(paths)) == len(paths)
    assert "exceptions.C1.2.end_date" in paths


def test_countries_and_currencies_fall_back_to_all_others():
    assert POLICY.country("FR").max_terms_days == 60
    assert POLICY.country("JP").country_code == "*"
    assert POLICY.country(None).country_code == "*"
    assert POLICY.currency("USD").currency_code == "*"
    assert POLICY.segment("risky").need_factor == 0.5
