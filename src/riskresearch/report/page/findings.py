"""What to know: a few sentences generated from figures and codes."""

from dataclasses import dataclass

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.report.figures.money import option_names
from riskresearch.report.page.context import Context
from riskresearch.report.page.default_model import model_sentence
from riskresearch.report.page.limits.adoption import verdict_sentence
from riskresearch.report.page.tiles import bounds, segment_row, self_insurance
from riskresearch.report.page.validation.judged import judged
from riskresearch.report.page.validation.verdict import whole_verdict
from riskresearch.report.totals import over_limit, saving
from riskresearch.report.translator import Translator

TWO_ERRORS = 2.0
ORDERS = {"total_cost_of_risk_amount": "finding.order_total", "economic_cost_amount": "finding.order_economic"}
OPTIONS_TOLD = 3
POLICIES = ("whole_turnover", "named_buyers", "top_up", "excess_of_loss")
TRIVIAL = {"no_customer": "finding.no_customer", "no_loss_possible": "finding.no_loss_possible"}
LARGEST = ("top_5_ratio", "top_3_ratio", "top_1_ratio")


@dataclass(frozen=True)
class Finding:
    """One finding: its subject in a word and its sentences."""

    subject: str
    text: str


def findings(context: Context) -> list[Finding]:
    """Return the findings of the page; a subject without figures says so in its chapter, not here."""
    found = {
        "finding.subject_payment": _payment(context),
        "finding.subject_risk": _risk(context),
        "finding.subject_model": [model_sentence(context), _validation(context)],
        "finding.subject_limits": [limits_sentence(context), verdict_sentence(context)],
        "finding.subject_insurance": insurance_sentences(context),
    }
    told = {subject: " ".join(part for part in parts if part) for subject, parts in found.items()}
    return [Finding(context.words.t(subject), text) for subject, text in told.items() if text]


def _validation(context: Context) -> str:
    """Verdict of the validation on the model in use; nothing where there is none."""
    return " ".join(block.text for block in whole_verdict(judged(context)))


def _payment(context: Context) -> list[str]:
    return [_overdue(context), _delay(context), dso_sentence(context), concentration_sentence(context)]


def _overdue(context: Context) -> str:
    words = context.words
    amount, overdue, old = (context.value_of(code) for code in ("open_amount", "overdue_ratio", "overdue_90_ratio"))
    if amount is None or amount == 0:
        return words.t("finding.nothing_open") if amount == 0 else ""
    if overdue is None or old is None:
        return words.t("finding.open_only", amount=words.compact(amount))
    row = context.indicator("overdue_ratio")
    found = None if row is None else bounds(context, row)
    sentence = words.t(
        "finding.overdue", amount=words.compact(amount), overdue=words.ratio(overdue), old=words.ratio(old)
    )
    return f"{sentence} {words.t('finding.assumed', low=found[0], high=found[1])}" if found else sentence


def _delay(context: Context) -> str:
    words = context.words
    days, on_time = context.value_of("days_beyond_terms"), context.value_of("on_time_ratio")
    if days is None or on_time is None:
        return ""
    message_id = "finding.delay_late" if days > 0 else "finding.delay_early"
    return words.t(message_id, days=words.days(abs(days)), on_time=words.ratio(on_time))


def dso_sentence(context: Context) -> str:
    """Return where DSO stands against the company's bands; nothing where there is no DSO or no band."""
    words, days = context.words, context.value_of("dso_count_back_days")
    low, high = (context.facts.setting("behaviour", name) for name in ("dso_low_days", "dso_high_days"))
    if days is None or low is None or high is None:
        return ""
    shown = {"days": words.days(days), "low": words.threshold_days(low), "high": words.threshold_days(high)}
    place = "finding.dso_high" if days > high else "finding.dso_low" if days < low else "finding.dso_within"
    return words.t(place, **shown)


def concentration_sentence(context: Context) -> str:
    """Return the share of the receivables that the largest customers owe."""
    concentration = context.table("concentration")
    if concentration is None:
        return ""
    rows = concentration[(concentration["axis_code"] == "customer") & (concentration["base_code"] == "exposure")]
    shares = rows.set_index("measure_code")["value"]
    code = next((code for code in LARGEST if code in shares.index), None)
    if code is None:
        return ""
    return context.words.n("finding.largest", int(code.split("_")[1]), ratio=context.words.ratio(shares[code]))


def _risk(context: Context) -> list[str]:
    words, limits = context.words, context.table("credit_limits")
    if limits is None:
        return []
    sentences = []
    for segment, message_id in (("risky", "finding.risky"), ("defaulted", "finding.in_default")):
        row = segment_row(context, segment)
        n, amount = (0, 0.0) if row is None else (int(row["n_customers"]), float(row["open_amount"]))
        sentences.append(words.n(message_id, n, amount=words.compact(amount), total=words.count(len(limits))))
    own = self_insurance(context)
    if own is not None and own["status_code"] == "ok":
        sentences.append(words.t("finding.loss", amount=_with_error(context, own, "expected_gross_amount")))
    return sentences


def limits_sentence(context: Context) -> str:
    """Return how many customers owe more than their recommended limit."""
    limits = context.table("credit_limits")
    if limits is None:
        return ""
    above = over_limit(limits)
    return context.words.n(
        "finding.over_limit",
        len(above),
        amount=context.words.compact(above["over_limit_amount"].sum()),
        total=context.words.count(len(limits)),
    )


def insurance_sentences(context: Context) -> list[str]:
    """Return the recommendation by total cost and by economic cost, or why there is none."""
    words, quotes = context.words, context.table("quotes")
    if quotes is None:
        return []
    own = self_insurance(context)
    trivial = None if own is None else TRIVIAL.get(str(own["status_code"]))
    if trivial is not None:
        return [words.t(trivial)]
    if len(quotes) < 2:
        return [words.t("finding.no_policy")]
    return [_cheapest(context, quotes, name, order) for name, order in _orders(quotes)]


def orders_of_options(context: Context) -> tuple[str, ...]:
    """Return the cheapest options by total cost and by economic cost, with standard errors."""
    words, quotes = context.words, context.table("quotes")
    orders = [] if quotes is None else _orders(quotes)
    return tuple(words.t(ORDERS[name], order=_listed(context, order, name)) for name, order in orders)


def flips(context: Context) -> tuple[str, ...]:
    """Return which option each criterion prefers, and of two policies that change places why they do."""
    words, quotes = context.words, context.table("quotes")
    if quotes is None or len(quotes) < 2:
        return ()
    first = [option_names(order.head(1), words)[0] for _, order in _orders(quotes)]
    if first[0] == first[1]:
        return (words.t("finding.criteria_agree", option=first[0]), *_turned(quotes, words))
    return (words.t("finding.criteria_differ", total=first[0], economic=first[1]), *_turned(quotes, words))


def _turned(quotes: DataFrame, words: Translator) -> list[str]:
    """The policy cheapest in total and the one cheapest with its bad years, where they are not the same."""
    policies = quotes[quotes["option_kind_code"].isin(POLICIES)]
    if len(policies) < 2:
        return []
    total, economic = (order.head(1) for _, order in _orders(policies))
    one, two = total.iloc[0], economic.iloc[0]
    if one["option_id"] == two["option_id"]:
        return []
    shown = {
        "one": option_names(total, words)[0],
        "two": option_names(economic, words)[0],
        "less": words.compact(two["total_cost_of_risk_amount"] - one["total_cost_of_risk_amount"]),
        "more": words.compact(one["economic_cost_amount"] - two["economic_cost_amount"]),
        "one_kept": words.compact(one["es_retained_amount"]),
        "two_kept": words.compact(two["es_retained_amount"]),
        "charge": words.ratio(one["capital_charge_ratio"]),
    }
    return [words.t("finding.turned", **shown)]


def _orders(quotes: DataFrame) -> list[tuple[str, DataFrame]]:
    return [(name, quotes.sort_values([name, "option_id"], ignore_index=True)) for name in ORDERS]


def _cheapest(context: Context, quotes: DataFrame, name: str, order: DataFrame) -> str:
    words = context.words
    first = order.iloc[0]
    shown = {"option": option_names(order, words)[0], "amount": words.compact(first[name])}
    by_total = name == "total_cost_of_risk_amount"
    sentence = words.t("finding.cheapest_total" if by_total else "finding.cheapest_economic", **shown)
    return f"{sentence} {words.t('finding.close')}" if _is_close(quotes, order, by_total=by_total) else sentence


def _is_close(quotes: DataFrame, order: DataFrame, *, by_total: bool) -> bool:
    """Tell whether the first two options differ by less than two standard errors.

    Against self-insurance the error is that of the difference; of two policies it is bounded by that of
    independent figures, as both are settled on the same losses.
    """
    name = "total_cost_of_risk_amount" if by_total else "economic_cost_amount"
    first_two = order.head(2)
    policies = first_two[first_two["option_kind_code"] != "self_insurance"]
    has_no_premium = not by_total and policies["break_even_premium_amount"].isna().any()
    if len(policies) == 2 or has_no_premium:
        gap = float(first_two[name].iloc[1] - first_two[name].iloc[0])
        return gap <= TWO_ERRORS * float((first_two[f"{name}_se"] ** 2).sum() ** 0.5)
    policy = policies.iloc[0]
    if by_total:
        difference, error = saving(quotes, str(policy["option_id"]))
    else:
        difference = policy["break_even_premium_amount"] - policy["premium_amount"]
        error = policy["break_even_premium_amount_se"]
    return bool(abs(difference) <= TWO_ERRORS * error)


def _listed(context: Context, order: DataFrame, name: str) -> str:
    words, shown = context.words, order.head(OPTIONS_TOLD)
    told = words.listed(
        f"{place}. {option} ({_with_error(context, row, name)})"
        for place, (option, (_, row)) in enumerate(zip(option_names(shown, words), shown.iterrows(), strict=True), 1)
    )
    n_more = len(order) - len(shown)
    return f"{told} {words.n('finding.more_options', n_more)}" if n_more else told


def _with_error(context: Context, row: Series, name: str) -> str:
    """Return a simulated amount with its standard error."""
    error = row[f"{name}_se"]
    shown = context.words.compact(row[name])
    return shown if pd.isna(error) or error == 0 else f"{shown} ± {context.words.compact(error)}"
