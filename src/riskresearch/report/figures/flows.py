"""Pictures of what becomes of receivables: moves between ageing states, unpaid shares of each month's invoices."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from pandas import DataFrame

from riskresearch.report.figures.matrix import draw_cells, name_cells, scaled
from riskresearch.report.figures.style import INK, MUTED, fitted, not_computable, picture, set_height
from riskresearch.report.translator import Translator

OPEN_STATES = ("not_due", "1_30", "31_60", "61_90", "over_90", "no_due_date")
ENDS = ("paid", "credited", "lost")
GAP = 0.35
VINTAGES_SHOWN = 14


@picture
def transition_matrix(transitions: DataFrame, *, words: Translator, axis: Axes) -> None:
    """Draw where the amount of each ageing state is a month later: still open, or ended.

    Parameters
    ----------
    transitions : table `transitions`
    words : language
    axis : where to draw
    """
    title = words.t("figure.transitions_title")
    known = transitions[transitions["ratio"].notna()]
    if known.empty:
        return not_computable(axis, words, title=title, reason=_reason(transitions, words))
    share = known.pivot(index="from_code", columns="to_code", values="ratio")
    amounts = known.groupby("from_code")["n_items"].sum()
    rows = [code for code in OPEN_STATES if code in share.index]
    open_columns = [code for code in OPEN_STATES if code in share and (code in rows or (share[code] > 0).any())]
    ends = [code for code in ENDS if code in share]
    for columns, left in ((open_columns, 0.0), (ends, len(open_columns) + GAP)):
        block = share.reindex(index=rows, columns=columns).to_numpy("float64")
        draw_cells(axis, scaled(block, low=0.0, high=1.0), _shares(block, words), left=left)
    places: list[float] = [*range(len(open_columns)), *(len(open_columns) + GAP + place for place in range(len(ends)))]
    name_cells(
        axis,
        rows=[f"{words.label('bucket', code)}\n(n = {words.count(amounts[code])})" for code in rows],
        columns=[fitted(words.label("bucket", code), width=7, lines=3) for code in open_columns]
        + [fitted(words.label("bucket", code), width=11) for code in ends],
        places=places,
    )
    axis.set_title(title)
    _group_names(axis, words, n_open=len(open_columns), n_ends=len(ends), n_rows=len(rows))
    set_height(axis, 1.35 + 0.42 * len(rows))


def _shares(block: np.ndarray, words: Translator) -> list[list[str]]:
    """Shares as text; a move that never happened is a dash, a rare one keeps its decimal."""
    return [["–" if share == 0 else _share(share, words) for share in row] for row in block]


def _share(share: float, words: Translator) -> str:
    return words.missing() if np.isnan(share) else words.ratio(share, 1 if share < 0.0995 else 0)


def _group_names(axis: Axes, words: Translator, *, n_open: int, n_ends: int, n_rows: int) -> None:
    """Name below the cells which columns are still open and which have ended."""
    groups = ((0.0, n_open, words.t("figure.still_open")), (n_open + GAP, n_ends, words.t("figure.ended")))
    for left, width, name in groups:
        if width:
            axis.plot([left + 0.05, left + width - 0.05], [n_rows + 0.12] * 2, color=MUTED, linewidth=1, clip_on=False)
            axis.annotate(
                name,
                (left + width / 2, n_rows + 0.12),
                xytext=(0, -4),
                textcoords="offset points",
                ha="center",
                va="top",
                color=INK,
                fontsize=8.5,
                annotation_clip=False,
            )


@picture
def vintage_heatmap(
    vintages: DataFrame, *, words: Translator, axis: Axes, basis_code: str = "due_date", n_months: int = VINTAGES_SHOWN
) -> None:
    """Draw which share of each month's invoices was still unpaid so many days after they fell due.

    Parameters
    ----------
    vintages : table `vintages`
    words : language
    axis : where to draw
    basis_code : days counted from ``due_date`` or from ``invoice_date``
    n_months : months of issue shown, the latest ones
    """
    title = words.t("figure.vintages_title" if basis_code == "due_date" else "figure.vintages_issue_title")
    rows = vintages[vintages["basis_code"] == basis_code]
    if not rows["unpaid_ratio"].notna().any():
        return not_computable(axis, words, title=title, reason=_reason(rows, words))
    wide = rows.pivot(index="issue_month_date", columns="after_days", values="unpaid_ratio").sort_index()
    wide = wide[wide.notna().any(axis=1)].tail(n_months)
    cells = wide.to_numpy("float64")
    texts = [["" if np.isnan(share) else _share(share, words) for share in row] for row in cells]
    draw_cells(axis, scaled(cells, low=0.0), texts, font_size=7.5)
    axis.set_title(title)
    name_cells(
        axis,
        rows=[words.month(month) for month in wide.index],
        columns=[words.threshold_days(days) for days in wide.columns],
        places=range(len(wide.columns)),
    )
    if np.isnan(cells).any():
        axis.set_xlabel(words.t("figure.not_yet"), fontsize=8.5)
    set_height(axis, 1.2 + 0.235 * len(wide))


def _reason(rows: DataFrame, words: Translator) -> str:
    reasons = rows["reason_code"].dropna() if len(rows) else pd.Series(dtype="str")
    return words.label("reason", reasons.iloc[-1]) if len(reasons) else words.t("figure.no_rows")
