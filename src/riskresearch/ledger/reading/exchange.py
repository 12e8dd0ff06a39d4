"""Documents in several currencies brought into the run's currency, exactly and by dated rates."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

_DIGITS = Decimal("1e-10")


@dataclass(frozen=True)
class Quote:
    """Units of ``into`` for one unit of ``currency_code`` on a day."""

    currency_code: str
    into: str
    rate_date: pd.Timestamp
    rate_ratio: Decimal


def quotes_into(quotes: Sequence[Quote], currency_code: str) -> list[Quote]:
    """Return the quotes into one currency; quotes into another are crossed over it where a rate allows it."""
    direct = [quote for quote in quotes if quote.into == currency_code]
    bridges = [quote for quote in quotes if quote.currency_code == currency_code and quote.into != currency_code]
    for bridge_into in sorted({bridge.into for bridge in bridges}):
        legs = sorted((b for b in bridges if b.into == bridge_into), key=lambda quote: quote.rate_date)
        direct += [_crossed(Quote(leg.into, leg.into, leg.rate_date, Decimal(1)), legs, currency_code) for leg in legs]
        others = [q for q in quotes if q.into == bridge_into and q.currency_code != currency_code]
        direct += [_crossed(quote, legs, currency_code) for quote in others]
    return sorted(direct, key=lambda quote: (quote.currency_code, quote.rate_date))


def rate_table(quotes: Sequence[Quote]) -> DataFrame:
    """Return table `fx_rates`."""
    return DataFrame(
        {
            "currency_code": Series([quote.currency_code for quote in quotes], dtype="str"),
            "rate_date": Series([quote.rate_date for quote in quotes], dtype="datetime64[us]"),
            "rate_ratio": Series([float(quote.rate_ratio) for quote in quotes], dtype="float64"),
        }
    )


def in_run_currency(
    amounts: Series, currencies: Series, days: Series, quotes: Sequence[Quote], *, run_currency_code: str
) -> Series:
    """Return amounts in minor units of the run currency, half a cent rounded up.

    The rate is the last one on or before the day; before the first rate, the first.
    """
    result = amounts.where(currencies == run_currency_code).astype("Int64")
    for code in currencies[currencies != run_currency_code].dropna().unique():
        own = [quote for quote in quotes if quote.currency_code == code]
        rows = currencies == code
        dates = np.array([quote.rate_date for quote in own], dtype="datetime64[us]")
        place = np.searchsorted(dates, days[rows].to_numpy(dtype="datetime64[us]"), side="right") - 1
        rates = [own[max(int(at), 0)].rate_ratio for at in place]
        result[rows] = [_times(int(amount), rate) for amount, rate in zip(amounts[rows], rates, strict=True)]
    return result


def allocated_base(allocations: DataFrame, invoices: DataFrame) -> Series:
    """Return each allocation in run currency at its invoice's rate, so that all parts of an invoice add up exactly."""
    keyed = invoices.set_index("invoice_id")
    gross, base = (allocations["invoice_id"].map(keyed[name]) for name in ("gross_minor", "base_minor"))
    result = allocations["amount_minor"].astype("Int64")
    foreign = gross != base
    if not foreign.any():
        return result
    rows = (
        allocations[foreign]
        .assign(gross=gross, base=base)
        .sort_values(["invoice_id", "effective_date", "allocation_id"])
    )
    total = rows["amount_minor"].groupby(rows["invoice_id"]).cumsum()
    parts = zip(total, rows["amount_minor"], rows["gross"], rows["base"], strict=True)
    shares = [_share(int(t), int(g), int(b)) - _share(int(t - a), int(g), int(b)) for t, a, g, b in parts]
    result[rows.index] = shares
    return result


def _crossed(quote: Quote, legs: Sequence[Quote], into: str) -> Quote:
    earlier = [leg for leg in legs if leg.rate_date <= quote.rate_date] or [legs[0]]
    ratio = (quote.rate_ratio / earlier[-1].rate_ratio).quantize(_DIGITS)
    return Quote(quote.currency_code, into, quote.rate_date, ratio)


def _times(amount: int, rate: Decimal) -> int:
    return int((Decimal(amount) * rate).quantize(Decimal(1), ROUND_HALF_UP))


def _share(part: int, gross: int, base: int) -> int:
    return (2 * part * base + gross) // (2 * gross)
