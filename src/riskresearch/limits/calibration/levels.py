"""Divisions of the book: the book, its segments, its grades, and each grade by size and sector."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame, Series
from scipy.sparse import csr_matrix

from riskresearch.limits.calibration.sums import Entries
from riskresearch.limits.calibration.tables import ANY, AXES

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Level:
    """One division.

    Parameters
    ----------
    axis_code : one of `AXES`
    cells : ``class_code size_code sector_code``; line by line, within a line from the least to the most risky class
    n_lines : number of lines
    cell : cell of each entry, -1 where it belongs to none
    parent : place of each cell's parent in the division above
    """

    axis_code: str
    cells: DataFrame
    n_lines: int
    cell: Ints
    parent: Ints

    @property
    def n_classes(self) -> int:
        """Classes of risk."""
        return len(self.cells) // self.n_lines


def levels(found: Entries, rows: DataFrame, *, segments: Sequence[str]) -> tuple[Level, ...]:
    """Return the divisions from the coarsest to the finest, in the order of `AXES`.

    The parent of a segment is the book, of a grade the segment that holds most of its customer-years (the riskier of
    two that hold as many), of grade × size × sector its grade. Grades stand in the order of their mean PD.

    Parameters
    ----------
    found : sums by customer and finest cell
    rows : review days that count, for the PD of the grades
    segments : segments that may have a limit, from the least to the most risky
    """
    keys, years = found.keys, found.sums["years"]
    grades = _by_risk(rows)
    codes = {code: place for place, code in enumerate(segments)}
    segment = keys["segment_code"].map(codes).to_numpy(np.int64)
    grade = keys["grade_code"].map({code: i for i, code in enumerate(grades)}).fillna(-1).to_numpy(np.int64)
    lines = keys[["size_code", "sector_code"]].drop_duplicates().sort_values(["size_code", "sector_code"])
    line_of = {tuple(pair): place for place, pair in enumerate(lines.to_numpy())}
    line = np.array([line_of[tuple(pair)] for pair in keys[["size_code", "sector_code"]].to_numpy()], dtype=np.int64)
    finest = np.where(grade >= 0, line * len(grades) + grade, -1)
    book, by_segment, by_grade, by_cell = AXES
    whole = Level(book, _cells([ANY]), 1, np.zeros(len(keys), dtype=np.int64), np.zeros(1, dtype=np.int64))
    divided = Level(by_segment, _cells(segments), 1, segment, np.zeros(len(segments), dtype=np.int64))
    if not grades:
        return whole, divided
    of_grade = _main_segment(grade, segment, years, len(grades), len(segments))
    crossed = lines.loc[lines.index.repeat(len(grades))].reset_index(drop=True)
    crossed.insert(0, "class_code", grades * len(lines))
    parent = np.tile(np.arange(len(grades)), len(lines))
    return (
        whole,
        divided,
        Level(by_grade, _cells(grades), 1, grade, of_grade),
        Level(by_cell, crossed, len(lines), finest, parent),
    )


@dataclass(frozen=True)
class Adding:
    """Two matrices of zeros and ones: entries to parts that lie in one cell of each division, parts to cells."""

    to_parts: csr_matrix
    to_cells: csr_matrix


def adding(divisions: Sequence[Level]) -> Adding:
    """Return the matrices that add entries up to the cells of all divisions, one division below the other."""
    cells = np.column_stack([level.cell for level in divisions])
    parts, part = np.unique(cells, axis=0, return_inverse=True)
    first = csr_matrix((np.ones(len(cells)), (part.ravel(), np.arange(len(cells)))), shape=(len(parts), len(cells)))
    starts = np.cumsum([0, *(len(level.cells) for level in divisions)])
    inside, place = np.nonzero(parts >= 0)
    row = starts[place] + parts[inside, place]
    return Adding(first, csr_matrix((np.ones(len(row)), (row, inside)), shape=(int(starts[-1]), len(parts))))


def _cells(classes: Sequence[str]) -> DataFrame:
    return DataFrame({"class_code": Series(list(classes), dtype="str"), "size_code": ANY, "sector_code": ANY})


def _by_risk(rows: DataFrame) -> list[str]:
    rated = rows[rows["grade_code"].notna()]
    means = rated.groupby("grade_code", sort=True)["pd_12m"].mean()
    return [str(code) for code in means.sort_values(kind="stable").index]


def _main_segment(grade: Ints, segment: Ints, years: Floats, n_grades: int, n_segments: int) -> Ints:
    rated = grade >= 0
    held = np.bincount((grade * n_segments + segment)[rated], years[rated], n_grades * n_segments)
    held = np.round(held.reshape(n_grades, n_segments), 9)
    return np.asarray(n_segments - 1 - held[:, ::-1].argmax(axis=1), dtype=np.int64)
