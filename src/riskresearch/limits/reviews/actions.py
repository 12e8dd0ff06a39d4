"""Table `limit_actions`: what follows from downgrades, lower limits, ended increases and reviews due."""

import pandas as pd
from pandas import DataFrame, Series, Timestamp

from riskresearch.base.schema import Column, Table, check
from riskresearch.limits.exposure import exposure
from riskresearch.limits.policy.policy import CreditPolicy
from riskresearch.limits.reviews.facts import months_after

DOWNGRADE_ACTIONS = ("reduce_limit", "watch_payments", "inform_insurer", "check_cover")
ACTION_CODES = (*DOWNGRADE_ACTIONS, "hold_deliveries", "run_off", "stop_temporary_use", "review_limit")
DOWNGRADE = "external_downgrade"
LIMIT_ACTIONS = Table(
    "limit_actions",
    "limits",
    "one row per customer, cause and action",
    ("customer_id", "cause_code", "action_code"),
    (
        Column("customer_id", "text", "customer account"),
        Column("cause_code", "text", "trigger of a review, over_limit or temporary_limit_ended"),
        Column("action_code", "code", "what is to be done", False, ACTION_CODES),
        Column("cause_date", "date", "day of the cause"),
        Column("is_needed", "bool", "there is something to do; false: checked, nothing follows"),
        Column("until_date", "date", "to be done by, or to be kept up until", True),
        Column("before_amount", "float", "limit or use before, run currency", True),
        Column("after_amount", "float", "limit or use after, run currency", True),
        Column("insured_limit_amount", "float", "insurer's limit in force; empty = never asked", True),
        Column("exposure_amount", "float", "open + unbilled + orders − unapplied, run currency", True),
        Column("covered_amount", "float", "part within securities and the insurer's limit, before its share", True),
        Column("gap_amount", "float", "exposure without security or insurer's limit", True),
    ),
)


def limit_actions(
    credit: DataFrame,
    reviews: DataFrame,
    inputs: DataFrame,
    policy: CreditPolicy,
    *,
    runoff: DataFrame,
    temporary: DataFrame,
    as_of: Timestamp,
    insurer_notice_days: int,
) -> DataFrame:
    """Return table `limit_actions`.

    An external downgrade has four actions, see `downgrade_actions`. A limit that is passed has two: deliveries are
    held, and the debt runs off. A temporary increase whose use went on after its end has one. Every other review due
    has one: the review.

    Parameters
    ----------
    credit : table `credit_limits`
    reviews : table `limit_reviews`
    inputs : table `limit_inputs`
    policy : credit policy
    runoff : table `limit_runoff`
    temporary : table `temporary_limits`
    as_of : day of the run
    insurer_notice_days : days from a downgrade within which the insurer is told; the insurance contract lays them down
    """
    downgraded = reviews[reviews["trigger_code"] == DOWNGRADE]
    others = reviews[reviews["is_due"].astype(bool) & (reviews["trigger_code"] != DOWNGRADE)]
    due = DataFrame(
        {
            "customer_id": others["customer_id"],
            "cause_code": others["trigger_code"],
            "action_code": "review_limit",
            "cause_date": others["trigger_date"],
            "is_needed": True,
            "until_date": others["review_due_date"],
        }
    )
    parts = [
        downgrade_actions(downgraded, credit, inputs, policy, as_of=as_of, insurer_notice_days=insurer_notice_days),
        _passed(runoff, as_of),
        _ended(temporary),
        due,
    ]
    kept = [part for part in parts if len(part)]
    frame = pd.concat(kept, ignore_index=True) if kept else DataFrame(columns=LIMIT_ACTIONS.names)
    return check(frame, LIMIT_ACTIONS)


def downgrade_actions(
    downgraded: DataFrame,
    credit: DataFrame,
    inputs: DataFrame,
    policy: CreditPolicy,
    *,
    as_of: Timestamp,
    insurer_notice_days: int,
) -> DataFrame:
    """Return what an external downgrade asks for: four actions per customer, no more and no fewer.

    1. `reduce_limit`: from the limit in force to the new one, where that is lower, at once.
    2. `watch_payments`: for `external_downgrade_months` from the downgrade.
    3. `inform_insurer`: within `insurer_notice_days`, where it has granted a limit.
    4. `check_cover`: exposure, what securities and the insurer's limit cover of it, and the gap.

    `is_needed` tells where there is nothing to do: a limit that is not above the new one, no insurer, no gap.

    Parameters
    ----------
    downgraded : rows of table `limit_reviews`, one per customer downgraded
    credit : table `credit_limits`; a customer that it lacks keeps its limit in force
    inputs : table `limit_inputs`
    policy : credit policy
    as_of : day of the run
    insurer_notice_days : days within which the insurer is told
    """
    names = pd.Index(downgraded["customer_id"])
    day = Series(downgraded["trigger_date"].to_numpy(), index=names)
    now = inputs[inputs["review_date"] == as_of].set_index("customer_id").reindex(names)
    limit = credit.set_index("customer_id")["limit_amount"].astype(float).reindex(names)
    insured = now["insurer_limit_amount"].astype(float)
    told = {
        "reduce_limit": _reduction(now["internal_limit_amount"].astype(float), limit) | {"until_date": as_of},
        "watch_payments": {
            "is_needed": True,
            "until_date": months_after(day, policy.triggers.external_downgrade_months),
        },
        "inform_insurer": {
            "is_needed": insured.fillna(0.0) > 0,
            "until_date": day + pd.Timedelta(days=insurer_notice_days),
            "insured_limit_amount": insured,
        },
        "check_cover": _cover(now, policy) | {"until_date": as_of, "insured_limit_amount": insured},
    }
    base = DataFrame({"cause_code": DOWNGRADE, "cause_date": day}, index=names)
    parts = [base.assign(action_code=action, **columns) for action, columns in told.items()]
    return pd.concat(parts).rename_axis("customer_id").reset_index()


def _reduction(before: Series, limit: Series) -> dict[str, Series]:
    """From the limit in force to the new one where that is lower; to the new one where there is none in force."""
    after = DataFrame({"before": before, "after": limit}).min(axis=1).where(before.notna(), limit)
    return {"is_needed": after < before, "before_amount": before, "after_amount": after}


def _cover(now: DataFrame, policy: CreditPolicy) -> dict[str, Series]:
    """Exposure, the part within securities and the insurer's limit, and the rest."""
    used = exposure(now, policy)
    return {
        "is_needed": used["uninsured_amount"] > 0,
        "exposure_amount": used["used_amount"],
        "covered_amount": used["secured_amount"] + used["insured_amount"],
        "gap_amount": used["uninsured_amount"],
    }


def _passed(runoff: DataFrame, as_of: Timestamp) -> DataFrame:
    """Deliveries held and debt run off, where a limit is passed."""
    base = DataFrame({"customer_id": runoff["customer_id"], "cause_code": "over_limit", "cause_date": as_of})
    use = {"before_amount": runoff["used_amount"], "after_amount": runoff["room_amount"]}
    held = base.assign(action_code="hold_deliveries", is_needed=True, until_date=runoff["expected_date"], **use)
    debt = {
        "before_amount": runoff["used_amount"] - runoff["blocked_order_amount"],
        "after_amount": runoff["used_amount"] - runoff["over_limit_amount"],
    }
    paid = base.assign(
        action_code="run_off", is_needed=runoff["to_pay_amount"] > 0, until_date=runoff["expected_date"], **debt
    )
    return pd.concat([held, paid], ignore_index=True)


def _ended(temporary: DataFrame) -> DataFrame:
    """Use that went on after the end of a temporary increase, the latest of a customer."""
    rows = temporary[temporary["is_expired_used"].astype(bool)].sort_values(["customer_id", "end_date", "limit_id"])
    rows = rows.drop_duplicates("customer_id", keep="last")
    return DataFrame(
        {
            "customer_id": rows["customer_id"],
            "cause_code": "temporary_limit_ended",
            "action_code": "stop_temporary_use",
            "cause_date": rows["end_date"],
            "is_needed": True,
            "before_amount": rows["breach_amount"],
            "after_amount": 0.0,
        }
    )
