"""How receivables move between ageing states: transition matrix, roll rates, and tests of the matrix."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from pandas import DataFrame, Timestamp
from pydantic import Field

from riskresearch.base.config import StageSettings
from riskresearch.base.schema import Column, Table
from riskresearch.behaviour.absorption import absorption
from riskresearch.behaviour.book import observation_dates
from riskresearch.behaviour.flows import OPEN_STATES, STATES, Array, Flows, flows
from riskresearch.behaviour.intervals import INTERVAL_REASONS, ratio_error
from riskresearch.behaviour.markov import CAVEATS, VERDICTS, ChainTest, chapman_kolmogorov, stationarity

WHOLE = "all"
TESTS = ("chapman_kolmogorov", "stationarity")
CELL_REASONS = ("history_too_short", "never_in_state")
_NEXT = dict(zip(OPEN_STATES[:5], (*OPEN_STATES[1:5], "lost"), strict=True))
_INTERVAL = (
    Column("interval_low", "float", "lower end of the 95 % interval between customers", True),
    Column("interval_high", "float", "upper end of the 95 % interval between customers", True),
    Column("interval_reason_code", "code", "why there is no interval", True, INTERVAL_REASONS),
)
_FROM = Column("from_code", "code", "ageing state a month earlier", False, OPEN_STATES)

TRANSITIONS = Table(
    "transitions",
    "behaviour",
    "one row per ageing state and state one month later, latest months together",
    ("from_code", "to_code"),
    (
        _FROM,
        Column("to_code", "code", "state one month later", False, STATES),
        Column("moved_amount", "float", "amount that moved, all months together, run currency"),
        Column("ratio", "float", "share of the amount of the state that moved there", True),
        *_INTERVAL,
        Column("n_items", "int", "items, all months together, each counted where its rest is or most of it went"),
        Column("n_customers", "int", "customers with items in the state that is left"),
        Column("reason_code", "code", "why there is no share", True, CELL_REASONS),
    ),
)
ROLL_RATES = Table(
    "roll_rates",
    "behaviour",
    "one row per month and ageing state",
    ("observation_date", "from_code"),
    (
        Column("observation_date", "date", "end of the month"),
        _FROM,
        Column("start_amount", "float", "amount in the state a month earlier, run currency"),
        Column("rolled_amount", "float", "of it, in the next later state now; lost for the last one"),
        Column("worse_amount", "float", "of it, in any later state or lost now"),
        Column("settled_amount", "float", "of it, paid or credited"),
        Column("roll_ratio", "float", "rolled to the next later state, share", True),
        Column("worse_ratio", "float", "rolled to any later state or lost, share", True),
    ),
)
TRANSITION_TESTS = Table(
    "transition_tests",
    "behaviour",
    "one row per test and ageing state (all = all states)",
    ("test_code", "from_code"),
    (
        Column("test_code", "code", "two months against the square of one; quarters against each other", False, TESTS),
        Column("from_code", "code", "ageing state; all = all states together", False, (*OPEN_STATES, WHOLE)),
        Column("statistic", "float", "largest gap in standard errors; chi-square corrected for customers", True),
        Column("n_df", "float", "cells compared; degrees of freedom", True),
        Column("p_value", "float", "chance of such a statistic if the matrix holds", True),
        Column("max_deviation_ratio", "float", "largest gap between two shares", True),
        Column("n_customers", "int", "customers with items in the state"),
        Column("verdict_code", "code", "whether the matrix can be relied on", False, VERDICTS),
        Column("caveat_code", "code", "what weakens the test", True, CAVEATS),
    ),
)


class TransitionSettings(StageSettings):
    """Transition matrix."""

    transition_months: int = Field(
        12, ge=3, le=60, description="months of moves between ageing states that the transition matrix is made from"
    )
    transition_gap_ratio: float = Field(
        0.02,
        ge=0,
        le=1,
        description="gap between two shares of a transition matrix that does not matter; judgement: two points, about "
        "what the unequal lengths of the months alone make",
    )


def transition_tables(moves: DataFrame, settings: TransitionSettings, *, as_of: Timestamp) -> dict[str, DataFrame]:
    """Return tables `transitions`, `roll_rates`, `absorption` and `transition_tests`.

    Parameters
    ----------
    moves : table `movements`; rows known after `as_of` do not count
    settings : months of moves
    as_of : last day that counts

    Returns
    -------
    dict of tables. The matrix puts the latest months together and weights by amount, see
    `riskresearch.behaviour.flows.flows`; its rows add up to 1. With one observation date only there is no move and
    every share is empty, reason ``history_too_short``.
    """
    known = observation_dates(as_of=as_of, first_day=moves["known_date"].min()) or [as_of]
    dates = known[-settings.transition_months - 1 :]
    found = flows(moves, dates=dates)
    return {
        "transitions": _transitions(found),
        "roll_rates": _roll_rates(found),
        "absorption": absorption(found),
        "transition_tests": _tests(found, settings.transition_gap_ratio),
    }


def _transitions(found: Flows) -> DataFrame:
    cube, counts = found.cube(found.one), found.cube(found.one, "n_items").sum(axis=0)
    left = cube.sum(axis=2)
    rows = []
    for i, source in enumerate(OPEN_STATES):
        for j, target in enumerate(STATES):
            error = ratio_error(DataFrame({"numerator": cube[:, i, j], "denominator": left[:, i]}))
            rows.append(
                {
                    "from_code": source,
                    "to_code": target,
                    "moved_amount": cube[:, i, j].sum() / 100,
                    "ratio": error.ratio if error else np.nan,
                    "interval_low": error.low if error else np.nan,
                    "interval_high": error.high if error else np.nan,
                    "interval_reason_code": (error.reason or None) if error else None,
                    "n_items": int(counts[i, j]),
                    "n_customers": int((left[:, i] > 0).sum()),
                    "reason_code": None if error else _no_row(found),
                }
            )
    return DataFrame(rows)


def _no_row(found: Flows) -> str:
    return "never_in_state" if len(found.dates) > 1 else "history_too_short"


def _roll_rates(found: Flows) -> DataFrame:
    """Roll rates of every month, item by item, from the moves of that month."""
    parts = []
    for step, date in enumerate(found.dates[1:]):
        moved = found.one[found.one["step"] == step]
        place = [moved["from_row"].to_numpy(), moved["to_row"].to_numpy()]
        amounts = np.zeros((len(OPEN_STATES), len(STATES)))
        np.add.at(amounts, tuple(place), moved["minor"].to_numpy() / 100)
        rows = [{"from_code": code, **_rolled(amounts[i], i)} for i, code in enumerate(_NEXT)]
        parts.append(DataFrame(rows).assign(observation_date=date))
    if not parts:
        return DataFrame(columns=ROLL_RATES.names)
    rolled = pd.concat(parts, ignore_index=True)
    start = rolled["start_amount"].where(rolled["start_amount"] > 0)
    ratios = {"roll_ratio": rolled["rolled_amount"] / start, "worse_ratio": rolled["worse_amount"] / start}
    return rolled.assign(**ratios)[ROLL_RATES.names]


def _rolled(amounts: Array, row: int) -> Mapping[str, float]:
    later = [STATES.index(code) for code in (*OPEN_STATES[row + 1 : 5], "lost")]
    return {
        "start_amount": float(amounts.sum()),
        "rolled_amount": float(amounts[STATES.index(_NEXT[OPEN_STATES[row]])]),
        "worse_amount": float(amounts[later].sum()),
        "settled_amount": float(amounts[[STATES.index("paid"), STATES.index("credited")]].sum()),
    }


def _tests(found: Flows, allowed: float) -> DataFrame:
    one, two = found.cube(found.one), found.cube(found.two)
    return pd.concat(
        [
            _test_rows("chapman_kolmogorov", chapman_kolmogorov(one, two), allowed),
            _test_rows("stationarity", stationarity(_quarters(found)), allowed),
        ],
        ignore_index=True,
    )


def _quarters(found: Flows) -> Array:
    """Items moved by quarter, customer and states; quarters count back from the last date, complete ones only."""
    n_steps = len(found.dates) - 1
    quarter = (n_steps - 1 - found.one["step"]) // 3
    shape = (0, found.n_customers, len(OPEN_STATES), len(STATES))
    cubes = [found.cube(found.one[quarter == number], "n_items") for number in range(n_steps // 3)]
    return np.stack(cubes) if cubes else np.zeros(shape)


def _test_rows(code: str, test: ChainTest, allowed: float) -> DataFrame:
    return DataFrame(
        {
            "test_code": code,
            "from_code": [*OPEN_STATES, WHOLE],
            "statistic": test.statistic,
            "n_df": test.n_df,
            "p_value": test.p_value,
            "max_deviation_ratio": test.deviation,
            "n_customers": test.n_customers,
            "verdict_code": [test.verdict(row, allowed=allowed) for row in range(len(OPEN_STATES) + 1)],
            "caveat_code": [test.caveat(row, allowed=allowed) for row in range(len(OPEN_STATES) + 1)],
        }
    )
