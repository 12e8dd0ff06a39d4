"""The replay: which orders find room under a limit, and when.

Every day in turn: limits of the day, then what is settled, then the orders that wait, then the orders of the day in
the order of their keys. An order is sold whole or not at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

import numpy as np
from pandas import Series

from riskresearch.limits.backtest.book import Book, Bools, Ints
from riskresearch.limits.backtest.paths import Limits

ASSUMPTIONS = ("lost", "delayed", "prepaid")
"""What becomes of an order above the free limit: lost; sold as soon as there is room; paid in advance in part."""
SETTLED, LOOK, ORDERED = 0, 1, 2
NOBODY = -1
Event = tuple[int, int, int, int]


@dataclass(frozen=True)
class Decisions:
    """What became of each bill.

    Parameters
    ----------
    is_sold : sold on account; always true for bills that are no orders
    wait_days : days it waited; 0 unless sold later
    is_blocked : an order that found no room on its day
    """

    is_sold: Bools
    wait_days: Ints
    is_blocked: Bools


@dataclass(frozen=True)
class Course:
    """Opening exposure and events of one customer: ``day``, kind, bill (`NOBODY`: counts anyway), amount."""

    customer: int
    opening: int
    events: list[Event]
    acts: dict[int, list[tuple[int, int]]]


def replayed(book: Book, limits: Limits, courses: Sequence[Course], *, delay_max_days: int | None) -> Decisions:
    """Return what becomes of each order under the limits of a policy.

    Parameters
    ----------
    book : the book
    limits : limits of every day
    courses : from `courses_of`, made once for all policies
    delay_max_days : longest wait of an order that finds no room; None = none waits, it is lost on its day
    """
    is_order = book.is_order
    wait = np.where(is_order, np.int64(NOBODY), np.int64(0))
    blocked = np.zeros(len(is_order), dtype=bool)
    for course in courses:
        room = limits.room[course.customer].tolist()
        if delay_max_days is None:
            sold, refused = _without_wait(course, room, book.start)
        else:
            raised = np.flatnonzero(np.diff(limits.room[course.customer]) > 0) + 1 + book.start
            looks: list[Event] = [(int(day), LOOK, NOBODY, 0) for day in raised]
            sold, refused = _with_wait(course, looks, room, book.start, delay_max_days)
        wait[list(sold)] = list(sold.values())
        blocked[refused] = True
    return Decisions(wait >= 0, wait.clip(min=0), blocked)


def courses_of(book: Book) -> list[Course]:
    """Return the customers that order in the window, with their events in order."""
    bills, acts = book.bills, book.acts
    is_order, owner = book.is_order, bills["customer"].to_numpy()
    is_late = ~is_order & (bills["day"] > book.start).to_numpy()
    bill = acts["bill"].to_numpy()
    events = [
        _events(bills["day"], ORDERED, np.arange(len(bills)), bills["need"], is_order),
        _events(bills["day"], SETTLED, np.full(len(bills), NOBODY), bills["need"], is_late),
        _events(acts["day"], SETTLED, np.where(is_order[bill], bill, NOBODY), acts["delta"], np.full(len(acts), True)),
    ]
    owners = np.concatenate([owner[is_order], owner[is_late], owner[bill]])
    table = np.concatenate(events)
    order = np.lexsort((*table.T[::-1], owners))
    table, owners = table[order], owners[order]
    opening = np.bincount(owner, weights=bills["need"] * (~is_order & ~is_late), minlength=len(book.customers))
    edges = np.searchsorted(owners, np.arange(len(book.customers) + 1))
    courses = []
    for customer in np.unique(owner[is_order]):
        rows = table[edges[customer] : edges[customer + 1]].tolist()
        later: dict[int, list[tuple[int, int]]] = {}
        for day, kind, one, amount in rows:
            if kind == SETTLED and one != NOBODY:
                later.setdefault(one, []).append((day, amount))
        courses.append(Course(int(customer), int(opening[customer]), [tuple(row) for row in rows], later))
    return courses


def _events(day: Series, kind: int, bill: Ints, amount: Series, chosen: Bools) -> Ints:
    columns = [day.to_numpy(), np.full(len(day), kind), bill, amount.to_numpy("int64")]
    return np.column_stack(columns)[chosen].astype("int64")


def _without_wait(course: Course, room: list[int], start: int) -> tuple[dict[int, int], list[int]]:
    """Bills sold (with their wait, 0) and bills refused, where an order that finds no room is lost."""
    exposure, sold, refused = course.opening, dict[int, int](), list[int]()
    for day, kind, bill, amount in course.events:
        if kind == SETTLED:
            if bill == NOBODY or bill in sold:
                exposure += amount
        elif amount <= 0 or exposure + amount <= room[day - start]:
            exposure += amount
            sold[bill] = 0
        else:
            refused.append(bill)
    return sold, refused


def _with_wait(
    course: Course, looks: list[Event], room: list[int], start: int, delay_max_days: int
) -> tuple[dict[int, int], list[int]]:
    """Bills sold (with their wait) and bills refused, where an order waits for room; its payments wait as long."""
    heap = sorted([*course.events, *looks])
    exposure, sold, refused = course.opening, dict[int, int](), list[int]()
    waiting: list[tuple[int, int, int]] = []
    while heap:
        day, kind, bill, amount = heappop(heap)
        if kind == SETTLED and (bill == NOBODY or sold.get(bill, NOBODY) == 0):
            exposure += amount
            if waiting and (not heap or heap[0] != (day, LOOK, NOBODY, 0)):
                heappush(heap, (day, LOOK, NOBODY, 0))
        elif kind == LOOK:
            free = room[day - start] - exposure
            found, waiting = _found_room(waiting, free, day, delay_max_days)
            exposure += sum(need for _, _, need in found)
            for since, one, _ in found:
                sold[one] = day - since
                _move(heap, course.acts.get(one, []), day - since, start + len(room))
        elif kind == ORDERED and (amount <= 0 or exposure + amount <= room[day - start]):
            exposure += amount
            sold[bill] = 0
        elif kind == ORDERED:
            refused.append(bill)
            waiting.append((day, bill, amount))
    return sold, refused


def _found_room(
    waiting: list[tuple[int, int, int]], free: int, day: int, delay_max_days: int
) -> tuple[list[tuple[int, int, int]], list[tuple[int, int, int]]]:
    """Orders that find room, oldest first, and those that go on waiting; the others are lost."""
    found, rest = [], []
    for order in waiting:
        if day - order[0] > delay_max_days:
            continue
        if order[2] <= free:
            free -= order[2]
            found.append(order)
        else:
            rest.append(order)
    return found, rest


def _move(heap: list[Event], acts: list[tuple[int, int]], wait: int, first_day_after: int) -> None:
    """Put what settles a bill that waited as much later; what falls behind the window does not come."""
    for day, amount in acts:
        if day + wait < first_day_after:
            heappush(heap, (day + wait, SETTLED, NOBODY, amount))
