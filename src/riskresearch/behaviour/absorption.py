"""Where today's receivables end if the transition matrix goes on to hold: paid, credited or lost."""

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame

from riskresearch.base.schema import Column, Table
from riskresearch.behaviour.flows import ENDS, OPEN_STATES, Array, Flows
from riskresearch.behaviour.intervals import INTERVAL_REASONS, influence_variance, student_quantile
from riskresearch.behaviour.markov import absorbed, absorption_influence, matrix

WHOLE = "all"
OUTCOMES = (*ENDS, "unresolved")
OUTCOME_REASONS = ("history_too_short", "never_in_state", "no_way_out", "never_reached")

ABSORPTION = Table(
    "absorption",
    "behaviour",
    "one row per ageing state (all = today's book) and end",
    ("from_code", "to_code"),
    (
        Column("from_code", "code", "ageing state today; all = today's book", False, (*OPEN_STATES, WHOLE)),
        Column("to_code", "code", "end; unresolved = no way to an end was seen", False, OUTCOMES),
        Column("ratio", "float", "share that ends so, if the matrix goes on to hold", True),
        Column("interval_low", "float", "lower end of the 95 % interval between customers", True),
        Column("interval_high", "float", "upper end of the 95 % interval between customers", True),
        Column("interval_reason_code", "code", "why there is no interval", True, INTERVAL_REASONS),
        Column("months_to_end", "float", "expected months until the end; empty = no way to an end", True),
        Column("open_amount", "float", "open amount in the state today, run currency"),
        Column("expected_amount", "float", "amount expected to end so, run currency", True),
        Column("reason_code", "code", "what to know about the figure", True, OUTCOME_REASONS),
    ),
)


def absorption(found: Flows) -> DataFrame:
    """Return where the open amount of today ends, by ageing state and in all.

    The expected loss of the book by the matrix is the row ``all`` / ``lost``. Intervals carry the error of the
    matrix between customers, not the chance of what today's items will do.

    Parameters
    ----------
    found : moves between ageing states, see `riskresearch.behaviour.flows.flows`

    Returns
    -------
    DataFrame, table `absorption`, see `ABSORPTION`; the shares of a state add up to 1. ``reason_code``:
    ``history_too_short`` (no month of moves, no figure), ``never_in_state`` (nothing was in the state),
    ``no_way_out`` (all or a part of it moves where no settlement was ever seen), ``never_reached`` (nothing ended so
    in the months of the matrix: a share of 0 says no more than that).
    """
    cube, n_open = found.cube(found.one), len(OPEN_STATES)
    share = matrix(cube.sum(axis=0))
    ends = absorbed(share[:, :n_open], share[:, n_open:])
    total = float(found.open_minor.sum())
    weight = np.vstack([np.eye(n_open), found.open_minor / total if total > 0 else np.zeros(n_open)])
    has_share = (len(found.dates) > 1) & (weight.sum(axis=1) > 0)
    change = np.einsum("ws,cse->cwe", weight, absorption_influence(cube, ends))
    months = np.where((weight @ np.isnan(ends.n_periods)) > 0, np.nan, weight @ np.nan_to_num(ends.n_periods))
    amounts = np.append(found.open_minor, total) / 100
    frame = _ends(np.where(has_share[:, None], weight @ ends.ratio, np.nan), _half_widths(change), len(cube))
    rows = np.repeat(np.arange(n_open + 1), len(OUTCOMES))
    return frame.assign(
        months_to_end=np.where(has_share, months, np.nan)[rows],
        open_amount=amounts[rows],
        expected_amount=amounts[rows] * frame["ratio"],
        reason_code=_reasons(found, share, weight @ ends.ratio).ravel(),
    )


def _half_widths(change: Array) -> Array:
    return np.asarray(np.sqrt(influence_variance(change)) * student_quantile(len(change)))


def _ends(ratio: Array, half: Array, n_customers: int) -> DataFrame:
    """Shares with intervals, one row per state and end."""
    flat, width = ratio.ravel(), half.ravel()
    has_interval = (width > 1e-12) & ~np.isnan(flat)
    width = np.where(has_interval, width, np.nan)
    lacking = "one_customer" if n_customers < 2 else "no_variation"
    return DataFrame(
        {
            "from_code": np.repeat([*OPEN_STATES, WHOLE], len(OUTCOMES)),
            "to_code": np.tile(OUTCOMES, len(ratio)),
            "ratio": flat,
            "interval_low": np.maximum(flat - width, 0.0),
            "interval_high": np.minimum(flat + width, 1.0),
            "interval_reason_code": [None if known else lacking for known in has_interval | np.isnan(flat)],
        }
    )


def _reasons(found: Flows, share: Array, ratio: Array) -> NDArray[np.object_]:
    """What to know about each share, the gravest reason first."""
    reasons = np.full(ratio.shape, None, dtype=object)
    if len(found.dates) < 2:
        reasons[:] = "history_too_short"
        return reasons
    is_reached = share[:, len(OPEN_STATES) :].sum(axis=0) > 0
    reasons[:, : len(ENDS)][:, ~is_reached] = "never_reached"
    reasons[ratio[:, -1] > 0] = "no_way_out"
    reasons[np.flatnonzero(share.sum(axis=1) <= 0)] = "never_in_state"
    return reasons
