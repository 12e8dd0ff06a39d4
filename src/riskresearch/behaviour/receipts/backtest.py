"""Receipts foreseen again from earlier months, each time with what was known then, beside what came in."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from pandas import Timestamp

from riskresearch.behaviour.book import observation_dates
from riskresearch.behaviour.receipts.habits import Settled, habits_on, settled_items
from riskresearch.behaviour.receipts.hazard import Experience, Hazard, experience, fit_hazard, life_table
from riskresearch.behaviour.receipts.methods import (
    FORECAST_METHODS,
    Known,
    Schedule,
    expected_days,
    middle_days,
    weekly,
)
from riskresearch.behaviour.receipts.paths import (
    Floats,
    Paths,
    date_of,
    half_paid_after,
    number_of,
    open_on,
    received_by_week,
)
from riskresearch.behaviour.receipts.settings import ForecastSettings
from riskresearch.behaviour.receipts.spread import (
    Error,
    customer_correlation,
    drawn_receipts,
    error_scale,
    levels_of,
    own_errors,
)

LEAST_SETTLED = 100
LEAST_HISTORY_DAYS = 90
CHANCE_DAYS = 30


@dataclass(frozen=True)
class Foreseen:
    """Forecast of one method from one origin.

    Parameters
    ----------
    method_code : name of the method
    day : origin
    schedule : shares by item
    known : items and what was known
    expected : receipts by week, minor units
    chance : variance by week that the chance of the items explains
    levels : levels of `spread.LEVELS` by week: weeks × levels
    """

    method_code: str
    day: int
    schedule: Schedule
    known: Known
    expected: Floats
    chance: Floats
    levels: Floats


@dataclass(frozen=True)
class Compared:
    """Forecast of one method from one origin beside what came in.

    Parameters
    ----------
    method_code : name of the method
    day : origin
    open_amount : open amount of the origin, minor units
    expected, received : by week, minor units
    levels : weeks × levels
    chance_30d : foreseen chance of payment within 30 days, by item
    expected_days : foreseen days until the receipt, by item, those after the weeks counted as their last day
    middle_days : foreseen day by which half is in, by item
    paid_after : days until half of each open amount had come in; NaN where it did not
    brier : mean over the days of (foreseen − observed share paid until the day)², by item
    """

    method_code: str
    day: int
    open_amount: float
    expected: Floats
    received: Floats
    levels: Floats
    chance_30d: Floats
    expected_days: Floats
    middle_days: Floats
    paid_after: Floats
    brier: Floats


@dataclass
class Past:
    """Forecasts compared so far, and the errors by method."""

    compared: list[Compared] = field(default_factory=list)
    errors: dict[str, list[Error]] = field(default_factory=dict)


@dataclass(frozen=True)
class Learned:
    """What was learnt until the evening of a day; `earlier` is a month end whose weeks were over by then."""

    day: int
    earlier: int | None
    hazard: Hazard
    life_table: Hazard


def backtest(paths: Paths, settings: ForecastSettings, *, as_of: Timestamp) -> tuple[Past, list[Foreseen]]:
    """Return the forecasts of earlier origins with their outcomes, and the forecasts of the day itself.

    Origins are the same day of earlier months whose weeks are all over, the latest `backtest_origins`
    of them with at least 90 days of history and 100 items settled by receipts.

    Parameters
    ----------
    paths : items as known on `as_of`
    settings : weeks, origins, draws and seed
    as_of : last day that counts
    """
    settled, today, n_days = settled_items(paths), number_of(as_of), 7 * settings.forecast_weeks
    days = [number_of(d) for d in observation_dates(as_of=as_of, first_day=date_of(paths.first_day))]
    usable = [d for d in days if d + n_days <= today and is_ready(paths, settled, day=d)]
    past: Past = Past()
    wanted = [*usable[-settings.backtest_origins :], today]
    for learned in _learnt(paths, settled, days, wanted, n_days):
        found = _foreseen(paths, settled, learned, settings, past, is_last=learned.day == today)
        if learned.day == today:
            return past, found
        _add(past, found, paths, settings.forecast_weeks)
    raise ValueError("no receipts to learn from: call `is_ready` first")


def is_ready(paths: Paths, settled: Settled, *, day: int) -> bool:
    """Tell whether enough had happened until a day to learn from."""
    n = int(np.searchsorted(settled.day, day, side="right"))
    return n >= LEAST_SETTLED and day - paths.first_day >= LEAST_HISTORY_DAYS


def _learnt(
    paths: Paths, settled: Settled, days: Sequence[int], wanted: Sequence[int], n_days: int
) -> Iterator[Learned]:
    """What was learnt until each wanted day, month by month; habits are those of the evening before the month."""
    before, total = paths.first_day - 1, None
    for day in days:
        month = experience(paths, habits_on(paths, settled, day=before), until=day)
        total = month if total is None else total + month
        before = day
        if day in wanted:
            over = [d for d in days if d + n_days <= day]
            yield _learned(day, over[-1] if over else None, total)


def _learned(day: int, earlier: int | None, total: Experience) -> Learned:
    return Learned(day, earlier, fit_hazard(total), life_table(total))


def _known(paths: Paths, settled: Settled, learned: Learned, day: int, n_days: int, n_days_later: int = 0) -> Known:
    item, amount = open_on(paths, day)
    habits = habits_on(paths, settled, day=day)
    return Known(paths, habits, item, amount, learned.hazard, learned.life_table, n_days, n_days_later)


def _foreseen(
    paths: Paths, settled: Settled, learned: Learned, settings: ForecastSettings, past: Past, *, is_last: bool
) -> list[Foreseen]:
    n_days = 7 * settings.forecast_weeks
    known = _known(paths, settled, learned, learned.day, n_days, 364 - n_days if is_last else 0)
    earlier = None if learned.earlier is None else _known(paths, settled, learned, learned.earlier, n_days)
    found = []
    for number, member in enumerate(FORECAST_METHODS):
        schedule = member.function(known)
        weeks = weekly(schedule)
        expected = known.open @ weeks
        correlation = _correlation(member.function(earlier), earlier) if earlier and member.spec.is_model else 0.0
        rng = np.random.default_rng([settings.simulation_seed, learned.day, number])
        customer = paths.customer[known.item]
        n_draws = settings.n_simulations if member.spec.is_model else 1
        draws = drawn_receipts(weeks, known.open, customer, correlation=correlation, n_draws=n_draws, rng=rng)
        draws = draws if member.spec.is_model else np.repeat(draws, settings.n_simulations, axis=0)
        levels = levels_of(
            draws,
            own_errors(past.errors.get(member.name, []), day=learned.day),
            expected=expected,
            open_amount=float(known.open.sum()),
            rng=rng,
        )
        found.append(Foreseen(member.name, learned.day, schedule, known, expected, draws.var(axis=0), levels))
    return found


def _correlation(schedule: Schedule, known: Known) -> float:
    weeks = weekly(schedule)
    happened = received_by_week(known.paths, known.item, day=known.habits.day, n_weeks=weeks.shape[1])
    return customer_correlation(weeks, happened, known.open, known.paths.customer[known.item])


def _add(past: Past, found: Sequence[Foreseen], paths: Paths, n_weeks: int) -> None:
    known, day = found[0].known, found[0].day
    received = received_by_week(paths, known.item, day=day, n_weeks=n_weeks).sum(axis=0)
    paid_after = half_paid_after(paths, known.item, known.open, day=day, n_days=7 * n_weeks)
    total = float(known.open.sum())
    for forecast in found:
        past.compared.append(_compared(forecast, received, paid_after))
        scale = error_scale(forecast.expected, total)
        squared, chance = (received - forecast.expected) ** 2 / scale, forecast.chance / scale
        past.errors.setdefault(forecast.method_code, []).extend(
            Error(w + 1, day + 7 * (w + 1), float(squared[w]), float(chance[w])) for w in range(n_weeks)
        )


def _compared(forecast: Foreseen, received: Floats, paid_after: Floats) -> Compared:
    daily = forecast.schedule.daily
    until = np.cumsum(daily, axis=1)
    is_paid = paid_after[:, None] <= np.arange(1, daily.shape[1] + 1)
    return Compared(
        method_code=forecast.method_code,
        day=forecast.day,
        open_amount=float(forecast.known.open.sum()),
        expected=forecast.expected,
        received=received,
        levels=forecast.levels,
        chance_30d=until[:, min(CHANCE_DAYS, daily.shape[1]) - 1].copy(),
        expected_days=expected_days(forecast.schedule),
        middle_days=middle_days(forecast.schedule),
        paid_after=paid_after,
        brier=((until - is_paid) ** 2).mean(axis=1),
    )
