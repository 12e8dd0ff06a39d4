"""Parts of the chapter on stability: features that have moved since development, moves between grades."""

from pandas import DataFrame

from riskresearch.report.figures.stability import migration_matrix, shift_bars
from riskresearch.report.page.context import Block, figure, note, pair, table, text
from riskresearch.report.page.validation.judged import Judged
from riskresearch.report.page.validation.measures import measure_block

MOST_FEATURES, MOST_CELLS = 10, 5
BANDWIDTHS = ("migration_upper", "migration_lower", "matrix_stability")
COMPARISONS = ("scoring", "out_of_time")


def feature_blocks(judged: Judged) -> list[Block]:
    """Return which features have moved most since development; a sentence where the scores tell no feature.

    Parameters
    ----------
    judged : model under judgement
    """
    words, drift = judged.words, judged.context.table("stability_index")
    heading = Block("heading", words.t("validation.features"))
    if drift is None:
        return [heading, note(words.t("validation.no_features"))] if judged.is_file else []
    known = [code for code in COMPARISONS if (drift["comparison_code"] == code).any()]
    told = [text(_moved(drift[drift["comparison_code"] == code], code, judged)) for code in known]
    drawn = [
        figure(
            shift_bars(drift, words=words, comparison_code=code, n_features=MOST_FEATURES),
            alt=words.t("alt.shifts", comparison=words.label("comparison", code)),
        )
        for code in known
    ]
    first = drift[(drift["comparison_code"] == known[0]) & drift["value"].notna()]
    worst = first.sort_values(["value", "feature_code"], ascending=[False, True])
    names = ["feature_code", "value", "critical_value_95", "p_value", "p_adjusted"]
    names += ["missing_initial_ratio", "missing_current_ratio", "verdict_code"]
    caption = words.t("validation.worst_features", comparison=words.label("comparison", known[0]))
    shown = table(worst, judged.context, caption=caption, columns=names, max_rows=MOST_FEATURES)
    return [heading, *told, pair(*drawn), shown, note(words.t("validation.features_note"))]


def _moved(rows: DataFrame, comparison: str, judged: Judged) -> str:
    """How many features have moved more than chance explains."""
    words = judged.words
    counts = {code: int((rows["verdict_code"] == code).sum()) for code in ("green", "amber", "red")}
    shown = {code: words.count(number) for code, number in counts.items() if code != "red"}
    shown |= {"total": words.count(sum(counts.values())), "comparison": words.label("comparison", comparison)}
    return words.n("validation.features_moved", counts["red"], **shown)


def migration_blocks(judged: Judged) -> list[Block]:
    """Return the moves between grades within a year: matrix, bandwidths, cells that contradict it.

    Parameters
    ----------
    judged : model under judgement
    """
    words, moves = judged.words, judged.context.table("grade_migrations")
    blocks = [Block("heading", words.t("validation.migrations"))]
    if moves is None or not moves["n_moves"].sum():
        return [*blocks, note(words.t("validation.no_migrations"))]
    drawn = figure(migration_matrix(moves, words=words), alt=words.t("alt.migrations"))
    side = Block("group", parts=(note(words.t("validation.migrations_note")),))
    blocks += [pair(drawn, side)]
    newest = next((code for code in COMPARISONS if judged.measure(BANDWIDTHS[0], sample=code) is not None), None)
    blocks += measure_block(judged, BANDWIDTHS, caption=words.t("validation.bandwidths"), sample=newest)
    tested = moves[moves["p_adjusted"].notna()].sort_values(["p_value", "grade_from", "grade_to"], kind="stable")
    names = ["grade_from", "grade_to", "n_moves", "move_ratio", "neighbour_ratio", "z_value", "p_value", "p_adjusted"]
    caption = words.t("validation.far_cells")
    return blocks + (
        [table(tested.head(MOST_CELLS), judged.context, caption=caption, columns=names)] if len(tested) else []
    )
