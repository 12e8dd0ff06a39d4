"""What a credit policy must not say: worse customers may not fare better, and nobody approves what they ask for."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from riskresearch.limits.policy.rule import TENURES
from riskresearch.limits.policy.rules import CountryRule, Overrides, RevenueShare, SegmentException
from riskresearch.limits.policy.segment import EntryConditions, Segment

SHRINKING = ("need_factor", "net_worth_ratio", "revenue_ratio", "review_months")


def segment_faults(segments: Sequence[Segment]) -> list[str]:
    """Return what is wrong with the order of the segments, one sentence each.

    Every customer must belong somewhere, so the last two segments ask nothing. From a better to a worse segment
    bounds may only loosen, shares, terms and the time to the next review may only shrink, deposits only grow.

    Parameters
    ----------
    segments : from the best to the worst
    """
    asking = [s.segment_code for s in segments[-2:] if s.entry != EntryConditions()]
    faults = [f"segments.{code}.entry must be empty: it takes the customers no better segment takes" for code in asking]
    for better, worse in pairwise(segments):
        faults += _tighter_bounds(better, worse)
        faults += _better_treated(better, worse)
    return faults


def _tighter_bounds(better: Segment, worse: Segment) -> Iterator[str]:
    for name in EntryConditions.model_fields:
        low, high = getattr(better.entry, name), getattr(worse.entry, name)
        if high is not None and (low is None or high < low):
            yield (
                f"segments.{worse.segment_code}.entry.{name} {high:g} asks more than that of {better.segment_code} "
                f"({'nothing' if low is None else format(low, 'g')}); bounds loosen from better to worse"
            )


def _better_treated(better: Segment, worse: Segment) -> Iterator[str]:
    most, found = _granted(better), _granted(worse)
    for name in most:
        if found[name] > most[name]:
            yield (
                f"segments.{worse.segment_code}.{name} {found[name]:g} is above that of {better.segment_code}, "
                f"{most[name]:g}; it must not rise with risk"
            )
    if worse.deposit_ratio < better.deposit_ratio:
        yield (
            f"segments.{worse.segment_code}.deposit_ratio {worse.deposit_ratio:g} is below that of "
            f"{better.segment_code}, {better.deposit_ratio:g}; it must not fall with risk"
        )


def _granted(segment: Segment) -> dict[str, float]:
    """What a segment grants, and a worse one may not grant more of."""
    terms = {
        f"terms.{tenure}.{name}": getattr(segment.terms[tenure], name)
        for tenure in TENURES
        for name in ("max_days", "request_days")
    }
    return {name: getattr(segment, name) for name in SHRINKING} | terms


def grade_faults(shares: Sequence[RevenueShare]) -> list[str]:
    """Return what is wrong with shares by grade, which are listed from the best grade to the worst."""
    codes = [share.grade_code for share in shares]
    doubled = sorted({code for code in codes if codes.count(code) > 1})
    faults = [f"shares_by_grade: more than one line for {code}" for code in doubled]
    for better, worse in pairwise(shares):
        faults += [
            f"shares_by_grade: {name} rises from grade {better.grade_code} to {worse.grade_code}; "
            "list grades from the best to the worst, shares must not rise"
            for name in ("net_worth_ratio", "revenue_ratio")
            if getattr(worse, name) > getattr(better, name)
        ]
    return faults


def country_faults(countries: Sequence[CountryRule]) -> list[str]:
    """Return what is wrong with the late interest of countries: a rate that is missing, or that nothing reads."""
    faults = []
    for rule in countries:
        is_rate = rule.late_interest_ratio > 0
        if rule.late_interest_code == "contract" and not is_rate:
            faults.append(
                f"countries.{rule.country_code}: contract needs a late_interest_ratio; without one choose none"
            )
        if rule.late_interest_code in ("eu_directive", "none") and is_rate:
            faults.append(
                f"countries.{rule.country_code}: late_interest_ratio has no meaning for {rule.late_interest_code}; "
                "choose contract, or french_law with an agreed rate"
            )
    return faults


def approval_faults(overrides: Overrides) -> list[str]:
    """Return what is wrong with the levels of approval."""
    *bounded, last = overrides.levels
    amounts = [level.up_to_amount for level in bounded]
    approvers = [level.approver_code for level in overrides.levels]
    open_ended = [level.approver_code for level in bounded if level.up_to_amount is None]
    known = [amount for amount in amounts if amount is not None]
    asking = sorted(set(approvers) & set(overrides.requester_codes))
    faults = {
        f"overrides.levels: {', '.join(open_ended)} without up_to_amount; only the last level has no bound": open_ended,
        f"overrides.levels: the last, {last.approver_code}, must have no up_to_amount: "
        "someone decides on the largest limits": last.up_to_amount is not None,
        "overrides.levels: up_to_amount must rise from each level to the next": any(a >= b for a, b in pairwise(known)),
        "overrides.levels: each approver_code may be named once": len(set(approvers)) < len(approvers),
        f"overrides: {', '.join(asking)} may ask for an override and not approve it; "
        "take the name out of levels or of requester_codes": asking,
    }
    return [fault for fault, is_wrong in faults.items() if is_wrong]


def exception_faults(exceptions: Sequence[SegmentException], overrides: Overrides) -> list[str]:
    """Return what is wrong with the exceptions: periods, and who approved them."""
    faults = []
    for one in exceptions:
        if one.start_date is not None and one.start_date > one.end_date:
            faults.append(f"exceptions: that of {one.customer_id} ends on {one.end_date}, before it starts")
        if one.approver_code in overrides.requester_codes:
            faults.append(f"exceptions: that of {one.customer_id} is approved by {one.approver_code}, who may only ask")
    listed = sorted(exceptions, key=lambda one: (one.customer_id, one.end_date))
    faults += [
        f"exceptions: two of {later.customer_id} hold on {before.end_date}; end one before the next starts"
        for before, later in pairwise(listed)
        if before.customer_id == later.customer_id and (later.start_date is None or later.start_date <= before.end_date)
    ]
    return faults
