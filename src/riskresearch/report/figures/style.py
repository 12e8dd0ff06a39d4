"""One style for all pictures, and the ways to hand a picture on: PNG bytes, data URI, notebook output."""

import base64
import functools
import hashlib
import io
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib import style
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.ticker import FuncFormatter
from pandas import DataFrame

from riskresearch.report.translator import Translator

INK, MUTED, RULE, PALE = "#1b2733", "#5b6773", "#d9dfe5", "#eef2f5"
BLUE, SKY, ORANGE, RED, GREEN = "#1f5f8b", "#8fb8d6", "#e08e0b", "#b5402a", "#3c7d5a"
AGEING = {
    "not_due": "#b9cede",
    "1_30": "#f3d58a",
    "31_60": "#eba33c",
    "61_90": "#cf6526",
    "over_90": "#8c2d1a",
    "no_due_date": "#a9b1b8",
}
SERIES = (INK, BLUE, ORANGE, GREEN, RED, SKY)
HOLLOW: dict[str, Any] = {"linestyle": "", "color": "white", "markeredgecolor": INK, "markersize": 6}
DPI = 130
WIDTH, HEIGHT = 5.6, 3.0
USUAL_CONFIDENCE = 0.95
FONT = "DejaVu Sans"
LEGEND_CHARACTERS = 78
STYLE: dict[str, Any] = {
    "font.family": FONT,
    "font.size": 9,
    "text.parse_math": False,
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": RULE,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": False,
    "grid.color": RULE,
    "grid.linewidth": 0.7,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "lines.linewidth": 2.0,
    "lines.solid_capstyle": "round",
    "axes.prop_cycle": "cycler('color', ['#1f5f8b'])",
}

Picture = Callable[..., Figure]


def picture(draw: Callable[..., None]) -> Picture:
    """Turn a function that draws onto ``axis`` into one that returns a figure in the common style."""

    @functools.wraps(draw)
    def drawn(*frames: DataFrame, words: Translator, axis: Axes | None = None, **options: Any) -> Figure:
        with style.context(STYLE):
            place = axis if axis is not None else Figure(figsize=(WIDTH, HEIGHT), layout="constrained").add_subplot()
            draw(*frames, words=words, axis=place, **options)
            figure = place.get_figure(root=True)
        assert isinstance(figure, Figure)
        return figure

    return drawn


def not_computable(axis: Axes, words: Translator, *, title: str, reason: str) -> None:
    """Draw the panel that stands where a picture has no data: title, and why."""
    axis.set_title(title)
    axis.set_xticks([])
    axis.set_yticks([])
    axis.set_facecolor(PALE)
    axis.text(
        0.5,
        0.5,
        words.t("figure.not_computable", reason=reason),
        ha="center",
        va="center",
        color=MUTED,
        transform=axis.transAxes,
        wrap=True,
    )
    set_height(axis, 1.6)


def set_height(axis: Axes, inches: float) -> None:
    """Give a figure of one axis its height."""
    figure = axis.get_figure(root=True)
    if isinstance(figure, Figure) and len(figure.axes) == 1:
        figure.set_figheight(inches)


def fitted(text: str, *, width: int = 26, lines: int = 2) -> str:
    """Return text a picture has room and letters for: wrapped, cut after some lines, unknown letters as ``?``."""
    drawable = "".join(letter if ord(letter) in _letters() or letter.isspace() else "?" for letter in text)
    if lines == 1:
        line = " ".join(drawable.split())
        return line if len(line) <= width else f"{line[: width - 2].rstrip()} …"
    return "\n".join(textwrap.wrap(drawable, width, max_lines=lines, placeholder=" …"))


def legend_below(axis: Axes, handles: Sequence[Artist] | None = None) -> None:
    """Write the legend below the picture, in as many columns as fit."""
    shown = list(handles) if handles is not None else axis.get_legend_handles_labels()[0]
    labels = [fitted(str(handle.get_label()), width=40) for handle in shown]
    columns = max(1, min(len(shown), LEGEND_CHARACTERS // (max(map(len, labels), default=0) + 5)))
    figure = axis.get_figure(root=True)
    if isinstance(figure, Figure) and len(figure.axes) == 1:
        figure.legend(shown, labels, loc="outside lower left", ncols=columns, handlelength=1, columnspacing=1.2)
    else:
        axis.legend(shown, labels, loc="best")


@functools.cache
def _letters() -> frozenset[int]:
    return frozenset(get_font(findfont(FontProperties(family=FONT))).get_charmap())


def interval_name(confidence_ratio: float, words: Translator) -> str:
    """Return the name of intervals of a confidence.

    Examples
    --------
    >>> from riskresearch.report.translator import translator
    >>> interval_name(0.9, translator("en"))
    '90% interval'
    """
    return words.t("figure.interval_of", confidence=words.ratio(confidence_ratio, 0))


def name_rows(axis: Axes, names: Sequence[str]) -> None:
    """Name the rows of a picture of horizontal bars, the first on top."""
    axis.set_yticks(range(len(names)), list(names))
    axis.set_ylim(len(names) - 0.5, -0.5)


def ticks(axis: Axes, side: str, show: Callable[[float], str]) -> None:
    """Write the tick labels of ``x`` or ``y`` in the formats of the language, with a light grid."""
    target = axis.xaxis if side == "x" else axis.yaxis
    target.set_major_formatter(FuncFormatter(lambda value, place: show(value)))
    target.grid(True)


def figure_png(figure: Figure) -> bytes:
    """Return a figure as PNG; the same figure gives the same bytes."""
    buffer = io.BytesIO()
    with style.context(STYLE):
        FigureCanvasAgg(figure)
        figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
    return buffer.getvalue()


def data_uri(figure: Figure) -> str:
    """Return a figure as the source of an HTML image, nothing outside the page."""
    return "data:image/png;base64," + base64.b64encode(figure_png(figure)).decode("ascii")


@dataclass(frozen=True)
class FigureView:
    """A figure for a notebook: PNG with alternative text, and the digest of its numbers as text."""

    png: bytes
    alt: str
    digest: str

    def __repr__(self) -> str:
        """Return the digest: nbval compares it, as it does not compare pictures."""
        return f"[figure] {self.digest}"

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, str], dict[str, Any]]:
        image = base64.b64encode(self.png).decode("ascii")
        return {"image/png": image, "text/plain": repr(self)}, {"image/png": {"alt": self.alt}}


def show_figure(figure: Figure, *, alt: str, digest_of: DataFrame) -> FigureView:
    """Return a figure to end a notebook cell with, and release it.

    Parameters
    ----------
    figure : from a function of this package
    alt : what a reader who cannot see the picture must know
    digest_of : the table behind the picture; its numbers, rounded to five digits, give the digest
    """
    png = figure_png(figure)
    figure.clear()
    return FigureView(png, alt, digest(digest_of))


def digest(frame: DataFrame) -> str:
    """Return the first 12 digits of the SHA-256 of a frame, numbers rounded to five significant digits.

    Examples
    --------
    >>> digest(DataFrame({"x": [1.0]})) == digest(DataFrame({"x": [1.0000001]})) != digest(DataFrame({"x": [1.1]}))
    True
    """
    text = frame.to_csv(index=False, float_format="%.5g", date_format="%Y-%m-%d", lineterminator="\n")
    return hashlib.sha256(text.encode()).hexdigest()[:12]
