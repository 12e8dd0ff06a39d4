"""What an indicator declares, what it returns, and how the members of the registry are made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps

import pandas as pd
from pandas import DataFrame, Index, Series

from riskresearch.base.registry import Registry
from riskresearch.behaviour.book import Book

NULL_RULES: Mapping[str, str] = {
    "history_too_short": "the ledger does not cover the window",
    "no_sales_in_window": "net sales of the window are 0 or negative",
    "nothing_open": "nothing is open on the date",
    "nothing_to_collect": "opening receivables and sales, less what is not due, are 0 or negative",
    "no_receipts_in_window": "no receipt is matched to an item within the window",
    "too_few_receipts": "fewer receipts than the figure needs",
    "no_delay": "the mean number of days is 0 or negative",
    "no_open_dispute": "no dispute is open on the date",
    "no_invoices": "no invoice with a due date is open on the date or paid within the window",
    "no_due_date": "no item has a due date",
    "no_exchange_rate": "no rate of an open item's currency is known on the date",
    "no_late_fee_rate": "a day of lateness falls into a half-year without a reference rate",
}
REASONS = tuple(NULL_RULES)
WINDOWS = ("date", "90_days", "365_days", "12_months", "3_months", "window_months", "ledger")
UNITS = ("amount", "days", "ratio", "index")


@dataclass(frozen=True)
class Indicator:
    """Declaration of an indicator.

    Parameters
    ----------
    unit : ``amount`` (run currency), ``days``, ``ratio`` (0-1) or ``index`` (1-100)
    label_en, label_fr : names
    formula : how it is computed, in plain text
    window : the balance of the date, days or months before it, or the setting ``window_months``
    nulls : reasons for which there is no value, see `NULL_RULES`
    basis : ``incl_tax`` where amounts count, ``number`` where only numbers do
    variant : what sets this definition apart from others of the same name
    needs_due_date : without due dates there is no value
    """

    unit: str
    label_en: str
    label_fr: str
    formula: str
    window: str = "date"
    nulls: tuple[str, ...] = ()
    basis: str = "incl_tax"
    variant: str = ""
    needs_due_date: bool = False

    @property
    def reasons(self) -> tuple[str, ...]:
        """Every reason for which there may be no value."""
        return (*self.nulls, "no_due_date") if self.needs_due_date else self.nulls

    @property
    def null_rule(self) -> str:
        """When there is no value, in words."""
        return "; ".join(f"{NULL_RULES[reason]} ({reason})" for reason in self.reasons)


@dataclass(frozen=True)
class Value:
    """Value of an indicator with what it rests on.

    Parameters
    ----------
    value : in the unit of the indicator; None = not computable
    n_items : items, receipts, documents or customers it rests on
    base_minor : amount it rests on, minor units of the run currency
    reason : why there is no value
    parts : makes a frame ``customer_id numerator denominator`` whose sums give the value as a quotient; None
        where the indicator is no quotient of sums over customers
    """

    value: float | None
    n_items: int = 0
    base_minor: int = 0
    reason: str = ""
    parts: Callable[[], DataFrame] | None = field(default=None, compare=False, repr=False)


Measure = Callable[[Book], Value]
INDICATORS = Registry[Indicator]("indicator")


def indicator(spec: Indicator) -> Callable[[Measure], Measure]:
    """Return the decorator that registers a function from a `Book` to a `Value` under its own name.

    Where the declaration asks for due dates and no item or receipt of the book has one, the function
    gives no value and the reason ``no_due_date``.
    """

    def add(measure: Measure) -> Measure:
        @wraps(measure)
        def guarded(book: Book) -> Value:
            found = measure(book)
            is_empty = book.items.empty and book.settlements.empty
            if not spec.needs_due_date or book.has_due_dates or is_empty:
                return found
            return Value(None, found.n_items, found.base_minor, "no_due_date")

        INDICATORS.register(spec)(guarded)
        return guarded

    return add


@dataclass(frozen=True)
class Amounts:
    """Amounts with the customer of each."""

    customers: Series | Index
    values: Series

    @property
    def total(self) -> float:
        """Sum of the amounts, exact below 2**53."""
        return float(self.values.sum())

    def by_customer(self) -> Series:
        """Return the sum by customer_id."""
        keys = Index(self.customers, name="customer_id")
        return Series(self.values.to_numpy(float), index=keys).groupby(level=0).sum()


def of(frame: DataFrame, column: str) -> Amounts:
    """Return a column of a frame of the book as amounts."""
    return Amounts(frame["customer_id"], frame[column])


def joined(*amounts: Amounts) -> Amounts:
    """Return several amounts as one."""
    keys = [Index(each.customers, dtype="str") for each in amounts]
    values = pd.concat([each.values.astype("float64") for each in amounts], ignore_index=True)
    return Amounts(keys[0].append(keys[1:]), values)


def quotient(
    top: Amounts, bottom: Amounts, *, empty: str, n_items: int, base_minor: float | None = None, scale: float = 1.0
) -> Value:
    """Return ``scale`` times the sum of `top` divided by the sum of `bottom`.

    Parameters
    ----------
    top, bottom : amounts of the numerator and of the denominator
    empty : reason where the denominator is 0 or negative
    n_items : what the value rests on
    base_minor : amount it rests on; the denominator where not given
    scale : factor, for instance the days of the window
    """
    total = bottom.total
    base = round(total if base_minor is None else base_minor)
    if total <= 0:
        return Value(None, n_items, base, empty)

    def parts() -> DataFrame:
        sides = {"numerator": top.by_customer() * scale, "denominator": bottom.by_customer()}
        return pd.concat(sides, axis=1).fillna(0.0).rename_axis("customer_id").reset_index()

    return Value(top.total / total * scale, n_items, base, parts=parts)
