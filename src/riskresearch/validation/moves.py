"""Moves of customers between grades within a year: the matrix, how wide it is, and whether it falls off its diagonal.

     grade_from   A    B    C        worse →
     A           40    8    2        upper: moves to a worse grade
     B            6   50    9
     C            1    7   30        lower: moves to a better grade

Only customers that perform at both ends count (the block of the matrix without default).
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Series
from scipy.stats import norm

from riskresearch.base.errors import TableError, first_keys
from riskresearch.base.schema import Column, Table
from riskresearch.validation.adjustment import holm

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

YEAR_MONTHS = 12
CELL_REASONS = ("diagonal", "too_few_customers", "empty_cell")
GRADE_MIGRATIONS = Table(
    "grade_migrations",
    "validation",
    "one row per grade at the start and grade at the end of a year, chosen model",
    ("grade_from", "grade_to"),
    (
        Column("grade_from", "text", "grade at the start"),
        Column("grade_to", "text", "grade twelve months later"),
        Column("n_moves", "int", "customers and years that made the move"),
        Column("move_ratio", "float", "share of those that started in the grade; empty where none did", True),
        Column("neighbour_ratio", "float", "the same for the cell one step nearer the diagonal", True),
        Column(
            "z_value",
            "float",
            "share of the neighbour less share of the cell, in standard errors; empty where the error is 0",
            True,
        ),
        Column("p_value", "float", "p-value of 'the neighbour is not less frequent'; small = it is", True),
        Column("p_adjusted", "float", "p-value adjusted for the number of cells (Holm)", True),
        Column("reason_code", "code", "why the cell is not tested", True, CELL_REASONS),
    ),
)


def grade_moves(history: DataFrame) -> DataFrame:
    """Return the moves of customers between grades: pairs of dates twelve months apart.

    A customer is performing on a date where the history holds a row of it; a pair needs both ends. The pairs of a
    customer do not overlap: the latest possible one first, then the latest one that ends where it starts or before.

    Parameters
    ----------
    history : one row per customer and date that is not excluded, one model
            customer_id  observation_date  grade_code
            C001         2024-12-31        B
            C001         2025-12-31        C

    Returns
    -------
    DataFrame ``customer_id from_date to_date grade_from grade_to``, by customer and date. A month end is compared
    with the month end of the year before. Rows without a grade count as not performing.

    Raises
    ------
    TableError
        A customer has several rows on one date.

    Examples
    --------
    >>> days = pd.to_datetime(["2023-12-31", "2024-11-30", "2024-12-31", "2025-12-31"])
    >>> moves = grade_moves(DataFrame({"customer_id": "C1", "observation_date": days, "grade_code": [*"AFBC"]}))
    >>> moves[["grade_from", "grade_to"]].to_dict("list")
    {'grade_from': ['A', 'B'], 'grade_to': ['B', 'C']}
    """
    rows = history.loc[history["grade_code"].notna(), ["customer_id", "observation_date", "grade_code"]]
    doubled = rows.duplicated(["customer_id", "observation_date"])
    if doubled.any():
        keys = rows.loc[doubled, ["customer_id", "observation_date"]].astype(str).agg("/".join, axis=1)
        raise TableError(
            f"grade moves: {int(doubled.sum())} rows repeat a customer and date ({first_keys(keys)}); "
            "give the rows of one model, one row per customer and date"
        )
    ends = rows.rename(columns={"observation_date": "to_date", "grade_code": "grade_to"})
    ends = ends.assign(from_date=_year_before(ends["to_date"]))
    starts = rows.rename(columns={"observation_date": "from_date", "grade_code": "grade_from"})
    pairs = ends.merge(starts, on=["customer_id", "from_date"])
    kept = _not_overlapping(pairs.sort_values(["customer_id", "to_date"], ignore_index=True))
    return kept[["customer_id", "from_date", "to_date", "grade_from", "grade_to"]]


def move_counts(moves: DataFrame, grades: Sequence[str]) -> Floats:
    """Return the matrix of moves: rows = grade at the start, columns = grade at the end, best grade first.

    Raises
    ------
    TableError
        A move starts or ends in a grade that is not a performing one.
    """
    start, end = (grade_places(moves[name], grades) for name in ("grade_from", "grade_to"))
    counts = np.zeros((len(grades), len(grades)))
    np.add.at(counts, (start, end), 1)
    return counts


def grade_places(codes: Series, grades: Sequence[str]) -> Places:
    """Return the place of each grade, 0 = best.

    Raises
    ------
    TableError
        A grade is not one of those given.
    """
    places = pd.Index(list(grades)).get_indexer(codes)
    if (places < 0).any():
        found = sorted(codes[places < 0].astype(str).unique())
        raise TableError(
            f"{codes.name}: {int((places < 0).sum())} rows have a grade that is not on the scale "
            f"({first_keys(found)}); performing grades are {list(grades)}; correct the grades or the scale"
        )
    return np.asarray(places, dtype=np.int64)


def band_parts(start: Places, end: Places, n_grades: int, *, worse: bool) -> tuple[Floats, Floats]:
    """Return each move's part of a matrix weighted bandwidth: steps made, and the most that could have been made.

    Parameters
    ----------
    start, end : place of the grade at the start and at the end, 0 = best
    n_grades : performing grades
    worse : moves to a worse grade (upper bandwidth), else to a better one (lower)

    Returns
    -------
    steps, most : one value per move, 0 for the moves of the other direction. The bandwidth is
    Σ steps / Σ most; `most` of a grade is its distance to the farther end of the scale, in either direction
    (ECB 2019, 2.5.5.1).
    """
    made = (end > start) if worse else (end < start)
    steps = np.where(made, np.abs(end - start), 0).astype(float)
    most = np.where(made, np.maximum(n_grades - 1 - start, start), 0).astype(float)
    return steps, most


def grade_migrations(moves: DataFrame, grades: Sequence[str], *, min_customers: int) -> DataFrame:
    """Return table `grade_migrations`: the matrix of moves and the test that it falls off its diagonal.

    A sound scale moves customers to near grades more often than to far ones. For each cell (i, j) off the diagonal,
    with nb its neighbour in the row one step nearer the diagonal and N the customers that start in i,
    z = (p_nb − p_ij) / √((p_ij (1 − p_ij) + p_nb (1 − p_nb) + 2 p_ij p_nb) / N) and p = Φ(z); a small p says that the
    farther move is the more frequent one (ECB, Instructions for reporting the validation results of internal models,
    2019, 2.5.5.2). Where all customers of a grade make one move the error is 0 and p is 0 or 1.

    Parameters
    ----------
    moves : ``grade_from grade_to``, one row per customer and year
    grades : performing grades, best first
    min_customers : a grade in which fewer customers start is not tested: the normal law does not hold for so few

    Returns
    -------
    DataFrame, see `GRADE_MIGRATIONS`; all pairs of grades.
    """
    counts = move_counts(moves, grades)
    start, end = (places.ravel() for places in np.indices(counts.shape))
    nearer = end - np.sign(end - start)
    started = counts.sum(axis=1)[start]
    cell, neighbour = counts[start, end], counts[start, nearer]
    reason = np.select([start == end, started < min_customers, cell + neighbour == 0], list(CELL_REASONS), "")
    is_tested = reason == ""
    z = np.full(len(cell), np.nan)
    z[is_tested] = _steps_down(cell[is_tested], neighbour[is_tested], started[is_tested])
    ratio = np.divide(cell, started, out=np.full(len(cell), np.nan), where=started > 0)
    near = np.divide(neighbour, started, out=np.full(len(cell), np.nan), where=(started > 0) & (start != end))
    p = norm.cdf(z)
    return DataFrame(
        {
            "grade_from": np.array(list(grades), dtype=object)[start],
            "grade_to": np.array(list(grades), dtype=object)[end],
            "n_moves": cell.astype("int64"),
            "move_ratio": ratio,
            "neighbour_ratio": near,
            "z_value": np.where(np.isfinite(z), z, np.nan),
            "p_value": p,
            "p_adjusted": holm(p),
            "reason_code": Series(reason, dtype="str").mask(is_tested),
        }
    )


def _steps_down(cell: Floats, neighbour: Floats, started: Floats) -> Floats:
    """Difference of two shares of one multinomial row in its standard errors; ±inf where the error is 0."""
    gap = neighbour - cell
    variance = cell + neighbour - gap**2 / started
    return np.asarray(np.where(variance > 1e-9, gap / np.sqrt(np.maximum(variance, 1e-9)), np.copysign(np.inf, gap)))


def _year_before(days: Series) -> Series:
    """Same day a year before; month end to month end."""
    found = {}
    for day in days.unique():
        before = pd.Timestamp(day) - pd.DateOffset(months=YEAR_MONTHS)
        found[day] = before + pd.offsets.MonthEnd(0) if pd.Timestamp(day).is_month_end else before
    return days.map(found).astype(days.dtype)


def _not_overlapping(pairs: DataFrame) -> DataFrame:
    """Latest pair of each customer, then the latest that ends where the one before starts, and so on."""
    left, kept = pairs, [pairs.iloc[:0]]
    while len(left):
        latest = left.drop_duplicates("customer_id", keep="last")
        kept.append(latest)
        border = left["customer_id"].map(latest.set_index("customer_id")["from_date"])
        left = left[left["to_date"] <= border]
    return pd.concat(kept).sort_index().reset_index(drop=True)
