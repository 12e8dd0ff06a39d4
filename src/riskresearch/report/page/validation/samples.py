"""Chapter: what was tested, on what."""

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.report.cells import Grid
from riskresearch.report.page.context import Block, Chapter, Context, grid_block, missing, note, table, text
from riskresearch.report.page.default_model import model_sentence
from riskresearch.report.page.risk import definition
from riskresearch.report.page.validation.judged import Judged

SAMPLE_ORDER = ("development", "embargo", "purged", "out_of_time", "immature", "scoring", "excluded")


def samples_chapter(judged: Judged) -> Chapter:
    """Return the chapter: the model, the definition of default, the samples and how much of each was tested."""
    words, samples = judged.words, judged.of_model("validation_samples")
    title = words.t("validation.samples")
    if samples is None:
        return Chapter("samples", title, (missing(words.t("validation.nothing")),))
    blocks = [text(_model(judged))]
    told = note(words.t("validation.default_of_file")) if judged.is_file else definition(judged.context)
    blocks += [told] if told else []
    blocks += [grid_block(_grid(samples, judged), caption=words.t("validation.samples_of", model=judged.name()))]
    blocks += [note(words.t("validation.samples_note")), *left_out(judged.context)]
    return Chapter("samples", title, tuple(blocks))


def _model(judged: Judged) -> str:
    words = judged.words
    if judged.is_file:
        return words.t("validation.model_of_file", model=judged.name(), file=judged.context.facts.source_name) + _rule(
            judged
        )
    return model_sentence(judged.context) or words.t("validation.model_of_run", model=judged.name())


def _rule(judged: Judged) -> str:
    if judged.rule is None:
        return " " + judged.words.t("validation.without_rule")
    return " " + judged.words.t("validation.against_rule", rule=judged.name(judged.rule))


def _grid(samples: DataFrame, judged: Judged) -> Grid:
    words = judged.words
    rank = samples["sample_code"].map({code: place for place, code in enumerate(SAMPLE_ORDER)})
    rows = samples.assign(rank=rank).sort_values("rank", kind="stable")
    names = ("n_rows", "n_customers", "n_known_outcomes", "n_defaults", "n_defaulters")
    lines = [
        (
            words.label("sample", row["sample_code"]),
            _dates(row, judged),
            *(words.t("missing.none") if pd.isna(row[name]) else words.count(row[name]) for name in names),
            _computed(row, judged),
        )
        for _, row in rows.iterrows()
    ]
    headers = [words.t("column.sample_code"), words.t("validation.dates")]
    headers += [words.t(f"column.{name}") for name in names] + [words.t("validation.computed")]
    return Grid(tuple(headers), tuple(lines), (False, False, *(True for _ in names), False))


def _dates(row: Series, judged: Judged) -> str:
    """First to last date and how many of them."""
    words = judged.words
    first, last = (words.date(row[name], "medium") for name in ("first_date", "last_date"))
    if int(row["n_dates"]) == 1:
        return last
    return words.t("validation.from_to", first=first, last=last, n=words.count(row["n_dates"]))


def _computed(row: Series, judged: Judged) -> str:
    words = judged.words
    numbers = {name: words.count(row[name]) for name in ("n_computed", "n_measures")}
    told = words.t("validation.computed_of", **numbers)
    if not row["n_part_measures"]:
        return told
    parts = {"n_computed": words.count(row["n_part_computed"]), "n_measures": words.count(row["n_part_measures"])}
    return words.listed([told, words.t("validation.computed_parts", **parts)])


def left_out(context: Context) -> list[Block]:
    """Return all rows of the panel by use, also those no measure sees; nothing outside a run.

    Parameters
    ----------
    context : tables and words of the page
    """
    counts = context.table("sample_counts")
    if counts is None:
        return []
    rank = {code: place for place, code in enumerate(SAMPLE_ORDER)}
    rows = counts.assign(rank=counts["sample_code"].map(rank)).sort_values(["rank", "reason_code"])
    rows = rows.assign(exclusion_code=rows["reason_code"].where(rows["reason_code"] != "none"))
    names = ["sample_code", "exclusion_code", "n_rows", "n_customers", "n_defaulters", "first_date", "last_date"]
    return [table(rows, context, caption=context.words.t("table.samples"), columns=names)]
