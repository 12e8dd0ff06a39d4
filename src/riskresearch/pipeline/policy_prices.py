"""Quotes compared on the customers of a run, from policy files that need not belong to the run."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from pandas import DataFrame

from riskresearch.base.errors import SettingsError
from riskresearch.base.run import write_atomically
from riskresearch.base.schema import check
from riskresearch.insurance.alternatives import Alternative
from riskresearch.insurance.compare import quotes
from riskresearch.insurance.measures import standard_error
from riskresearch.insurance.options import Option
from riskresearch.insurance.policy import Policy
from riskresearch.insurance.settings import InsuranceSettings
from riskresearch.insurance.stage import comparison
from riskresearch.insurance.tables import QUOTES
from riskresearch.insurance.yearly_costs import economic_scores
from riskresearch.pipeline.company_files import config_file
from riskresearch.pipeline.customer_files import open_run
from riskresearch.pipeline.policy_files import FOLDER, aligned, alternative_at, policy_at
from riskresearch.pipeline.session import Session, open_session
from riskresearch.pipeline.settings import resolve
from riskresearch.report.export import csv_bytes

SHOWN: Mapping[str, str] = {
    "premium_amount": "premium",
    "fees_amount": "fees",
    "tax_amount": "tax",
    "adjustment_amount": "bonus (-), malus, profit share",
    "financing_amount": "financing of the wait",
    "admin_amount": "own administration",
    "expected_indemnity_amount": "mean indemnity",
    "expected_retained_amount": "mean loss kept",
    "var_retained_amount": "value at risk of the loss kept",
    "es_retained_amount": "expected shortfall of the loss kept",
    "total_cost_of_risk_amount": "TOTAL COST OF RISK",
    "total_cost_rank": "  rank",
    "economic_capital_amount": "economic capital",
    "economic_cost_amount": "ECONOMIC COST",
    "economic_cost_rank": "  rank",
    "capital_freed_amount": "capital freed",
    "break_even_premium_amount": "break-even premium",
    "break_even_premium_low_amount": "  from",
    "break_even_premium_high_amount": "  to",
    "maximum_liability_amount": "maximum liability",
    "p_first_loss_reached_ratio": "chance that the first loss is used up",
    "p_maximum_exhausted_ratio": "chance that the maximum is used up",
    "loss_ratio": "loss ratio",
    "roi_ratio": "return on cost",
    "risk_adjusted_roi_ratio": "return on cost, capital counted",
}
NAME_WIDTH = 26
PER_BLOCK = 4
NORMAL_95 = 1.959963984540054  # 97.5 % point of the standard normal law


@dataclass(frozen=True)
class Prices:
    """Options compared.

    Parameters
    ----------
    quotes : table `quotes`, self-insurance first, then in the order asked for
    undecided : neighbours by economic cost whose difference lies within its sampling noise
    n_years : simulated years
    about : run, date and currency the figures belong to
    """

    quotes: DataFrame
    undecided: tuple[tuple[str, str], ...]
    n_years: int
    about: str


def price_policies(
    files: Sequence[str], *, run: str, as_of: str | None, alternatives: Sequence[str], n_years: int | None
) -> Prices:
    """Compare policies and alternatives on the customers of a run, which stays as it is.

    Parameters
    ----------
    files : names of policies of the project, or YAML files
    run : name of the run
    as_of : date of the run, YYYY-MM-DD; None = whatever it is
    alternatives : names of alternatives of the project, or YAML files
    n_years : simulated years; None = those of the run

    Raises
    ------
    SettingsError
        A file is not valid, two options have the same code, or a policy is in another currency than the run.
    RunError
        There is no such run, or it is of another date.
    """
    policies = [policy_at(config_file(name, FOLDER)) for name in files]
    others = [alternative_at(name) for name in alternatives]
    session = open_session(run, as_of, "en") if as_of else open_run(run, "en")
    return compared(session, policies, others, _settings(session, n_years))


def price_text(prices: Prices) -> str:
    """Return quotes as text for a terminal: one line a figure, one column an option, standard errors beside means."""
    rows = prices.quotes.to_dict("records")
    blocks = [rows[start : start + PER_BLOCK] for start in range(0, len(rows), PER_BLOCK)]
    return "\n\n".join([_ranking(prices), *map(_block, blocks)])


def _block(rows: Sequence[Mapping[Hashable, Any]]) -> str:
    names = [str(row["option_id"]) for row in rows]
    lines = [["", *(name if len(name) <= NAME_WIDTH else f"{name[: NAME_WIDTH - 1]}…" for name in names)]]
    for column, words in SHOWN.items():
        cells = [_cell(row, column) for row in rows]
        if not {"0", "–"}.issuperset(cells):
            lines.append([words, *cells])
    return aligned(lines, right=True)


def write_prices(prices: Prices, output: Path) -> None:
    """Write quotes as CSV, every column, no text acting as a formula."""
    write_atomically(output, csv_bytes(prices.quotes))


def _settings(session: Session, n_years: int | None) -> InsuranceSettings:
    if n_years is None:
        return session.settings.insurance
    content = session.settings.model_dump(mode="json")
    content["insurance"]["n_years"] = n_years
    return resolve(content, where="--years").insurance


def compared(
    session: Session, policies: Sequence[Policy], others: Sequence[Alternative], settings: InsuranceSettings
) -> Prices:
    """Compare options on the customers of an open run; see `price_policies`."""
    exposures = session.table("exposures")
    if exposures.empty:
        raise SettingsError(f"run '{session.folder.name}' has no customer to insure")
    made = comparison(
        exposures,
        policies,
        settings,
        alternatives=others,
        months=session.table("exposure_months"),
        currency_code=session.facts["currency_code"],
    )
    table = check(quotes(made.options, settings), QUOTES).set_index("option_id", drop=False)
    ordered = table.loc[[option.option_id for option in made.options]].reset_index(drop=True)
    return Prices(ordered, _undecided(made.options, settings), settings.n_years, _about(session))


def _about(session: Session) -> str:
    synthetic = ", synthetic data" if session.facts["is_synthetic"] else ""
    currency = session.facts["currency_code"]
    return f"run {session.folder.name} of {session.as_of.date()}, a policy year, amounts in {currency}{synthetic}"


def _undecided(options: Sequence[Option], settings: InsuranceSettings) -> tuple[tuple[str, str], ...]:
    """Neighbours by economic cost that the simulated years do not tell apart (95 %, on common years)."""
    found = [(option, economic_scores(option, settings=settings)) for option in options]
    found.sort(key=lambda pair: pair[0].mean(pair[1]))
    close = []
    for (first, low), (second, high) in pairwise(found):
        error = standard_error(high - low, n_strata=first.n_strata, weights=first.weights)
        if first.mean(high - low) <= NORMAL_95 * error:
            close.append((first.option_id, second.option_id))
    return tuple(close)


def _ranking(prices: Prices) -> str:
    """Both rankings, the capital charge that the second one holds for, and what is too close to tell."""
    table = prices.quotes
    by_total, by_economic = (
        ", ".join(table.sort_values([name, "option_id"])["option_id"].astype(str))
        for name in ("total_cost_rank", "economic_cost_rank")
    )
    charge, confidence = (float(table[name].iloc[0]) for name in ("capital_charge_ratio", "confidence_ratio"))
    lines = [
        prices.about,
        f"by total cost of risk: {by_total}",
        f"by economic cost, {charge:.1%} of the capital (expected shortfall {confidence:.1%} less mean): {by_economic}",
    ]
    if prices.undecided:
        pairs = "; ".join(" and ".join(pair) for pair in prices.undecided)
        lines.append(f"not told apart by {prices.n_years:,} simulated years: {pairs}")
    return "\n".join(lines)


def _cell(row: Mapping[Hashable, Any], column: str) -> str:
    value, error = row[column], row.get(f"{column}_se")
    if not isinstance(value, (int, float)) or value != value:
        return "–"
    if column.endswith("_rank"):
        return f"{value:.0f}"
    form = ",.0f" if column.endswith("_amount") else ".3f" if column == "loss_ratio" else ".1%"
    has_error = isinstance(error, float) and error == error and f"{error:{form}}" != f"{0.0:{form}}"
    return f"{value:{form}}" + (f" ± {error:{form}}" if has_error else "")
