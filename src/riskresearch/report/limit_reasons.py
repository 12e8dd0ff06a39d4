"""Why a limit is what it is, as sentences: what binds with its figures, what held it back, who decided otherwise."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.report.translator import Translator

NO_METHOD = ("default", "no_amount", "floor")
"""Binding codes where no method gives the amount."""
HELD_BACK = (
    "opened_again",
    "raise_in_part",
    "raise_budget_used",
    "good_reviews_missing",
    "inside_band",
    "need_remembered",
    "no_proposal",
)
"""Rules of movement after which the limit is not the rounded proposal."""

NEUTRAL = {
    "need_factor": 1.0,
    "peak_ratio": 1.0,
    "portion_ratio": 1.0,
    "delay_days": 0.0,
    "unbilled_amount": 0.0,
    "open_amount": 0.0,
    "is_check_open": 0.0,
}

Show = Callable[[Translator, Any], str]


def _money(words: Translator, value: Any) -> str:
    return words.amount(value, 0)


def _days(words: Translator, value: Any) -> str:
    return words.threshold_days(round(float(value)))


def _times(words: Translator, value: Any) -> str:
    return words.number(value, 0 if float(value).is_integer() else 2)


def _peak(words: Translator, value: Any) -> str:
    return words.number(value, 1)


def _share(words: Translator, value: Any) -> str:
    return words.ratio(value, 0 if (100 * float(value)).is_integer() else 1)


def _probability(words: Translator, value: Any) -> str:
    return words.probability(value)


def _fact(words: Translator, value: Any) -> str:
    return words.t("flag.yes" if value else "flag.no")


SHOWN: Mapping[str, Show] = {
    "is_check_open": _fact,
    "yearly_sales_amount": _money,
    "terms_days": _days,
    "delay_days": _days,
    "peak_ratio": _peak,
    "need_factor": _times,
    "ordered_amount": _money,
    "unbilled_amount": _money,
    "open_amount": _money,
    "terms_coefficient": _times,
    "behaviour_coefficient": _times,
    "guarantee_amount": _money,
    "net_worth_amount": _money,
    "net_worth_ratio": _share,
    "revenue_amount": _money,
    "revenue_ratio": _share,
    "loss_budget_amount": _money,
    "pd_12m": _probability,
    "lgd_ratio": _share,
    "unit_margin_ratio": _probability,
    "unit_expected_loss_ratio": _probability,
    "unit_finance_ratio": _probability,
    "unit_operating_ratio": _probability,
    "unit_capital_charge_ratio": _probability,
    "seller_sales_amount_12m": _money,
    "customer_share_ratio": _share,
    "group_share_ratio": _share,
    "insurer_limit_amount": _money,
    "uninsured_max_amount": _money,
    "bureau_limit_amount": _money,
    "first_order_amount": _money,
    "first_order_multiple": _times,
    "opening_limit_amount": _money,
    "total_limit_amount": _money,
    "portion_ratio": _share,
    "kept_ratio": _share,
}
"""Figures of table `limit_figures` in the order they are told, and how each is shown."""


def told_limits(credit_limits: DataFrame, limit_figures: DataFrame, *, words: Translator) -> Series:
    """Return why each limit is what it is, in words.

    Parameters
    ----------
    credit_limits : rows of table `credit_limits`
    limit_figures : table `limit_figures`; of several days the last one counts
    words : language and currency

    Returns
    -------
    Series of sentences, index of `credit_limits`.
    """
    last = limit_figures[limit_figures["review_date"] == limit_figures["review_date"].max()]
    figures = dict(list(last.groupby("customer_id")))
    told = []
    for _, row in credit_limits.iterrows():
        own = figures.get(row["customer_id"])
        own = None if own is None else own[own["method_code"] == row["binding_code"]]
        values = {} if own is None else dict(zip(own["figure_code"], own["value"], strict=True))
        told.append(limit_reason(row, values, words=words))
    return Series(told, index=credit_limits.index, dtype="str")


def limit_reason(row: Series, figures: Mapping[str, float], *, words: Translator) -> str:
    """Return why a limit is what it is: what binds, what held it back, who decided otherwise.

    Parameters
    ----------
    row : row of table `credit_limits`
    figures : value by figure code of the method that binds; figures that are not known are left out
    words : language and currency

    Examples
    --------
    >>> from riskresearch.report.translator import translator
    >>> row = Series({"binding_code": "sales_need", "move_reason_code": "first_limit", "decision_code": "policy"})
    >>> figures = {"peak_ratio": 1.3, "yearly_sales_amount": 365_000.0, "terms_days": 30.0, "delay_days": 10.0}
    >>> limit_reason(row, figures, words=translator("en"))
    'Need binds: €365,000 of sales a year; 30 days of terms; 10 days of delay; peak 1.3.'
    """
    parts = [what_binds(str(row["binding_code"]), figures, words=words), *_held(row, words), *_decided(row, words)]
    return " ".join(parts)


def what_binds(binding_code: str, figures: Mapping[str, float], *, words: Translator) -> str:
    """Return which method binds, with the figures its amount is made of.

    Parameters
    ----------
    binding_code : limit method, or why there is none
    figures : value by figure code
    words : language and currency
    """
    if binding_code in NO_METHOD:
        return words.label("limit_reason", binding_code)
    known = {code: show for code, show in SHOWN.items() if code in figures and pd.notna(figures[code])}
    told = [_figure(code, show(words, figures[code]), words) for code, show in known.items() if _tells(code, figures)]
    others = [code for code in figures if code not in SHOWN]
    told += [_figure(code, words.number(figures[code], 2), words) for code in others]
    has_own = words.has("limit_reason", binding_code)
    named = words.label("limit_reason" if has_own else "limit_method", binding_code)
    return words.t("limits.binds" if told else "limits.binds_alone", method=named, figures=words.listed(told))


def _tells(code: str, figures: Mapping[str, float]) -> bool:
    """Tell whether a figure changes the amount: a factor of 1 and a part of 0 do not."""
    return code not in NEUTRAL or float(figures[code]) != NEUTRAL[code]


def _figure(code: str, value: str, words: Translator) -> str:
    if words.has("limit_figure", code):
        return words.t(f"label.limit_figure.{code}", value=value)
    return f"{words.messages.get(f'column.{code}', code.replace('_', ' '))} {value}"


def _held(row: Series, words: Translator) -> list[str]:
    """The rule of movement, where it and not the proposal gives the limit."""
    code = str(row["move_reason_code"])
    if code not in HELD_BACK or not words.has("limit_held", code):
        return []
    return [words.t(f"label.limit_held.{code}", proposed=_money(words, row.get("proposed_amount")))]


def _decided(row: Series, words: Translator) -> list[str]:
    """A decision of a person, where it replaces the limit of the policy."""
    if row["decision_code"] != "override":
        return []
    shown = {"limit": _money(words, row["limit_amount"]), "policy": _money(words, row["model_limit_amount"])}
    return [words.t("limits.overridden", **shown)]
