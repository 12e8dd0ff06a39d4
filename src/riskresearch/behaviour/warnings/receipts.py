"""Signals from receipts: discounts no longer taken, part and round payments, returns, new accounts."""

import numpy as np
from pandas import DataFrame, Series

from riskresearch.behaviour.warnings.facts import View
from riskresearch.behaviour.warnings.registry import SIGNALS, Signal, found
from riskresearch.behaviour.warnings.sequences import Array, Flags, Rows, last_rows, run_starts, window_sums
from riskresearch.behaviour.warnings.settings import WarningSettings


@SIGNALS.register(
    Signal("Early-payment discount no longer taken", "Escompte abandonné", "behaviour", "count", ("allocations",))
)
def discount_lost(view: View, settings: WarningSettings) -> DataFrame:
    """A customer that used to take the early-payment discount has settled its latest invoices without it."""
    ends = _settled_items(view)
    owner = ends["customer"].to_numpy("int64")
    took = ends["took_discount"].to_numpy(bool)
    place = ends.groupby("customer").cumcount().to_numpy()
    latest = np.where(took, place, -1)
    last_taken = Series(latest).groupby(owner).cummax().to_numpy()
    since = place - last_taken
    window = 2 * settings.discount_stop_invoices
    share = _share_before(owner, took, last_taken, window)
    n_before = np.minimum(last_taken + 1, window)
    stopped = (last_taken >= 0) & (since >= settings.discount_stop_invoices)
    stopped &= (share >= settings.discount_taker_ratio) & (n_before >= settings.discount_stop_invoices)
    row = last_rows(owner)
    row = row[stopped[row]]
    signal_row = row - since[row] + settings.discount_stop_invoices
    day = ends["end_day"].to_numpy(float)
    recent = day[signal_row] > view.day - settings.news_days
    row, signal_row = row[recent], signal_row[recent]
    return found(
        owner[row],
        severity="medium",
        signal_day=day[signal_row],
        value=since[row].astype(float),
        threshold=float(settings.discount_stop_invoices),
        last_discount_day=day[row - since[row]],
        discount_ratio_before=share[row],
        invoice_id=view.facts.items["invoice_id"].to_numpy()[ends["item"].to_numpy("int64")[row]],
    )


@SIGNALS.register(Signal("More part payments", "Paiements partiels en hausse", "behaviour", "ratio", ("allocations",)))
def part_payments(view: View, settings: WarningSettings) -> DataFrame:
    """The share of receipts that leave a rest open exceeds what is usual for the customer."""
    paid = view.settlements
    is_part = paid["rest_minor"].to_numpy(float) > settings.small_rest_amount * 100
    return _unusual_share(view, paid, is_part, settings)


@SIGNALS.register(Signal("More round-sum payments", "Paiements de montants ronds", "behaviour", "ratio", ("payments",)))
def round_payments(view: View, settings: WarningSettings) -> DataFrame:
    """The share of receipts of a round sum exceeds what is usual: the customer pays on account, not invoices."""
    money = _kept_money(view)
    cents = round(settings.round_payment_amount * 100)
    is_round = money["document_minor"].to_numpy("int64") % cents == 0
    return _unusual_share(view, money, is_round, settings)


@SIGNALS.register(Signal("Payment returned", "Paiement rejeté", "behaviour", "amount", ("payments",)))
def returned_payment(view: View, settings: WarningSettings) -> DataFrame:
    """A receipt was returned or reversed: a bounced cheque, a refused direct debit."""
    money = view.act("payments")
    back = money[money["is_back"] & (money["known"] > view.day - settings.alarm_days)]
    grouped = back.groupby("customer", sort=True)
    last = grouped.tail(1).sort_values("customer")
    return found(
        last["customer"],
        severity="high",
        signal_day=grouped["known"].min().to_numpy(),
        value=-grouped["minor"].sum().to_numpy(float) / 100,
        threshold=0.0,
        payment_id=last["payment_id"].to_numpy(),
        n_returned=grouped.size().to_numpy(),
    )


@SIGNALS.register(
    Signal("Payment from a new account", "Paiement depuis un nouveau compte", "behaviour", "count", ("payments",))
)
def new_payer_account(view: View, settings: WarningSettings) -> DataFrame:
    """A receipt came from an account never seen for this customer and not verified since: to be checked."""
    money = view.act("payments")
    money = money[(money["account"] >= 0) & (money["minor"] > 0)]
    earlier = money.groupby("customer").cumcount()
    is_first = ~money.duplicated(["customer", "account"])
    fresh = money[is_first & (earlier >= settings.payer_min_receipts)]
    fresh = fresh[fresh["known"] > view.day - settings.news_days]
    fresh = fresh[fresh["known"].to_numpy() > last_verified(view)[fresh["customer"].to_numpy("int64")]]
    grouped = fresh.groupby("customer", sort=True)
    last = grouped.tail(1).sort_values("customer")
    return found(
        last["customer"],
        severity="medium",
        signal_day=grouped["known"].min().to_numpy(),
        value=grouped.size().to_numpy(float),
        threshold=0.0,
        payment_id=last["payment_id"].to_numpy(),
        amount=last["minor"].to_numpy(float) / 100,
    )


def last_verified(view: View) -> Array:
    """Return the last day on which each customer's bank details were confirmed, known on the day; −∞ where never."""
    checks = view.act("bank_checks")
    done = checks[checks["is_verified"]]
    found_days = np.full(view.n_customers, -np.inf)
    np.maximum.at(found_days, done["customer"].to_numpy("int64"), done["known"].to_numpy(float))
    return found_days


def _settled_items(view: View) -> DataFrame:
    """Items paid in full, by customer in the order of the day they were settled, and whether with a discount."""
    items, steps = view.facts.items, view.item_steps
    last = last_rows(steps.owner)
    start = run_starts(steps.owner, steps.balance <= 0)
    is_paid = np.zeros(len(items), dtype=bool)
    is_paid[view.settlements["item"].to_numpy("int64")] = True
    settled = (start >= 0) & is_paid[steps.owner[last]]
    item, start = steps.owner[last[settled]], start[settled]
    given = view.known(view.facts.discounts)
    discount = np.bincount(given["item"], weights=given["minor"], minlength=len(items))
    frame = DataFrame(
        {
            "customer": items["customer"].to_numpy("int64")[item],
            "item": item,
            "end_day": steps.known[start],
            "took_discount": discount[item] > 0,
        }
    )
    return frame.sort_values(["customer", "end_day", "item"], ignore_index=True)


def _share_before(owner: Rows, took: Flags, last_taken: Rows, window: int) -> Array:
    """Share of discounts among the `window` items up to the last one with a discount."""
    if len(owner) == 0:
        return np.empty(0)
    start = np.searchsorted(owner, owner)
    stop = start + np.maximum(last_taken, 0) + 1
    first = np.maximum(stop - window, start)
    total = np.r_[0.0, np.cumsum(took.astype(float))]
    return np.asarray((total[stop] - total[first]) / (stop - first))


def _kept_money(view: View) -> DataFrame:
    """Receipts not returned until the day, by customer in the order they became known."""
    money = view.act("payments")
    kept = money[(money["minor"] > 0) & ~(money["returned_known"] <= view.day)]
    return kept.iloc[np.lexsort((kept["known"], kept["customer"]))]


def _unusual_share(view: View, rows: DataFrame, flag: Flags, settings: WarningSettings) -> DataFrame:
    """Customers whose share of flagged receipts in the window exceeds a high percentile of their own earlier shares."""
    owner, known = rows["customer"].to_numpy("int64"), rows["known"].to_numpy(float)
    days, flagged = settings.part_payment_days, flag.astype(float)
    share = window_sums(owner, known, flagged, window_days=days) / np.maximum(
        window_sums(owner, known, np.ones(len(owner)), window_days=days), 1.0
    )
    is_now = known > view.day - days
    past = Series(share[~is_now]).groupby(owner[~is_now])
    usual = past.quantile(settings.own_percentile_ratio)[past.size() >= settings.chart_min_payments]
    now = (
        DataFrame({"customer": owner[is_now], "flag": flagged[is_now]}).groupby("customer")["flag"].agg(["sum", "size"])
    )
    joined = now.join(usual.rename("usual"), how="inner")
    joined = joined.assign(share=joined["sum"] / joined["size"])
    chosen = joined[(joined["share"] > joined["usual"]) & (joined["sum"] >= 2)]
    return found(
        chosen.index,
        severity="low",
        signal_day=_since(owner, known, share, chosen["usual"], is_now),
        value=chosen["share"].to_numpy(),
        threshold=chosen["usual"].to_numpy(),
        n_flagged=chosen["sum"].to_numpy(),
        n_receipts=chosen["size"].to_numpy(),
    )


def _since(owner: Rows, known: Array, share: Array, usual: Series, is_now: Flags) -> Array:
    """First day of the window from which on the share stayed above the usual one at every receipt."""
    kept = is_now & np.isin(owner, usual.index.to_numpy("int64"))
    who, day = owner[kept], known[kept]
    start = run_starts(who, share[kept] > usual.reindex(who).to_numpy())
    return np.where(start >= 0, day[np.maximum(start, 0)], day[last_rows(who)]) if len(who) else np.empty(0)
