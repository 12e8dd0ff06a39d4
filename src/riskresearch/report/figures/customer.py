"""Picture of one customer: how late it paid, what it owed and how much of that was overdue, month by month."""

from matplotlib.axes import Axes
from pandas import DataFrame, Timedelta

from riskresearch.report.figures.payment import months_below
from riskresearch.report.figures.style import BLUE, INK, ORANGE, SKY, fitted, not_computable, picture, set_height, ticks
from riskresearch.report.translator import Translator

PANELS = ("days_beyond_terms_floored", "open_amount", "overdue_ratio")
PANEL_SHARE = 0.25
BAR_DAYS = 22
MARGIN = Timedelta(days=BAR_DAYS)


@picture
def payment_history(history: DataFrame, *, words: Translator, axis: Axes, customer_id: str) -> None:
    """Draw one customer over the months: days late of its receipts, open amount, overdue share.

    Parameters
    ----------
    history : rows of one customer with the columns of table `kpis`
    words : language and currency
    axis : where to draw
    customer_id : the customer, for the title
    """
    title = words.t("figure.history_title", customer=fitted(customer_id, width=40, lines=1))
    known = history[history["indicator_code"].isin(PANELS) & history["value"].notna()]
    if known.empty:
        reasons = history["reason_code"].dropna()
        reason = words.label("reason", reasons.iloc[-1]) if len(reasons) else words.t("figure.no_rows")
        return not_computable(axis, words, title=title, reason=reason)
    axis.set_title(title, pad=20)
    axis.set_axis_off()
    for place, code in enumerate(PANELS):
        panel = axis.inset_axes(
            (0.0, 1 - PANEL_SHARE - place * (1 - PANEL_SHARE) / (len(PANELS) - 1), 1.0, PANEL_SHARE)
        )
        _panel(panel, words, known[known["indicator_code"] == code].sort_values("observation_date"), code)
        months_below(panel, words, known["observation_date"])
        panel.set_xlim(known["observation_date"].min() - MARGIN, known["observation_date"].max() + MARGIN)
        if place < len(PANELS) - 1:
            panel.tick_params(labelbottom=False)
    set_height(axis, 4.4)


def _panel(panel: Axes, words: Translator, rows: DataFrame, code: str) -> None:
    """One indicator in its own scale: days as a line, amounts and shares as bars."""
    panel.set_title(words.label("indicator", code), fontsize=8.5, fontweight="normal", color=INK, pad=4)
    if code == "days_beyond_terms_floored":
        panel.plot(rows["observation_date"], rows["value"], color=BLUE, marker="o", markersize=3.5)
        ticks(panel, "y", lambda value: words.number(value))
    elif code == "open_amount":
        panel.bar(rows["observation_date"], rows["value"], width=BAR_DAYS, color=SKY)
        ticks(panel, "y", words.compact)
    else:
        panel.bar(rows["observation_date"], rows["value"], width=BAR_DAYS, color=ORANGE)
        ticks(panel, "y", lambda value: words.ratio(value, 0))
    top = float(rows["value"].max()) if len(rows) else 0.0
    panel.set_ylim(0, top * 1.1 if top > 0 else 1.0)
    panel.locator_params(axis="y", nbins=3)
