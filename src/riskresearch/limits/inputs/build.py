"""Table `limit_inputs`: what the policy sees of each customer, on every day of review of the past and today."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from pandas import DataFrame, Index, Timestamp

from riskresearch.base.errors import SettingsError, TableError, first_keys
from riskresearch.base.schema import check
from riskresearch.limits.guarantees import recognised_guarantees
from riskresearch.limits.inputs import known
from riskresearch.limits.inputs.amounts import balances, open_steps, order_amounts, sales_amount, unapplied_amount
from riskresearch.limits.inputs.grid import Bools, Cells, Floats, Grid, known_date, review_days
from riskresearch.limits.inputs.paying import days_beyond_terms, first_order_amounts, invoice_figures, n_paid_invoices
from riskresearch.limits.inputs.peak import peak_ratios
from riskresearch.limits.inputs.table import LIMIT_INPUTS
from riskresearch.limits.policy.policy import CreditPolicy

READS = (
    "customers",
    "invoices",
    "credit_notes",
    "payments",
    "allocations",
    "movements",
    "events",
    "limits",
    "financials",
    "defaults",
    "incidents",
    "warnings",
    "gates",
    "scored",
    "rating_history",
    "grade_scale",
)
OPTIONAL_READS = ("orders", "guarantees")
ACTS = (("invoices", "invoice_date"), ("payments", "value_date"), ("credit_notes", "credit_note_date"))
ATTRIBUTES = ("customer_type_code", "country_code", "sector_code", "size_code")


def limit_inputs(
    tables: Mapping[str, DataFrame],
    policy: CreditPolicy,
    *,
    as_of: Timestamp,
    first_review_date: Timestamp,
    currency_code: str,
    pds: DataFrame | None = None,
) -> DataFrame:
    """Return table `limit_inputs`: one row per customer and day of review, as known on that day.

    Days of review are the month ends from `first_review_date` on, and `as_of`. An act counts from the later of its
    own and its recorded date. A past day has the customers with a first act or a relation begun by then; `as_of` has
    every customer, prospects too. Related companies are there, marked by their type. What is not kept of past days
    is empty on them: early warnings and the outcome of the three checks.

    Parameters
    ----------
    tables : see `READS` and, where the company delivers them, `OPTIONAL_READS`; as known on `as_of`
    policy : shares at which securities are recognised
    as_of : date of the run
    first_review_date : first day of review is the month end on or after it
    currency_code : run currency; `currency_code` of a row is empty where most of its invoices are in it
    pds : ``customer_id review_date pd_12m`` in place of the run's PDs, with ``grade_code`` or ``lgd_ratio`` where they
        are not to come from the run

    Raises
    ------
    TableError
        A table or column is missing, a customer is not in table customers, or `pds` repeats keys or is no
        probability.
    SettingsError
        The first day of review lies after `as_of`.

    Notes
    -----
    Country, sector, size, type and group are those delivered last: the ledger keeps no history of them. The loss
    given default is that of table `scored`, in which the company lays it down, for past days as well.
    """
    _refuse(tables, pds, as_of=as_of, first_review_date=first_review_date)
    customers = tables["customers"].sort_values("customer_id", ignore_index=True)
    grid = Grid(Index(customers["customer_id"]), review_days(as_of=as_of, first_review_date=first_review_date))
    facts = _of_account(grid, tables, customers, currency_code=currency_code)
    facts |= _beside_it(grid, tables, customers, policy) | _rated(grid, tables, pds)
    chosen = _is_known(grid, tables, customers).ravel()
    flat = {name: np.broadcast_to(values, grid.shape).ravel()[chosen] for name, values in facts.items()}
    keys = {
        "customer_id": np.repeat(grid.customers.to_numpy(), grid.shape[1])[chosen],
        "review_date": np.tile(grid.days.to_numpy(), grid.shape[0])[chosen],
    }
    return check(DataFrame(keys | flat), LIMIT_INPUTS)


def _of_account(
    grid: Grid, tables: Mapping[str, DataFrame], customers: DataFrame, *, currency_code: str
) -> dict[str, Cells]:
    """Columns of the account: what is owed, sold and paid, customers by days."""
    moves, invoices = tables["movements"], tables["invoices"]
    steps, first_day = open_steps(grid, moves), moves["known_date"].min()
    sales = sales_amount(grid, tables)
    is_own = (customers["customer_type_code"] != "related").to_numpy()
    return {
        **balances(grid, steps),
        **invoice_figures(grid, invoices, customers, first_day=first_day, currency_code=currency_code),
        **order_amounts(grid, tables.get("orders")),
        "unapplied_amount": unapplied_amount(grid, tables),
        "sales_amount_12m": sales,
        "seller_sales_amount_12m": sales[is_own].sum(axis=0)[None, :],
        "n_paid_invoices": n_paid_invoices(grid, steps),
        "first_order_amount": first_order_amounts(grid, invoices, customers, first_day=first_day),
        "days_beyond_terms_12m": days_beyond_terms(grid, moves),
        "peak_ratio": peak_ratios(grid, steps, customers),
    }


def _beside_it(
    grid: Grid, tables: Mapping[str, DataFrame], customers: DataFrame, policy: CreditPolicy
) -> dict[str, Cells]:
    """Columns of what is known beside the account, customers by days."""
    return {
        **{name: customers[name].to_numpy(dtype=object)[:, None] for name in ATTRIBUTES},
        "group_id": customers["group_id"].fillna(customers["customer_id"]).to_numpy(dtype=object)[:, None],
        "guarantee_amount": _guarantees(grid, tables.get("guarantees"), policy),
        "is_in_proceedings": known.is_in_proceedings(grid, tables["events"]),
        "n_incidents_12m": known.n_incidents(grid, tables["incidents"], tables["defaults"]),
        "n_signals": known.n_signals(grid, tables["warnings"]),
        **known.accounts(grid, tables["financials"]),
        **known.limits_in_force(grid, tables["limits"]),
    }


def _rated(grid: Grid, tables: Mapping[str, DataFrame], pds: DataFrame | None) -> dict[str, Cells]:
    """PD, grade, loss given default, default and checks, customers by days."""
    in_default, scale = known.is_in_default(grid, tables["defaults"]), tables["grade_scale"]
    if pds is None:
        ratio = known.probabilities(grid, tables)
        grade = known.graded(ratio, scale)
        today = known.of_last_day(grid, tables["scored"], "grade_code")
        grade[:, -1] = np.where(pd.isna(today), grade[:, -1], today)
    else:
        ratio = known.given_probabilities(grid, pds, "pd_12m").astype(float)
        is_given = "grade_code" in pds
        grade = known.given_probabilities(grid, pds, "grade_code") if is_given else known.graded(ratio, scale)
    gate = np.full(grid.shape, None, dtype=object)
    gate[:, -1] = known.of_last_day(grid, tables["gates"], "gate_code")
    return {
        "pd_12m": np.where(in_default, 1.0, ratio),
        "grade_code": np.where(in_default, known.IN_DEFAULT, grade),
        "lgd_ratio": _lgd(grid, tables["scored"], pds),
        "is_in_default": in_default,
        "gate_code": gate,
    }


def _lgd(grid: Grid, scored: DataFrame, pds: DataFrame | None) -> Floats:
    """Loss given default as laid down for the customer, else the mean of all, else the whole exposure."""
    own = known.of_last_day(grid, scored, "lgd_ratio").astype(float)
    own = np.where(np.isnan(own), scored["lgd_ratio"].mean() if len(scored) else 1.0, own)
    found = np.broadcast_to(own[:, None], grid.shape)
    if pds is None or "lgd_ratio" not in pds:
        return found
    given = known.given_probabilities(grid, pds, "lgd_ratio").astype(float)
    return np.where(np.isnan(given), found, given)


def _guarantees(grid: Grid, guarantees: DataFrame | None, policy: CreditPolicy) -> Floats:
    found = np.zeros(grid.shape)
    if guarantees is not None and len(guarantees):
        rows = recognised_guarantees(guarantees, policy, days=list(grid.days))
        day = grid.days.get_indexer(rows["review_date"])
        found[grid.row(rows, "guarantees"), day] = rows["guarantee_amount"]
    return found


def _is_known(grid: Grid, tables: Mapping[str, DataFrame], customers: DataFrame) -> Bools:
    """Customers with a first act or a relation begun by the day; every one on the last day."""
    enter = np.full(grid.shape[0], grid.shape[1])
    for name, act_date in ACTS:
        np.minimum.at(enter, grid.row(tables[name], name), grid.enter(known_date(tables[name], act_date)))
    enter = np.minimum(enter, grid.enter(customers["relationship_start_date"]))
    found = np.arange(grid.shape[1]) >= enter[:, None]
    found[:, -1] = True
    return found


def _refuse(
    tables: Mapping[str, DataFrame], pds: DataFrame | None, *, as_of: Timestamp, first_review_date: Timestamp
) -> None:
    missing = [name for name in READS if name not in tables]
    if missing:
        raise TableError(f"limit_inputs: tables {', '.join(missing)} are missing; run the stages before limits")
    if "pd_known_12m" not in tables["rating_history"]:
        raise TableError("rating_history: column pd_known_12m is missing; run the stage model again")
    if first_review_date > as_of:
        raise SettingsError(
            f"first day of review {first_review_date.date()} lies after the date of the run {as_of.date()}; "
            "choose an earlier one"
        )
    if pds is not None:
        _refuse_pds(pds)


def _refuse_pds(pds: DataFrame) -> None:
    keys = ["customer_id", "review_date"]
    lacking = [name for name in (*keys, "pd_12m") if name not in pds]
    if lacking:
        raise TableError(f"pds: columns {', '.join(lacking)} are missing; give customer_id, review_date and pd_12m")
    wrong = (pds["pd_12m"] < 0) | (pds["pd_12m"] > 1) | pds.duplicated(keys)
    if wrong.any():
        named = pds.loc[wrong, "customer_id"].astype(str) + "/" + pds.loc[wrong, "review_date"].astype(str)
        raise TableError(
            f"pds: {int(wrong.sum())} rows ({first_keys(named)}) repeat a customer and day or hold no probability; "
            "give one row per customer and day with pd_12m from 0 to 1"
        )
