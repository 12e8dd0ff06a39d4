"""Lines that two things stand against, cut into their parts: a receipt less discount, a return plus its fee."""

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.ledger.fec.kinds import ASIDE_KINDS, ROUNDING_LIMIT_MINOR
from riskresearch.ledger.fec.roles import against

TAXED_CUTS = ("sale", "write_off", "discount")
CUT_KINDS = {"sale": "credit_note", "write_off": "write_off", "discount": "discount", "rounding": "rounding"}


def cut_into_items(receivables: DataFrame, *, sides: DataFrame) -> DataFrame:
    """Return items: one row per receivable line and part.

    A credit against cash and a discount, loss, rebate or small difference is cut: the parts
    without cash at their booked amounts (with the VAT taken back), the rest is the receipt. A debit
    against cash and sales is a return and the fee charged for it. Only entries whose receivable
    lines are one customer's on one side are cut, over several lines in proportion (totals are
    exact); in other mixed entries a line keeps its main kind.

    Parameters
    ----------
    receivables : classified lines (`kinds.classify`)
    sides : totals of the entries (`roles.entry_sides`)

    Returns
    -------
    DataFrame, index = that of the line, with line_id, kind_code, amount_minor (> 0) and is_debit
    """
    used = receivables[~receivables["kind_code"].isin(ASIDE_KINDS)]
    alone = used[_is_alone(receivables, used)]
    cut = pd.concat([_credit_parts(alone, sides), _debit_parts(alone, sides)])
    whole = used[~used.index.isin(cut.index)]
    items = pd.concat([cut, whole.assign(amount_minor=whole["net_minor"].abs())[["kind_code", "amount_minor"]]])
    items = items.astype({"amount_minor": "int64", "kind_code": "str"})
    items["line_id"] = used["line_id"].reindex(items.index)
    items["is_debit"] = used["net_minor"].reindex(items.index) > 0
    return items.sort_values(["line_id", "kind_code"], kind="stable")


def _is_alone(receivables: DataFrame, used: DataFrame) -> Series:
    entries = receivables.assign(is_debit=receivables["net_minor"] > 0).groupby("entry_id")
    is_one = entries["customer_id"].nunique().eq(1) & entries["is_debit"].nunique().eq(1)
    return used["entry_id"].map(is_one)


def _credit_parts(alone: DataFrame, sides: DataFrame) -> DataFrame:
    credits = alone[alone["kind_code"].isin(("payment", "factor", *CUT_KINDS.values()))]
    opposite = against(sides, credits)
    cuts = opposite[list(CUT_KINDS)].copy()
    has_cut = cuts[list(TAXED_CUTS)] > 0
    is_first = has_cut & has_cut.cumsum(axis=1).eq(1)
    for name in TAXED_CUTS:
        cuts[name] += opposite["vat"].where(is_first[name], 0)
    paid = opposite["cash"] + opposite["bank_fee"]
    foreign = opposite.drop(columns=["cash", "bank_fee", "factor", "vat", *CUT_KINDS]).sum(axis=1)
    is_clear = foreign.eq(0) & ~(paid.gt(0) & opposite["factor"].gt(0))
    rest_kind = Series("payment", index=credits.index).where(opposite["factor"].eq(0), "factor")
    parts = _shares(credits[is_clear], cuts[is_clear].rename(columns=CUT_KINDS), rest_kind)
    is_big = parts["kind_code"].eq("rounding") & parts["amount_minor"].gt(ROUNDING_LIMIT_MINOR)
    return parts.assign(kind_code=parts["kind_code"].where(~is_big, "other"))


def _debit_parts(alone: DataFrame, sides: DataFrame) -> DataFrame:
    debits = alone[alone["kind_code"].isin(("invoice", "return"))]
    opposite = against(sides, debits)
    foreign = opposite.drop(columns=["cash", "bank_fee", "sale", "vat"]).sum(axis=1)
    is_mixed = foreign.eq(0) & opposite["cash"].gt(0) & opposite["sale"].gt(0)
    cuts = DataFrame({"invoice": opposite["sale"] + opposite["vat"]})
    return _shares(debits[is_mixed], cuts[is_mixed], Series("return", index=debits.index))


def _shares(lines: DataFrame, cuts: DataFrame, rest_kind: Series) -> DataFrame:
    """Return each line's share of its entry's cuts and, of kind ``rest_kind``, what they leave of it.

    Cumulative rounding: the shares of an entry add up to its cuts to the cent.
    """
    by_entry = lines["net_minor"].abs().groupby(lines["entry_id"])
    fits = cuts.sum(axis=1).le(by_entry.transform("sum")) & cuts.sum(axis=1).gt(0)
    amount = lines.loc[fits, "net_minor"].abs().astype(object)
    upto, total = by_entry.cumsum()[fits].astype(object), by_entry.transform("sum")[fits].astype(object)
    shares = {
        kind: _rounded(cut[fits], upto, total) - _rounded(cut[fits], upto - amount, total)
        for kind, cut in cuts.astype(object).items()
    }
    rest = amount - sum(shares.values(), start=0 * amount)
    pieces = [*shares.items(), (rest_kind.reindex(rest.index), rest)]
    parts = pd.concat([DataFrame({"kind_code": kind, "amount_minor": share}) for kind, share in pieces])
    spoiled = lines.loc[parts.index[parts["amount_minor"] < 0], "entry_id"]
    keeps = parts["amount_minor"].gt(0) & ~lines["entry_id"].reindex(parts.index).isin(spoiled)
    return parts[keeps]


def _rounded(cut: Series, upto: Series, total: Series) -> Series:
    return (2 * cut * upto + total) // (2 * total)
