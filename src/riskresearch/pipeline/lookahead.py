"""The look-ahead detector from the command line: registered features, or a function of the analyst's own."""

import sys
from collections.abc import Sequence
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from pandas import DataFrame, Timestamp

from riskresearch.base.config import read_yaml
from riskresearch.base.errors import LedgerError, RiskResearchError, RunError, SettingsError
from riskresearch.behaviour.book import observation_dates
from riskresearch.features.lookahead import Make, look_ahead, registered, spread
from riskresearch.ledger.ledger import Ledger
from riskresearch.ledger.movements import known_date
from riskresearch.ledger.read import read_ledger
from riskresearch.pipeline.company_files import with_rating_orders
from riskresearch.pipeline.plan import parse_date
from riskresearch.pipeline.settings import resolve

FORM = "write it as file.py:function"


def look_ahead_of(
    ledger: str,
    *,
    mapping: str | None,
    config: Path | None,
    as_of: str | None,
    features: Sequence[str],
    python: str | None,
    n_dates: int,
) -> DataFrame:
    """Return table `look_ahead` of registered features or of a function of one's own on a ledger.

    Parameters
    ----------
    ledger, mapping, config : as for a run
    as_of : last observation date; empty = the last day on which both invoices and receipts are recorded
    features : names of registered features; empty = all
    python : ``file.py:function`` with ``function(tables, dates)``, instead of registered features
    n_dates : number of dates compared, spread evenly over the ledger
    """
    if python is not None and features:
        raise SettingsError("look-ahead: give either registered features or a function of your own, not both")
    settings = resolve(read_yaml(config) if config is not None else {}, where=str(config or "settings"))
    own = function_of(python) if python is not None else None
    chosen = settings.ledger
    read = read_ledger(
        ledger, mapping=mapping, currency_code=chosen.currency_code, assumed_terms_days=chosen.assumed_terms_days
    )
    last = parse_date(as_of) if as_of else read.default_as_of
    if last is None:
        raise LedgerError(f"{read.source_name}: no invoices with receipts, so no date to look at; give --as-of DATE")
    scales = with_rating_orders(settings, as_of=last).behaviour.rating_scales
    make = own or registered(list(features) or None, rating_scales=scales)
    dates = spread_dates(read, as_of=last, n_dates=n_dates, burn_in_months=settings.features.burn_in_months)
    return look_ahead(make, read, dates=dates, default=settings.default)


def spread_dates(ledger: Ledger, *, as_of: Timestamp, n_dates: int, burn_in_months: int) -> list[Timestamp]:
    """Return observation dates spread over a ledger, without those of the burn-in and the last, where all is known."""
    first = known_date(ledger["invoices"], "invoice_date").min()
    every = observation_dates(as_of=as_of, first_day=first)
    dates = every[burn_in_months:-1] or every[:1]
    if not dates:
        raise LedgerError(f"{ledger.source_name}: no invoice was known on {as_of.date()}; choose a later --as-of")
    return spread(dates, n_dates)


def function_of(reference: str) -> Make:
    """Return the function that ``file.py:function`` names; what it raises is shown as one clear error.

    Raises
    ------
    RunError
        There is no such file or function, or the file cannot be read as Python.
    """
    path, _, name = reference.rpartition(":")
    if not path or not Path(path).is_file():
        raise RunError(f"look-ahead: {reference!r} names no Python file; {FORM}")
    spec = spec_from_file_location(Path(path).stem, path)
    if spec is None or spec.loader is None:
        raise RunError(f"look-ahead: {path} is no Python file; {FORM}")
    module = module_from_spec(spec)
    sys.modules.setdefault(module.__name__, module)
    try:
        spec.loader.exec_module(module)
    except Exception as cause:
        raise RunError(f"look-ahead: {path} cannot be executed: {type(cause).__name__}: {cause}") from cause
    function = getattr(module, name, None)
    if not callable(function):
        raise RunError(f"look-ahead: {path} holds no function {name!r}; {FORM}")
    return _explained(function, reference)


def _explained(function: Make, reference: str) -> Make:
    def make(tables, dates):  # type: ignore[no-untyped-def]
        try:
            made = function(tables, dates)
        except RiskResearchError:
            raise
        except Exception as cause:
            last = max(dates).date()
            raise RunError(
                f"look-ahead: {reference} failed on the ledger as known on {last} or later: "
                f"{type(cause).__name__}: {cause}; it must also work on an early date with few rows"
            ) from cause
        if not isinstance(made, DataFrame):
            raise RunError(f"look-ahead: {reference} returned a {type(made).__name__}; it must return a DataFrame")
        return made

    return make


def look_ahead_text(found: DataFrame) -> str:
    """Return the result as text, for a terminal: one line per feature, leaks marked, then what it means."""
    worst = found.sort_values(["feature_code", "is_clean", "observation_date"], kind="stable")
    by = worst.groupby("feature_code", sort=False)
    rows = DataFrame(
        {
            "": by["is_clean"].all().map({True: "ok", False: "LOOKS AHEAD"}),
            "dates": by.size(),
            "compared": by["n_compared"].sum(),
            "with value": by["n_values"].sum(),
            "different": by["n_different"].sum(),
            "missing": by["n_missing"].sum(),
            "largest difference": by["largest_difference"].max().map("{:.6g}".format).replace("nan", ""),
            "first date": by["observation_date"].first().dt.date.astype("str").where(~by["is_clean"].all(), ""),
            "customers": by["first_keys"].first(),
        }
    ).reset_index(names="feature")
    width = rows["feature"].str.len().max()
    order = rows.sort_values(["", "feature"]).assign(feature=lambda shown: shown["feature"].str.ljust(width))
    return f"{order.to_string(index=False, justify='left')}\n\n{_verdict(rows)}"


def _verdict(rows: DataFrame) -> str:
    leaking = rows.loc[rows[""] != "ok", "feature"].tolist()
    silent = rows.loc[(rows[""] == "ok") & (rows["with value"] == 0), "feature"].tolist()
    parts = [f"{len(rows)} features, {len(leaking)} use what was not known yet"]
    if silent:
        parts.append(f"not tested, as no customer has a value on these dates: {', '.join(silent)}")
    return "\n".join(parts)
