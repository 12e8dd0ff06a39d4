"""Section of the payment chapter: what open items will bring in, and how well that was foreseen so far."""

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.report.cells import Grid, header
from riskresearch.report.figures.forecast import forecast_errors, receipts_fan, survival_curves
from riskresearch.report.page.context import Block, Context, figure, grid_block, missing, note, pair
from riskresearch.report.page.payment_parts import one, told
from riskresearch.report.translator import Translator

CHOICES = {
    "model_beats_rule": "chapter.model_beats_rule",
    "not_certain": "chapter.model_not_certain",
    "rule_not_beaten": "chapter.rule_not_beaten",
    "too_few_origins": "chapter.too_few_origins",
}
DEFAULT_RULE = "mean_delay"
SCOPE = "first_weeks"
SURVIVAL_AXES = ("size", "type", "sector")


def forecast_blocks(context: Context) -> list[Block]:
    """Return the receipts expected week by week, the choice of the method, its errors and the curve of payment."""
    choice = context.table("forecast_choice")
    curves = _survival(context)
    if choice is None:
        return curves
    chosen, reason = choice.iloc[0], str(choice["reason_code"].iloc[0])
    if context.table("receipts_forecast") is None or reason not in CHOICES:
        return [missing(context.words.t("chapter.no_forecast")), *curves]
    blocks = [*_fan(context, chosen), *_errors(context, chosen)]
    tables = [*_weeks(context, str(chosen["chosen_method_code"])), *_backtest(context)]
    return [pair(*blocks), *([pair(*tables)] if tables else []), *curves]


def choice_sentence(chosen: Series, words: Translator) -> str:
    """Return which method foresees the receipts and why: a model only where it beat the best rule."""
    shown = {
        name: words.missing() if pd.isna(chosen[column]) else words.ratio(chosen[column])
        for name, column in (("model_error", "model_wape_ratio"), ("rule_error", "rule_wape_ratio"))
    }
    ends = {
        name: words.missing() if pd.isna(chosen[column]) else words.signed(100 * chosen[column])
        for name, column in (("low", "difference_low_ratio"), ("high", "difference_high_ratio"))
    }
    names = {
        name: words.missing() if pd.isna(chosen[column]) else words.label("forecast_method", chosen[column])
        for name, column in (("method", "chosen_method_code"), ("model", "model_code"), ("rule", "rule_code"))
    }
    return words.t(CHOICES[str(chosen["reason_code"])], **shown, **ends, **names, n=words.count(chosen["n_origins"]))


def _fan(context: Context, chosen: Series) -> list[Block]:
    words, forecast = context.words, context.tables["receipts_forecast"]
    method = str(chosen["chosen_method_code"])
    rule = DEFAULT_RULE if pd.isna(chosen["rule_code"]) else str(chosen["rule_code"])
    first = one(forecast[forecast["horizon_weeks"] == 1], method_code=method)
    if first is None:
        return []
    sentence = " ".join(part for part in (_first_week(first, words), _in_weeks(context, method)) if part)
    drawn = receipts_fan(forecast, words=words, method_code=method, rule_code=rule)
    return [told(figure(drawn, alt=words.t("alt.fan", sentence=sentence)), sentence)]


def _first_week(first: Series, words: Translator) -> str:
    amount = words.compact(first["expected_amount"])
    if pd.isna(first["low_80"]) or pd.isna(first["high_80"]):
        return words.t("chapter.first_week", amount=amount)
    return words.t(
        "chapter.first_week_range",
        amount=amount,
        low=words.compact(first["low_80"]),
        high=words.compact(first["high_80"]),
    )


def _in_weeks(context: Context, method: str) -> str:
    """What of the open amount comes in the weeks foreseen, and what is not expected to come at all."""
    words, outcomes = context.words, context.table("receipts_outcomes")
    if outcomes is None:
        return ""
    received, lost = (one(outcomes, method_code=method, outcome_code=code) for code in ("received_in_weeks", "lost"))
    if received is None or lost is None:
        return ""
    forecast = context.tables["receipts_forecast"]
    foreseen = words.t(
        "chapter.in_weeks",
        weeks=words.count(forecast["horizon_weeks"].max()),
        amount=words.compact(received["expected_amount"]),
        overdue=words.compact(received["overdue_amount"]),
    )
    if not lost["expected_amount"] > 0:
        return foreseen
    return f"{foreseen} {words.t('chapter.expected_lost', amount=words.compact(lost['expected_amount']))}"


def _errors(context: Context, chosen: Series) -> list[Block]:
    words, backtest = context.words, context.table("forecast_backtest")
    sentence = choice_sentence(chosen, words)
    if backtest is None:
        return [note(sentence)]
    drawn = forecast_errors(backtest, words=words)
    return [told(figure(drawn, alt=words.t("alt.errors", sentence=sentence)), sentence)]


def _weeks(context: Context, method: str) -> list[Block]:
    words, forecast = context.words, context.tables["receipts_forecast"]
    rows = forecast[forecast["method_code"] == method].sort_values("horizon_weeks")
    lines = [
        (
            words.date(row["week_start_date"], "medium"),
            words.number(row["expected_amount"]),
            *(_range(row, level, words) for level in (80, 95)),
        )
        for _, row in rows.iterrows()
    ]
    headers = (
        words.t("table.week_from"),
        header("expected_amount", words, rows),
        *(words.t("figure.range", level=level) for level in (80, 95)),
    )
    content = Grid(headers, tuple(lines), (False, True, True, True))
    return [grid_block(content, caption=words.t("table.weeks", method=words.label("forecast_method", method)))]


def _range(row: Series, level: int, words: Translator) -> str:
    low, high = row[f"low_{level}"], row[f"high_{level}"]
    if pd.isna(low) or pd.isna(high):
        return words.missing()
    return words.t("chapter.interval", low=words.compact(low), high=words.compact(high))


def _backtest(context: Context) -> list[Block]:
    """Errors, bias and coverage of every method over the first four weeks of the origins."""
    words, backtest = context.words, context.table("forecast_backtest")
    rows = DataFrame() if backtest is None else backtest[backtest["scope_code"] == SCOPE]
    if rows.empty:
        return []
    weeks = 4 if (rows["horizon_weeks"] == 4).any() else int(rows["horizon_weeks"].max())
    rows = rows[rows["horizon_weeks"] == weeks].sort_values(["wape_ratio", "method_code"])
    columns = ("wape_ratio", "bias_ratio", "coverage_80_ratio", "coverage_95_ratio")
    lines = [
        (words.label("forecast_method", row["method_code"]), *(words.ratio(row[name]) for name in columns))
        for _, row in rows.iterrows()
    ]
    headers = tuple(header(name, words, rows) for name in ("method_code", *columns))
    caption = words.n("table.backtest", weeks, origins=words.count(rows["n_origins"].max()))
    return [grid_block(Grid(headers, tuple(lines), (False, True, True, True, True)), caption=caption)]


def _survival(context: Context) -> list[Block]:
    """How long receivables stay open: all together, and by the first segmentation that has curves."""
    words, survival, summary = context.words, context.table("survival"), context.table("time_to_pay")
    if survival is None or summary is None:
        return []
    sentence = _settled(summary, words)
    blocks = [
        told(figure(survival_curves(survival, words=words), alt=words.t("alt.survival", sentence=sentence)), sentence)
    ]
    known = set(survival.loc[survival["origin_code"] == "due", "axis_code"])
    axis = next((axis for axis in SURVIVAL_AXES if axis in known), None)
    if axis is not None:
        drawn = survival_curves(survival, words=words, axis_code=axis)
        blocks.append(figure(drawn, alt=words.t("alt.survival", sentence=words.label("axis", axis))))
    return [pair(*blocks)]


def _settled(summary: DataFrame, words: Translator) -> str:
    """By when the middle item is settled, and what of the amount is still open after 30 and 90 days."""
    rows = summary[(summary["axis_code"] == "portfolio") & (summary["origin_code"] == "due")]
    items, amount = (one(rows, weight_code=code) for code in ("count", "amount"))
    if items is None or amount is None or pd.isna(amount["open_ratio_30d"]):
        return words.t("chapter.survival_missing")
    shown = {f"open_{days}": words.ratio(amount[f"open_ratio_{days}d"]) for days in (30, 90)}
    still_open = words.t("chapter.survival_open", **shown)
    names = {"median": "median", "low": "median_low", "high": "median_high", "settled": "settled_median"}
    figures = {name: items[f"{column}_days"] for name, column in names.items()}
    if any(pd.isna(value) for value in figures.values()):
        return still_open
    middle = words.t("chapter.survival", **{name: words.number(value) for name, value in figures.items()})
    return f"{middle} {still_open}"
