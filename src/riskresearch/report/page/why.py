"""Chapter: why these customers. First what drives the probabilities, then customer by customer."""

import pandas as pd
from pandas import DataFrame

from riskresearch.report.cells import Grid
from riskresearch.report.explained import driver_records, group_records, strongest
from riskresearch.report.figures.drivers import (
    EFFECT_TEXTS,
    dependence_panels,
    driver_shares,
    drivers_bars,
    family_bars,
)
from riskresearch.report.page.context import Block, Chapter, Context, figure, grid_block, missing, note, pair, text
from riskresearch.report.page.customer_reasons import customer_blocks

DRIVERS_SHOWN = 5
GROUPS_SHOWN = 5
PAIRS_NAMED = 3
RANK_DECIMALS = 2


def why_chapter(context: Context) -> Chapter:
    """Return the chapter: drivers of the PDs, then reasons, improvements, changes and disagreements by customer."""
    words = context.words
    title = words.t("chapter.why")
    if context.table("reasons") is None and context.table("drivers") is None:
        return Chapter("why", title, (missing(words.t("chapter.no_reasons")),))
    blocks = [*_drivers(context), *_groups(context), *_shapes(context), *customer_blocks(context)]
    return Chapter("why", title, (*blocks, note(words.t("chapter.reasons_note"))))


def _drivers(context: Context) -> list[Block]:
    """The strongest drivers with sign, and whether both last over the periods."""
    words, drivers = context.words, context.table("drivers")
    if drivers is None:
        return [text(words.t("why.no_drivers"))]
    top = strongest(drivers, n_drivers=DRIVERS_SHOWN)
    names = ", ".join(words.label("feature", code) for code in top["feature_code"])
    pictures = [
        figure(drivers_bars(drivers, words=words, n_drivers=DRIVERS_SHOWN), alt=words.t("alt.drivers", names=names))
    ]
    told = words.t(
        "why.drivers",
        n=words.count(len(top)),
        total=words.count(len(drivers)),
        share=words.ratio(top["importance_ratio"].sum(), 0),
    )
    stability = context.table("driver_stability")
    if stability is None:
        return [text(told), *pictures]
    alt = words.t("alt.driver_shares", names=names)
    pictures.append(figure(driver_shares(stability, drivers, words=words, n_drivers=DRIVERS_SHOWN), alt=alt))
    records = driver_records(drivers, stability, n_drivers=DRIVERS_SHOWN)
    return [text(" ".join([told, *_order_kept(context)])), pair(*pictures), _driver_table(context, records)]


def _order_kept(context: Context) -> list[str]:
    """How close the order of the drivers of each period stays to that of all periods together."""
    words, periods = context.words, context.table("driver_periods")
    known = DataFrame() if periods is None else periods[periods["level_code"] == "feature"]
    known = known[known["rank_correlation"].notna()] if len(known) else known
    if known.empty:
        return []
    low, high = (words.number(known["rank_correlation"].agg(side), RANK_DECIMALS) for side in ("min", "max"))
    return [words.n("why.order_kept", len(known), low=low, high=high)]


def _driver_table(context: Context, records: DataFrame) -> Block:
    words = context.words
    lines = [
        (
            words.label("feature", row["feature_code"]),
            words.ratio(row["importance_ratio"], 0),
            words.t(EFFECT_TEXTS[str(row["effect_code"])]),
            words.t("why.of", n=words.count(row["n_same_effect"]), total=words.count(row["n_periods"])),
            _ranks(context, row["rank_best"], row["rank_worst"]),
        )
        for _, row in records.iterrows()
    ]
    headers = ("why.driver", "why.share", "why.direction", "why.same_direction", "why.rank_range")
    content = Grid(tuple(words.t(name) for name in headers), tuple(lines), (False, True, False, True, True))
    return grid_block(content, caption=words.t("table.drivers"))


def _ranks(context: Context, best: float, worst: float) -> str:
    words = context.words
    if pd.isna(best) or best == worst:
        return words.count(best)
    return words.t("why.from_to", low=words.count(best), high=words.count(worst))


def _groups(context: Context) -> list[Block]:
    """Groups of correlated features with their members, and the families they belong to."""
    words, drivers, groups = context.words, context.table("drivers"), context.table("driver_groups")
    families = context.table("driver_families")
    if drivers is None or groups is None or families is None:
        return []
    records = group_records(drivers, groups, n_groups=GROUPS_SHOWN)
    lines = [
        (
            words.label("feature", row["group_code"]),
            words.ratio(row["importance_ratio"], 0),
            words.listed(words.label("feature", code) for code in row["members"]) or words.t("missing.none"),
        )
        for _, row in records.iterrows()
    ]
    headers = (words.t("column.group_code"), words.t("why.share"), words.t("why.members"))
    content = grid_block(Grid(headers, tuple(lines), (False, True, False)), caption=words.t("table.driver_groups"))
    first = families.sort_values("importance_ratio", ascending=False).head(DRIVERS_SHOWN)
    named = ", ".join(words.label("family", code) for code in first["family_code"])
    drawn = figure(family_bars(families, words=words), alt=words.t("alt.families", names=named))
    least = context.facts.setting("explanation", "group_correlation")
    told = [] if least is None else [note(words.t("why.groups", least=words.number(least, 1)))]
    return [pair(drawn, Block("group", parts=(content, *told)))]


def _shapes(context: Context) -> list[Block]:
    """How the risk goes with the values of the strongest drivers, and which of them act together."""
    words, dependence, dictionary = context.words, context.table("dependence"), context.table("feature_dictionary")
    if dependence is None or dictionary is None:
        return []
    drawn = dependence_panels(dependence, dictionary, words=words)
    named = dict.fromkeys(words.label("feature", code) for code in dependence["feature_code"])
    picture = figure(drawn, alt=words.t("alt.dependence", names=", ".join(named)))
    told = [text(words.t("why.shapes")), *_together(context)]
    return [pair(picture, Block("group", parts=tuple(told)))]


def _together(context: Context) -> list[Block]:
    """The pairs of features that act together most, or why they were not computed."""
    words, pairs = context.words, context.table("interactions")
    if pairs is None:
        return []
    known = pairs[pairs["reason_code"] == "computed"].sort_values("rank").head(PAIRS_NAMED)
    if known.empty:
        return [note(words.t("why.no_pairs", reason=words.label("reason", pairs["reason_code"].iloc[0])))]
    lines = tuple(
        words.t(
            "why.pair",
            feature=words.label("feature", row["feature_code"]),
            other=words.label("feature", row["other_feature_code"]),
            share=words.ratio(row["importance_ratio"], 1),
        )
        for _, row in known.iterrows()
    )
    return [Block("items", words.t("why.pairs", n=words.count(known["n_rows"].iloc[0])), lines)]
