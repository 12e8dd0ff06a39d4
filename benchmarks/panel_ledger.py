"""A test ledger of any size as a Parquet file of acts, the input of the panel of customers and dates.

One row per movement, the invoice and then each payment, sorted by customer and day; integers only, days counted from
1970-01-01. N invoices belong to N / 200 customers of log-normal size and are spread over 36 months, with five payment
terms. Payments come after a gamma-distributed delay, 4 % of them much later, in one to three parts; 2 % of the
invoices are never paid, 1 % not in full, and what was paid after the last month end is unknown.

The ledger is drawn in blocks of customers, each with its own Philox key, so that its size is not bound by memory and
a block is the same whatever is drawn beside it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from panel_task import FIRST_DAY, MONTH_ENDS, acts_file

SEED = 1
NEVER = 2_000_000
INVOICES_PER_CUSTOMER = 200
BLOCK = 500_000
ROW_GROUP = 250_000
TERMS_DAYS = np.array([14, 30, 45, 60, 90])
PARTS = (0.02, 0.808, 0.128, 0.044)  # invoices with 0, 1, 2 and 3 payments
SHORT_PAID = 0.01


@dataclass(frozen=True)
class Items:
    """Invoices of a block: customer, day, terms and amount, and up to three payments each, in order."""

    customer: np.ndarray
    day: np.ndarray
    due: np.ndarray
    amount: np.ndarray
    paid_day: np.ndarray
    paid: np.ndarray

    def acts(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Day and signed amount of the invoice and its three payments, and which of them are known at the end."""
        day = np.column_stack([self.day, self.paid_day])
        amount = np.column_stack([self.amount, -self.paid])
        return day, amount, (amount != 0) & (day <= MONTH_ENDS[-1])


def ledger_file(n_invoices: int, *, seed: int = SEED) -> Path:
    """Return the file of acts of `n_invoices` invoices; it is made where it does not exist yet."""
    path = acts_file(n_invoices, seed)
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        write_acts(part, n_invoices, seed=seed)
        part.replace(path)
    return path


def write_acts(path: Path, n_invoices: int, *, seed: int) -> None:
    """Draw the ledger and write its acts."""
    writer: pq.ParquetWriter | None = None
    for items in blocks(n_invoices, seed=seed):
        acts = pa.table(_acts(items))
        writer = writer or pq.ParquetWriter(path, acts.schema, compression="zstd")
        writer.write_table(acts, row_group_size=ROW_GROUP)
    if writer is not None:
        writer.close()


def blocks(n_invoices: int, *, seed: int = SEED) -> Iterator[Items]:
    """Yield the items of the ledger, a block of whole customers at a time, by customer."""
    rng = np.random.Generator(np.random.Philox(key=[seed, 0]))
    size = rng.lognormal(0, 1, max(n_invoices // INVOICES_PER_CUSTOMER, 1))
    counts = rng.multinomial(n_invoices, size / size.sum())
    block = np.cumsum(counts) // BLOCK
    for number in np.unique(block):
        customers = np.flatnonzero(block == number)
        own_rng = np.random.Generator(np.random.Philox(key=[seed, number + 1]))
        yield _items(np.repeat(customers, counts[customers]), own_rng)


def _items(customer: np.ndarray, rng: np.random.Generator) -> Items:
    n = len(customer)
    day = rng.integers(FIRST_DAY, MONTH_ENDS[-1] + 1, n)
    usual = rng.choice(TERMS_DAYS, customer.max() + 1, p=[0.1, 0.4, 0.2, 0.2, 0.1])[customer]
    due = day + np.where(rng.random(n) < 0.9, usual, rng.choice(TERMS_DAYS, n))
    amount = np.round(rng.lognormal(12, 1.2, n)).astype(np.int64) + 100
    slow = rng.gamma(2, 4, customer.max() + 1)[customer]
    delay = rng.gamma(2, 1, n) * slow - 6 + np.where(rng.random(n) < 0.04, rng.gamma(1, 90, n), 0)
    first = np.maximum(due + np.floor(delay).astype(np.int64), day)
    paid_day = np.cumsum(np.column_stack([first, rng.integers(0, 31, n), rng.integers(0, 46, n)]), axis=1)
    return Items(customer, day, due, amount, paid_day, _payments(amount, rng))


def _payments(amount: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Amounts of the three payments of each invoice; 0 where there is no such payment."""
    n = len(amount)
    parts = rng.choice(len(PARTS), n, p=PARTS)
    share = np.cumsum(rng.dirichlet([3, 3, 3], n), axis=1)
    paid_share = np.where(rng.random(n) < SHORT_PAID, rng.uniform(0.5, 0.99, n), 1.0)
    so_far = np.floor(share * (amount * paid_share)[:, None]).astype(np.int64)
    whole = np.round(amount * paid_share).astype(np.int64)
    number = np.arange(1, 4)
    reached = np.where(number >= parts[:, None], whole[:, None], so_far)
    return np.diff(np.where(parts[:, None] == 0, 0, reached), axis=1, prepend=0)


def _acts(items: Items) -> dict[str, np.ndarray]:
    """Columns of the acts: an item has a row for itself and one for each payment known by the last month end."""
    n = len(items.day)
    day, base, is_known = items.acts()
    open_after = np.cumsum(base, axis=1)
    is_sale = np.zeros((n, 4), dtype=bool)
    is_sale[:, 0] = True
    timed = np.where(is_sale, 0, -base)
    columns = {
        "customer_code": np.broadcast_to(items.customer[:, None], (n, 4)),
        "day": day,
        "due_day": np.broadcast_to(items.due[:, None], (n, 4)),
        "open_minor": base,
        "n_open": is_sale * 1 - (~is_sale & (open_after == 0)),
        "open_after_minor": open_after,
        "until_day": _next_day(day, is_known),
        "sale_minor": np.where(is_sale, base, 0),
        "n_sale": is_sale * 1,
        "timed_minor": timed,
        "late_days_minor": timed * np.maximum(day - items.due[:, None], 0),
    }
    rows = {name: values[is_known].astype(np.int64) for name, values in columns.items()}
    order = np.lexsort((rows["day"], rows["customer_code"]))
    return {name: values[order] for name, values in rows.items()}


def _next_day(day: np.ndarray, is_known: np.ndarray) -> np.ndarray:
    """Day of the item's next known act; the days of an item never go back."""
    known_day = np.where(is_known, day, NEVER)
    following = np.minimum.accumulate(known_day[:, ::-1], axis=1)[:, ::-1]
    return np.column_stack([following[:, 1:], np.full(len(day), NEVER)])
