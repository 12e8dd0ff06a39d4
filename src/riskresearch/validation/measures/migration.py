"""Migration of customers between grades: how far they move in a year, and whether far moves are the rarer ones."""

from dataclasses import replace

import numpy as np
from pydantic import Field

from riskresearch.base.config import StageSettings
from riskresearch.validation.moves import band_parts, grade_migrations, grade_places
from riskresearch.validation.registry import BATTERY, Evidence, Floats, Measure, Result, not_computable

BANDWIDTH_SOURCE = "ECB, Instructions for reporting the validation results of internal models, 2019, 2.5.5.1"


class MigrationSettings(StageSettings):
    """Migration between grades."""

    matrix_min_customers: int = Field(
        10,
        ge=2,
        le=1000,
        description="customers that must start in a grade for its row of the migration matrix to be tested; "
        "own threshold",
    )


@BATTERY.register(
    Measure(
        "Migration bandwidth, to worse grades",
        "Amplitude des migrations, vers de moins bonnes notes",
        0,
        0,
        1,
        BANDWIDTH_SOURCE,
        "stability",
        needs=("moves",),
    )
)
def migration_upper(evidence: Evidence) -> Result:
    """Grades lost by the customers that got worse within a year, as a share of what they could have moved.

    Σ |i − j| N_i p_ij / Σ max(|i − K|, |i − 1|) N_i p_ij over the moves from grade i to a worse grade j of K; 0 = no
    move spans the scale, 1 = all do. Interval by resampling customers. No threshold is set by the source.
    """
    return _bandwidth(evidence, worse=True)


@BATTERY.register(
    Measure(
        "Migration bandwidth, to better grades",
        "Amplitude des migrations, vers de meilleures notes",
        0,
        0,
        1,
        BANDWIDTH_SOURCE,
        "stability",
        needs=("moves",),
    )
)
def migration_lower(evidence: Evidence) -> Result:
    """Grades won by the customers that got better within a year, as a share of what they could have moved.

    The mirror of `migration_upper` over the moves from grade i to a better grade j.
    """
    return _bandwidth(evidence, worse=False)


@BATTERY.register(
    Measure(
        "Stability of the migration matrix, p-value",
        "Stabilité de la matrice de migration, valeur p",
        1,
        0,
        1,
        "ECB, Instructions for reporting the validation results of internal models, 2019, 2.5.5.2; Holm 1979",
        "stability",
        needs=("moves",),
        thresholds=("p_green", "p_red"),
    )
)
def matrix_stability(evidence: Evidence) -> Result:
    """Smallest p-value, adjusted for the number of cells, of "far grades are not reached more often than near ones".

    Small = some move of several grades is more frequent than the move one grade shorter. Each cell is in table
    `grade_migrations`; grades in which few customers start are not tested.
    """
    if len(evidence.grades) < 2:
        return not_computable("one_grade")
    moves = evidence.moves
    if moves is None or moves.empty:
        return not_computable("no_moves")
    cells = grade_migrations(moves, evidence.grades, min_customers=evidence.settings.matrix_min_customers)
    if cells["p_adjusted"].isna().all():
        return not_computable("too_few_customers")
    return Result(float(cells["p_adjusted"].min()))


def _bandwidth(evidence: Evidence, *, worse: bool) -> Result:
    if len(evidence.grades) < 2:
        return not_computable("one_grade")
    moves = evidence.moves
    if moves is None or moves.empty:
        return not_computable("no_moves")
    start, end = (grade_places(moves[name], evidence.grades) for name in ("grade_from", "grade_to"))
    steps, most = band_parts(start, end, len(evidence.grades), worse=worse)
    if most.sum() == 0:
        return not_computable("no_moves")
    low, high = replace(evidence, rows=moves).interval_of_sums(steps, most, value=_share)
    return Result(float(steps.sum() / most.sum()), low, high)


def _share(steps: Floats, most: Floats) -> Floats:
    return np.asarray(steps / most)
