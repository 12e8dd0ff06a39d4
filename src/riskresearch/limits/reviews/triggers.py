"""Triggers of a review from the customer's own account, its grade and the age of what is known.

To add a trigger, write a function from `Facts` to the rows of `found` and decorate it: its rows in table
`limit_reviews` and its label come by themselves.
"""

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from riskresearch.limits.inputs.grid import DAYS_PER_MONTH
from riskresearch.limits.reviews.daily import daily_use
from riskresearch.limits.reviews.facts import TRIGGERS, Facts, Trigger, found, latest_of, looked_up, months_after

IN_DEFAULT = "X"


@TRIGGERS.register(Trigger("Grades lost", "Perte de classes", "grades", ("grade_scale",)))
def grades_lost(facts: Facts) -> DataFrame:
    """Grade worse by `n_grades_worse` or more than at the review before.

    The review before is the last day of review up to the last decision on the customer's limit, so that small losses
    add up until somebody decides; without a decision it is the first day of review kept. The trigger's day is the
    first of the days of review that have shown the loss ever since.
    """
    worst = facts.policy.triggers.n_grades_worse
    rows = facts.inputs[["customer_id", "review_date", "grade_code"]].sort_values(["customer_id", "review_date"])
    places = rows["grade_code"].map(_places(facts.tables["grade_scale"])).astype(float)
    rows = rows.assign(place=places).dropna(subset=["place"])
    decided = looked_up(facts.last_decision, rows["customer_id"])
    before = rows[rows["review_date"] <= decided].drop_duplicates("customer_id", keep="last")
    first = pd.concat([before, rows]).drop_duplicates("customer_id").set_index("customer_id")
    since = rows[rows["review_date"] > looked_up(first["review_date"], rows["customer_id"])]
    lost = since["place"] - looked_up(first["place"], since["customer_id"])
    is_less = (lost < worst).iloc[::-1].groupby(since["customer_id"]).cummax().iloc[::-1]
    standing = since.assign(lost=lost)[~is_less.astype(bool)]
    start = standing.drop_duplicates("customer_id")
    last = standing.drop_duplicates("customer_id", keep="last").set_index("customer_id").reindex(start["customer_id"])
    reference = first.reindex(start["customer_id"])
    return found(
        start["customer_id"],
        trigger_date=start["review_date"],
        value=last["lost"].astype(float),
        threshold=float(worst),
        grade_before=reference["grade_code"],
        grade_code=last["grade_code"],
        review_date_before=reference["review_date"],
    )


@TRIGGERS.register(Trigger("Past due", "Retard de paiement", "days"))
def past_due(facts: Facts) -> DataFrame:
    """Oldest open item past due by more than `past_due_days`; since the day it was so."""
    bound = facts.policy.triggers.past_due_days
    late = facts.today[facts.today["past_due_max_days"] > bound]
    days = late["past_due_max_days"].astype("int64")
    start = facts.as_of - pd.to_timedelta(days - bound - 1, unit="D")
    return found(
        late.index,
        trigger_date=start,
        value=days.astype(float),
        threshold=float(bound),
        overdue_amount=late["overdue_amount"],
    )


@TRIGGERS.register(
    Trigger(
        "Limit used up",
        "Limite épuisée",
        "days",
        ("movements", "payments", "credit_notes", "allocations", "invoices", "limits"),
    )
)
def limit_used(facts: Facts) -> DataFrame:
    """Use above `use_ratio` of the limit in force on `use_days` or more of the last `use_window_days`.

    Use is what no security covers, day by day as known; the limit is the own limit and a temporary increase of the
    day. Days up to the last decision on the limit do not count. The trigger's day is the last day needed.
    """
    rules = facts.policy.triggers
    start = facts.as_of - pd.Timedelta(days=rules.use_window_days - 1)
    use = daily_use(facts.tables, facts.policy, customers=facts.today.index, first_date=start, last_date=facts.as_of)
    limit = use.own_limit_amount + use.temporary_amount
    decided = facts.last_decision.reindex(use.customers).to_numpy("datetime64[us]")[:, None]
    is_new = np.isnat(decided) | (use.days.to_numpy("datetime64[us]")[None, :] > decided)
    over = (use.unsecured_amount > rules.use_ratio * limit) & is_new
    counts = over.cumsum(axis=1)
    hit = np.flatnonzero(counts[:, -1] >= rules.use_days)
    peak = np.where(over, use.unsecured_amount, -1.0)[hit].argmax(axis=1)
    return found(
        use.customers[hit],
        trigger_date=use.days[(counts[hit] >= rules.use_days).argmax(axis=1)],
        value=counts[hit, -1].astype(float),
        threshold=float(rules.use_days),
        peak_date=use.days[peak],
        peak_amount=use.unsecured_amount[hit, peak],
        limit_amount=limit[hit, peak],
    )


@TRIGGERS.register(Trigger("Accounts too old", "Comptes trop anciens", "months", ("financials",), is_routine=True))
def accounts_old(facts: Facts) -> DataFrame:
    """Latest accounts published closed more than `accounts_max_months` ago; without accounts nothing is too old."""
    bound, rows = facts.policy.triggers.accounts_max_months, facts.tables["financials"]
    rows = rows[rows["published_date"] <= facts.as_of]
    last = rows.groupby("customer_id")["period_end_date"].max()
    day = months_after(last, bound) + pd.Timedelta(days=1)
    old = day <= facts.as_of
    return found(
        last.index[old],
        trigger_date=day[old],
        value=(facts.as_of - last[old]).dt.days / DAYS_PER_MONTH,
        threshold=float(bound),
        period_end_date=last[old],
    )


@TRIGGERS.register(Trigger("Limit ends", "Fin de la limite", "amount", ("limits",), is_routine=True))
def limit_ends(facts: Facts) -> DataFrame:
    """The own limit decided last has a last day, past or to come; value: the limit."""
    own = facts.tables["limits"]
    own = own[own["limit_kind_code"] == "internal"]
    known = latest_of(own, "start_date")
    own = own.assign(known=known)[known <= facts.as_of]
    last = own.sort_values(["start_date", "known", "limit_id"]).drop_duplicates("customer_id", keep="last")
    ended = last[last["end_date"].notna()]
    amount = ended["base_minor"].astype(float) / 100
    return found(
        ended["customer_id"], trigger_date=ended["end_date"], value=amount, threshold=np.nan, limit_id=ended["limit_id"]
    )


@TRIGGERS.register(Trigger("Order after silence", "Commande après silence", "months", ("movements",)))
def order_after_silence(facts: Facts) -> DataFrame:
    """First order or invoice after more than `silence_months` without any; since the day it was known."""
    bound, acts = facts.policy.triggers.silence_months, _orders(facts)
    before = acts.groupby("customer_id")["act_date"].cummax().groupby(acts["customer_id"]).shift()
    acts = acts.assign(before=before).dropna(subset=["before"])
    silent = acts[acts["act_date"] > months_after(acts["before"], bound)]
    return found(
        silent["customer_id"],
        trigger_date=silent["known_date"],
        value=(silent["act_date"] - silent["before"]).dt.days / DAYS_PER_MONTH,
        threshold=float(bound),
        source_id=silent["source_id"],
        date_before=silent["before"],
    )


@TRIGGERS.register(
    Trigger("New customer has paid", "Nouveau client : premiers paiements", "count", ("payments",), is_routine=True)
)
def first_payments(facts: Facts) -> DataFrame:
    """A new customer has made `review_after_payments` payments that were not returned; since the last of them."""
    bound, paid = facts.policy.new_customers.review_after_payments, facts.tables["payments"]
    kept = paid["reversal_of_id"].isna() & ~paid["payment_id"].isin(paid["reversal_of_id"].dropna())
    news = facts.today.index[facts.today["is_new"].astype(bool)]
    paid = paid[kept & (paid["base_minor"] > 0) & paid["customer_id"].isin(news)]
    paid = paid.assign(known=latest_of(paid, "value_date")).sort_values(["customer_id", "known", "payment_id"])
    counts = paid.groupby("customer_id").size()
    reached = paid[paid.groupby("customer_id").cumcount() == bound - 1]
    return found(
        reached["customer_id"],
        trigger_date=reached["known"],
        value=looked_up(counts, reached["customer_id"]).astype(float),
        threshold=float(bound),
        payment_id=reached["payment_id"],
    )


@TRIGGERS.register(Trigger("Regular review", "Revue périodique", "months", ("limits",), is_routine=True))
def regular_review(facts: Facts) -> DataFrame:
    """`review_months` of the segment held have passed, or will pass, since the last decision, once or several times.

    The ledger knows changes of a limit, not reviews that changed nothing: a customer reviewed in silence cannot be told
    from one never reviewed. So each customer comes up once per cycle, on the last decision's day of the month: its
    review is due where such a day was within the last `round_days`, else on the next one. Days that passed before
    without a decision are counted (``n_reviews_passed``). A customer that buys or owes and for which nobody ever
    decided is due from its first day of review until somebody does. Where there is neither a limit nor anything owed,
    ordered or sold in 12 months, nothing is at stake and nothing is due.
    """
    today = facts.today[_at_stake(facts.today)]
    months = {rule.segment_code: rule.review_months for rule in facts.policy.segments}
    cycle = today["segment_code"].map(months).astype("int64")
    decided = facts.last_decision.reindex(today.index)
    turns = _turns(decided.dropna(), cycle[decided.notna()], facts)
    buys = (today[["open_amount", "ordered_amount", "sales_amount_12m"]].astype(float) > 0).any(axis=1)
    first = facts.inputs.groupby("customer_id")["review_date"].min().reindex(today.index[buys & decided.isna()])
    dated = pd.concat([turns["day"], first]).sort_index()
    age = (facts.as_of - decided.reindex(dated.index)).dt.days / DAYS_PER_MONTH
    rows = found(
        dated.index,
        trigger_date=dated,
        value=age,
        threshold=cycle.reindex(dated.index).astype(float),
        decided_date=decided.reindex(dated.index),
        segment_code=today["segment_code"].reindex(dated.index),
    )
    return rows.assign(n_reviews_passed=turns["n_passed"].reindex(dated.index, fill_value=0).to_numpy())


def _at_stake(today: DataFrame) -> Series:
    """Whether a customer has a limit, or owes, ordered or bought something."""
    names = ["open_amount", "unbilled_amount", "ordered_amount", "sales_amount_12m"]
    names += ["internal_limit_amount", "temporary_limit_amount"]
    return (today[names].astype(float) > 0).any(axis=1)


def _turns(decided: Series, cycle: Series, facts: Facts) -> DataFrame:
    """Day of the review of this round or else the next one, and how many such days passed before it: ``day n_passed``.

    Cycles are counted from the decision, so that a month end stays one.
    """
    months = (facts.as_of.year - decided.dt.year) * 12 + facts.as_of.month - decided.dt.month
    number = months // cycle
    number = number - (months_after(decided, number * cycle) > facts.as_of).astype("int64")
    last = months_after(decided, number * cycle)
    in_round = (number > 0) & (last > facts.as_of - pd.Timedelta(days=facts.round_days))
    day = last.where(in_round, months_after(decided, (number + 1) * cycle))
    return DataFrame({"day": day, "n_passed": (number - in_round.astype("int64")).astype("int64")})


def _places(scale: DataFrame) -> dict[str, int]:
    """Place of each grade from the best to the worst; default is the last."""
    order = scale.sort_values(["pd_high", "pd_low"])["grade_code"]
    codes = [code for code in order if code != IN_DEFAULT]
    return {code: place for place, code in enumerate([*codes, IN_DEFAULT])}


def _orders(facts: Facts) -> DataFrame:
    """Orders and invoices in order of their dates: ``customer_id act_date known_date source_id``."""
    moves = facts.tables["movements"]
    sold = moves[moves["movement_code"] == "invoice"].drop_duplicates("invoice_id")
    parts = [
        DataFrame(
            {
                "customer_id": sold["customer_id"],
                "act_date": sold["invoice_date"],
                "known_date": sold["known_date"],
                "source_id": sold["invoice_id"],
            }
        )
    ]
    if "orders" in facts.tables:
        rows = facts.tables["orders"]
        ordered = rows[["customer_id"]].assign(
            act_date=rows["order_date"], known_date=latest_of(rows, "order_date"), source_id=rows["order_id"]
        )
        parts.append(ordered)
    acts = pd.concat(parts, ignore_index=True)
    acts = acts[acts["known_date"] <= facts.as_of]
    return acts.sort_values(["customer_id", "act_date", "known_date", "source_id"], ignore_index=True)
