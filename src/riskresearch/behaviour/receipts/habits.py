"""What the settled items tell, on a day, of how each customer pays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskresearch.behaviour.receipts.paths import RECEIVED, Floats, Ints, Paths

CLIP_DAYS = (-60, 180)
MOST_PRIOR_ITEMS = 50.0
PRIOR_PAY_DAYS = 5.0
N_WEEKDAYS, N_MONTH_PLACES = 7, 4


@dataclass(frozen=True)
class Settled:
    """Items brought to zero mainly by receipts, in the order that became known."""

    customer: Ints
    day: Ints
    delay: Floats


@dataclass(frozen=True)
class Habits:
    """How each customer paid until the evening of a day.

    Parameters
    ----------
    day : last day that counts
    n_settled : items settled, by customer
    mean_delay : mean days from due date to settlement, drawn to the mean of all customers by count
    last_delay : delay of the item settled last; the mean of all customers where there is none
    weekday_log_ratio, month_log_ratio : log of the share of the customer's pay days that fall on each weekday
        (Monday first) and place in the month over the share of all customers, drawn to 0 by count
    amount_bounds : amounts that part the items known on the day into three equal classes
    """

    day: int
    n_settled: Ints
    mean_delay: Floats
    last_delay: Floats
    weekday_log_ratio: Floats
    month_log_ratio: Floats
    amount_bounds: Floats


def settled_items(paths: Paths) -> Settled:
    """Return the items brought to zero mainly by receipts, with their delay (days from due date, clipped).

    Delays below -60 and above 180 days count as -60 and 180, so that a single forgotten item does
    not make the mean of its customer.
    """
    spans = paths.spans
    rows = np.flatnonzero(spans.closes & (spans.shares[:, RECEIVED] >= 0.5))
    rows = rows[np.argsort(spans.end[rows], kind="stable")]
    item, day = spans.item[rows], spans.end[rows]
    delay = np.clip(day - paths.due[item], *CLIP_DAYS).astype("float64")
    return Settled(paths.customer[item], day, delay)


def habits_on(paths: Paths, settled: Settled, *, day: int) -> Habits:
    """Return how each customer paid until a day.

    Parameters
    ----------
    paths : items
    settled : from `settled_items`
    day : last day that counts
    """
    n = int(np.searchsorted(settled.day, day, side="right"))
    customer, delay, size = settled.customer[:n], settled.delay[:n], len(paths.customer_id)
    count = np.bincount(customer, minlength=size)
    overall = float(delay.mean()) if n else 0.0
    weight = prior_items(customer, delay)
    last = np.full(size, overall)
    last[customer] = delay
    known = paths.base[paths.entry <= day]
    payer, pay_day = _pay_days(customer, settled.day[:n])
    return Habits(
        day=day,
        n_settled=count,
        mean_delay=(np.bincount(customer, weights=delay, minlength=size) + weight * overall) / (count + weight),
        last_delay=last,
        weekday_log_ratio=_log_ratio(payer, weekday(pay_day), size, N_WEEKDAYS),
        month_log_ratio=_log_ratio(payer, month_place(pay_day), size, N_MONTH_PLACES),
        amount_bounds=np.quantile(known, [1 / 3, 2 / 3]) if len(known) else np.zeros(2),
    )


def prior_items(customer: Ints, delay: Floats) -> float:
    """Return for how many items the mean of all customers counts beside a customer's own.

    Variance within customers over variance between them, by the method of moments of a one-way
    layout with unequal counts (Searle, Casella and McCulloch, Variance Components, 1992, 3.6);
    between 0.5 and 50.
    """
    count = np.bincount(customer).astype("float64")
    groups, n = int((count > 0).sum()), float(count.sum())
    if groups < 2 or n <= groups:
        return MOST_PRIOR_ITEMS
    means = np.bincount(customer, weights=delay) / np.maximum(count, 1.0)
    within = float(((delay - means[customer]) ** 2).sum()) / (n - groups)
    spread = float((count * (means - delay.mean()) ** 2).sum()) / (groups - 1)
    between = (spread - within) / ((n - float((count**2).sum()) / n) / (groups - 1))
    return float(np.clip(within / between, 0.5, MOST_PRIOR_ITEMS)) if between > 0 else MOST_PRIOR_ITEMS


def weekday(day: Ints) -> Ints:
    """Return the weekday of days since 1970-01-01, Monday = 0."""
    return (day + 3) % 7


def month_place(day: Ints) -> Ints:
    """Return where days stand in their month: 0 first three days, 1 middle (14 to 16), 2 last three, 3 others.

    Examples
    --------
    >>> days = np.array(["2024-02-01", "2024-02-15", "2024-02-27", "2024-02-26"], dtype="datetime64[D]")
    >>> month_place(days.astype("int64")).tolist()
    [0, 1, 2, 3]
    """
    dates: NDArray[np.datetime64] = day.astype("datetime64[D]")
    month = dates.astype("datetime64[M]")
    first = month.astype("datetime64[D]").astype("int64")
    last = (month + 1).astype("datetime64[D]").astype("int64") - 1
    number = day - first + 1
    in_middle = (number >= 14) & (number <= 16)
    return np.select([number <= 3, in_middle, last - day <= 2], [0, 1, 2], 3).astype("int64")


def _pay_days(customer: Ints, day: Ints) -> tuple[Ints, Ints]:
    """Days on which each customer settled something, each counted once: a payment run is one act, not many."""
    if len(day) == 0:
        return customer, day
    first, width = int(day.min()), int(day.max() - day.min()) + 1
    runs = np.unique(customer * width + day - first)
    return runs // width, runs % width + first


def _log_ratio(customer: Ints, place: Ints, size: int, n_places: int) -> Floats:
    """Log of each customer's share of pay days by place over the share of all, with 5 pay days of all added."""
    overall = (np.bincount(place, minlength=n_places) + 0.5) / (len(place) + 0.5 * n_places)
    own = np.bincount(customer * n_places + place, minlength=size * n_places).reshape(size, n_places)
    share = (own + PRIOR_PAY_DAYS * overall) / (own.sum(axis=1, keepdims=True) + PRIOR_PAY_DAYS)
    return np.asarray(np.log(share / overall))
