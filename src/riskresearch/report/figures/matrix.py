"""Heat maps drawn cell by cell: a shade for the figure, the figure itself in letters that can be read on it."""

from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from riskresearch.report.figures.style import INK, MUTED, PALE, RULE

Array = NDArray[np.float64]

SHADES = colormaps["YlOrBr"]
LIGHTEST, DARKEST = 0.02, 0.80
DARK_GROUND = 0.45
EDGE = 0.03


def draw_cells(
    axis: Axes, shades: Array, texts: Sequence[Sequence[str]], *, left: float = 0.0, font_size: float = 8.0
) -> None:
    """Draw a block of cells one unit wide and high, the first row on top.

    Parameters
    ----------
    axis : where to draw
    shades : rows × columns, 0 lightest to 1 darkest; NaN = a cell without shade
    texts : what stands in each cell
    left : place of the first column
    font_size : size of the letters
    """
    for (row, column), shade in np.ndenumerate(shades):
        is_shaded = not np.isnan(shade)
        ground = SHADES(LIGHTEST + (DARKEST - LIGHTEST) * float(shade)) if is_shaded else PALE
        corner = (left + column + EDGE, row + EDGE)
        size = 1 - 2 * EDGE
        axis.add_patch(Rectangle(corner, size, size, facecolor=ground, edgecolor="none" if is_shaded else RULE))
        axis.text(
            left + column + 0.5,
            row + 0.5,
            texts[row][column],
            ha="center",
            va="center",
            fontsize=font_size,
            color=letter_colour(float(shade)),
        )


def letter_colour(shade: float) -> str:
    """Return the colour of letters on a shade: white on dark grounds, grey where there is no shade.

    Examples
    --------
    >>> letter_colour(0.1) == INK, letter_colour(1.0), letter_colour(float("nan")) == MUTED
    (True, 'white', True)
    """
    if np.isnan(shade):
        return MUTED
    red, green, blue, _ = SHADES(LIGHTEST + (DARKEST - LIGHTEST) * shade)
    return "white" if 0.299 * red + 0.587 * green + 0.114 * blue < DARK_GROUND else INK


def name_cells(axis: Axes, *, rows: Sequence[str], columns: Sequence[str], places: Sequence[float]) -> None:
    """Name the rows at the left and the columns on top, and give the cells the whole axis.

    Parameters
    ----------
    axis : where the cells stand
    rows : names of the rows, the first on top
    columns : names of the columns
    places : left edge of each column
    """
    axis.set_yticks([row + 0.5 for row in range(len(rows))], list(rows))
    axis.set_xticks([place + 0.5 for place in places], list(columns))
    axis.tick_params(axis="x", top=True, labeltop=True, bottom=False, labelbottom=False, length=0, pad=3)
    axis.set_xlim(min(places), max(places) + 1)
    axis.set_ylim(len(rows), 0)
    axis.spines[:].set_visible(False)


def scaled(values: Array, *, low: float | None = None, high: float | None = None) -> Array:
    """Return values as shades from 0 to 1, lowest to highest; one single value is in the middle.

    Examples
    --------
    >>> scaled(np.array([10.0, 15.0, 30.0])).tolist()
    [0.0, 0.25, 1.0]
    """
    told = values[~np.isnan(values)]
    bottom = low if low is not None else float(told.min()) if len(told) else 0.0
    top = high if high is not None else float(told.max()) if len(told) else 1.0
    if top <= bottom:
        return np.where(np.isnan(values), np.nan, 0.5)
    return np.asarray(np.clip((values - bottom) / (top - bottom), 0.0, 1.0))
