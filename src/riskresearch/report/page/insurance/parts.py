"""What the chapters on insurance share: options in order, the policy in focus, tables with a column per policy."""

from collections.abc import Callable, Sequence

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.report.cells import Grid, with_unit
from riskresearch.report.figures.money import option_names
from riskresearch.report.page.context import Block, Context, grid_block
from riskresearch.report.translator import Translator

SELF_INSURANCE = "self_insurance"
TELL = Callable[[Series], str]


def self_insurance_first(quotes: DataFrame) -> DataFrame:
    """Return the options with self-insurance first, then by economic cost."""
    other = quotes["option_kind_code"] != SELF_INSURANCE
    order = quotes.assign(other=other).sort_values(["other", "economic_cost_amount", "option_id"], ignore_index=True)
    return order.drop(columns="other")


def names_of(context: Context) -> dict[str, str]:
    """Return the names of the options by option_id; an option without quote has none."""
    quotes = context.table("quotes")
    if quotes is None:
        return {}
    return dict(zip(quotes["option_id"], option_names(quotes, context.words), strict=True))


def name_of(context: Context, option_id: object) -> str:
    """Return the name of an option; without quote its id in words."""
    return names_of(context).get(str(option_id), str(option_id).replace("_", " "))


def in_order(context: Context, option_ids: Series) -> list[str]:
    """Return the options of a table, each once: self-insurance first, then by economic cost where quoted."""
    quotes = context.table("quotes")
    ranked = [] if quotes is None else list(self_insurance_first(quotes)["option_id"])
    present = list(dict.fromkeys(option_ids))
    return [one for one in ranked if one in present] + sorted(one for one in present if one not in ranked)


def focus(context: Context, option_ids: Series) -> str:
    """Return the policy a long list is shown for: the one most claims were declared on, else the cheapest one.

    Parameters
    ----------
    context : tables of the run
    option_ids : policies the table holds, at least one
    """
    present, claims = in_order(context, option_ids), context.table("insurer_claims")
    if claims is not None and "policy_id" in claims:
        counts = claims["policy_id"].value_counts()
        known = [one for one in counts.index if one in present]
        if known:
            return str(known[0])
    return next((one for one in present if one != SELF_INSURANCE), present[0])


def focus_words(context: Context, option_ids: Series) -> str:
    """Return for which policy a list is shown, and that there are others; nothing where there is one only."""
    present = in_order(context, option_ids)
    if len(present) < 2:
        return ""
    name = name_of(context, focus(context, option_ids))
    return context.words.t("insurance.focus", option=name, n=context.words.count(len(present)))


def by_option(
    context: Context, lines: Sequence[tuple[str, Callable[[str], str]]], *, options: Sequence[str], caption: str
) -> Block:
    """Return a table with one column per option: each line has a heading and tells an option.

    Parameters
    ----------
    context : names of the options
    lines : heading of a line, and what it says of an option
    options : option_ids in the order of the columns
    caption : what the table shows
    """
    rows = tuple((head, *(tell(option) for option in options)) for head, tell in lines)
    headers = (context.words.t("column.figure"), *(name_of(context, option) for option in options))
    return grid_block(Grid(headers, rows, (False, *(True for _ in options))), caption=caption)


def with_error(words: Translator, row: Series, name: str, show: Callable[[float], str] | None = None) -> str:
    """Return a simulated figure with its standard error; a figure that does not apply reads "–"."""
    told = show if show is not None else words.ratio if name.endswith("_ratio") else words.compact
    if pd.isna(row[name]):
        return words.t("missing.not_applicable")
    error = row.get(f"{name}_se")
    if error is None or pd.isna(error) or error == 0:
        return told(row[name])
    return f"{told(row[name])} ± {told(error)}"


def value_cell(row: Series | None, words: Translator) -> str:
    """Return a value in its unit, or that it is not computable and why."""
    if row is None:
        return words.t("missing.none")
    if pd.isna(row["value"]):
        return words.missing(row["reason_code"])
    if row["unit_code"] == "amount":
        return words.compact(row["value"])
    if row["unit_code"] == "ratio":
        return words.probability(row["value"])
    return with_unit(row["value"], str(row["unit_code"]), words)


def indicator_label(words: Translator, code: object) -> str:
    """Return the name of an indicator of a policy, of its use or of its terms and cost."""
    family = next((one for one in ("policy_use", "policy_year", "indicator") if words.has(one, code)), "indicator")
    return words.label(family, code)


def one_row(frame: DataFrame, column: str, value: object) -> Series | None:
    """Return the first row with a value in a column; None where there is none."""
    rows = frame[frame[column] == value]
    return rows.iloc[0] if len(rows) else None
