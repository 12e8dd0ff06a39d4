"""Trouble: when payments stop, who recovers, who defaults, and how it ends.

Once trouble strikes (hazard of `health`) a customer is either put under a judgement at once or pays
nothing from a day of that month on. From then three clocks run: rescue (rate `RESCUE_RATE` a day),
judgement (`JUDGEMENT_RATE`) and arrears. Default is the first of a judgement becoming public and the
91st day of material arrears; a rescue before that is a near miss. Shipping stops 60 days after the
arrears began. After default the customer is cured, settles for a part, or is wound up.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.random import Generator
from pandas import DataFrame

from riskresearch.ledger.synthetic import figures
from riskresearch.ledger.synthetic.figures import column
from riskresearch.ledger.synthetic.health import CHURN_RATE
from riskresearch.ledger.synthetic.population import Population
from riskresearch.ledger.synthetic.timeline import NEVER, RUN_IN_MONTHS, Bools, Calendar, Floats, Ints, to_workday

SUDDEN_SHARE = 0.12
RESCUE_RATE, JUDGEMENT_RATE = 1 / 330, 1 / 1_100
PAST_DUE_DAYS, SHIPPING_DAYS = 90, 60
NONE, RESCUE, CURE, SETTLEMENT, REORGANISATION, LIQUIDATION = range(6)
WOUND_UP_SHARE = 0.5
OPENING_DAYS = (5, 110)


@dataclass(frozen=True)
class Troubles:
    """Spells of trouble and the leavers.

    Parameters
    ----------
    spells : one row per spell, ``customer month stop_day default_day is_judgement judgement_day end
        end_day ship_stop_day paid_day paid_ratio write_off_day recovery_day recovery_ratio``
    left_month : by customer, month of the world from which no more is ordered
    """

    spells: DataFrame
    left_month: Ints


def stop_days(calendar: Calendar, month: Ints, rng: Generator) -> Ints:
    """Return a day within each month on which payments stop."""
    return calendar.starts[month] + rng.integers(0, 28, len(month))


def draw_spells(cases: DataFrame, population: Population, *, rng: Generator) -> DataFrame:
    """Return what each case of trouble would become.

    Parameters
    ----------
    cases : ``customer month stop_day arrears_day``; the last is the first day of material arrears
    """
    n = len(cases)
    stop, arrears = cases["stop_day"].to_numpy(), cases["arrears_day"].to_numpy()
    sudden = rng.random(n) < SUDDEN_SHARE
    rescue = np.where(sudden, NEVER, stop + 1 + np.floor(rng.exponential(1 / RESCUE_RATE, n)).astype(np.int64))
    judgement = np.where(sudden, stop, stop + 1 + np.floor(rng.exponential(1 / JUDGEMENT_RATE, n)).astype(np.int64))
    past_due = np.where(sudden, NEVER, np.minimum(arrears + PAST_DUE_DAYS, NEVER))
    first = np.minimum(np.minimum(past_due, judgement), NEVER)
    saved = rescue <= first
    rescue = np.maximum(to_workday(rescue, backward=True), np.minimum(stop + 1, rescue))
    frame = cases.assign(
        default_day=np.where(saved, NEVER, first),
        is_judgement=~saved & (judgement < past_due),
        judgement_day=np.where(saved, NEVER, np.where(judgement < past_due, judgement, NEVER)),
        ship_stop_day=np.minimum(np.maximum(arrears + SHIPPING_DAYS, stop + 15), np.where(saved, rescue, first)),
    )
    return _ends(frame, saved, rescue, population, rng)


def _ends(frame: DataFrame, saved: Bools, rescue: Ints, population: Population, rng: Generator) -> DataFrame:
    """How and when each spell ends."""
    n, default = len(frame), frame["default_day"].to_numpy()
    by_judgement = frame["is_judgement"].to_numpy()
    draw = rng.random(n)
    cure = cure_ratio(population)[frame["customer"]]
    wound_up = by_judgement | (draw >= cure + (1 - cure) * (1 - WOUND_UP_SHARE))
    liquidated = rng.random(n) < figures.RECOVERY_DIRECT_LIQUIDATION_SHARE
    end = np.where(wound_up, np.where(liquidated, LIQUIDATION, REORGANISATION), np.where(draw < cure, CURE, SETTLEMENT))
    end = np.where(saved, RESCUE, end)
    judged = np.where(by_judgement, frame["judgement_day"], default + OPENING_DAYS[0] + _days(OPENING_DAYS[1], n, rng))
    judged = np.where(np.isin(end, (LIQUIDATION, REORGANISATION)), judged, NEVER)
    cured = to_workday(default + 3 + np.minimum(_days(55, n, rng), 280))
    agreed, dividend = default + rng.integers(60, 240, n), judged + rng.integers(150, 400, n)
    paid = to_workday(np.where(end == SETTLEMENT, agreed, dividend))
    lost = to_workday(np.where(end == LIQUIDATION, judged + rng.integers(60, 240, n), paid + rng.integers(20, 90, n)))
    partly = np.isin(end, (SETTLEMENT, REORGANISATION))
    recovers = (end == LIQUIDATION) & (rng.random(n) < 0.3)
    return frame.assign(
        end=end,
        judgement_day=judged,
        end_day=np.select([end == RESCUE, end == CURE], [rescue, cured], NEVER),
        paid_day=np.where(partly, paid, NEVER),
        paid_ratio=np.select([end == SETTLEMENT, end == REORGANISATION], [_settled(n, rng), _dividend(n, rng)], 0.0),
        write_off_day=np.where(end >= SETTLEMENT, lost, NEVER),
        recovery_day=np.where(recovers, lost + rng.integers(100, 500, n), NEVER),
        recovery_ratio=np.where(recovers, rng.uniform(0.0, 2.0, n) * figures.RECOVERY_RATIO_LIQUIDATION / 0.3, 0.0),
    )


def _days(mean: float, n: int, rng: Generator) -> Ints:
    return np.floor(rng.exponential(mean, n)).astype(np.int64)


def _settled(n: int, rng: Generator) -> Floats:
    mean = figures.RECOVERY_RATIO_SETTLEMENT
    return rng.beta(4 * mean, 4 * (1 - mean), n)


def _dividend(n: int, rng: Generator) -> Floats:
    mean = figures.RECOVERY_RATIO_REORGANISATION
    return rng.beta(4 * mean, 4 * (1 - mean), n)


def cure_ratio(population: Population) -> Floats:
    """Return by customer the probability that a default by arrears is cured."""
    return column(figures.SIZES, "cure_ratio")[population.size]


def loss_ratio(population: Population, *, judgement_ratio: Floats) -> Floats:
    """Return by customer the expected loss given default as a share of the exposure, undiscounted.

    Parameters
    ----------
    judgement_ratio : by customer, share of defaults that begin with a judgement
    """
    direct = figures.RECOVERY_DIRECT_LIQUIDATION_SHARE
    recovered = direct * figures.RECOVERY_RATIO_LIQUIDATION + (1 - direct) * figures.RECOVERY_RATIO_REORGANISATION
    settled = 1 - figures.RECOVERY_RATIO_SETTLEMENT
    by_arrears = (1 - cure_ratio(population)) * (WOUND_UP_SHARE * (1 - recovered) + (1 - WOUND_UP_SHARE) * settled)
    return judgement_ratio * (1 - recovered) + (1 - judgement_ratio) * by_arrears


def select_spells(candidates: DataFrame, population: Population, calendar: Calendar, *, rng: Generator) -> Troubles:
    """Return the spells that take place: none within another, none after the customer has left.

    Parameters
    ----------
    candidates : spells as `draw_spells` makes them, any order
    """
    n = population.n_customers
    free_month = population.start_month.copy()
    left = np.full(n, calendar.n_months + 1, dtype=np.int64)
    again = np.where(
        candidates["end_day"] >= NEVER, calendar.n_months + 1, calendar.month_of(candidates["end_day"].to_numpy()) + 1
    )
    by_month = candidates.groupby("month").indices
    customers, taken = candidates["customer"].to_numpy(), []
    for k in range(calendar.n_months):
        rows = by_month.get(k, np.empty(0, dtype=np.int64))
        rows = rows[(free_month[customers[rows]] < k) & (left[customers[rows]] > k)]
        free = (free_month < k) & (left > k)
        free_month[customers[rows]] = again[rows] - 1
        taken.append(rows)
        leaves = free & (rng.random(n) < CHURN_RATE) & (k >= RUN_IN_MONTHS)
        leaves[customers[rows]] = False
        left[leaves] = k
    chosen = np.concatenate(taken)
    return Troubles(candidates.iloc[chosen].reset_index(drop=True), left)


def case_frame(customer: Ints, month: Ints, stop_day: Ints, arrears_day: Ints) -> DataFrame:
    """Return cases of trouble as `draw_spells` reads them."""
    return pd.DataFrame({"customer": customer, "month": month, "stop_day": stop_day, "arrears_day": arrears_day})
