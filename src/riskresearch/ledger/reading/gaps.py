"""What a delivered ledger cannot tell, and which figures are missing, bounded or assumed therefore."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from pandas import DataFrame

from riskresearch.ledger.reading.mapping import LedgerMapping
from riskresearch.ledger.reading.rows import SourceRows
from riskresearch.ledger.reading.sums import Ints, added_up, positions
from riskresearch.ledger.reading.targets import FLAT

CUT_DAYS = 31
EFFECTS: Mapping[str, str] = {
    "no_customer_names": "customers are shown by account number only",
    "no_groups": "limits and concentration are by account, not by group of companies",
    "no_countries": "no view by country; country rules of policies cannot be checked",
    "no_sectors": "no view by sector; sector concentration is unknown",
    "no_sizes": "no view by size of customer",
    "no_net_amounts": "amounts include tax; loss net of recoverable tax is not known",
    "no_due_date": "no due date is delivered: lateness, overdue and ageing rest on assumed terms or are missing",
    "some_due_dates_assumed": "lateness of the invoices concerned rests on assumed terms",
    "assumed_invoice_date": "days to pay, DSO and terms rest on an assumed date of issue",
    "assumed_recorded_dates": "rows count as known from their own date on; late bookings look known too early",
    "no_credit_notes": "no credit note ratio; cancelled invoices may look unpaid or paid in cash",
    "no_payments": "no payment behaviour: lateness, survival, forecast and default by past-due days are missing",
    "no_partial_payments": "part payments cannot be seen; an invoice counts as paid on its last payment",
    "single_payment_rows": "one payment date per invoice: several part payments appear as one, on the date given",
    "no_unapplied_receipts": "receipts without invoice are not delivered: exposure is gross of unapplied cash",
    "no_open_items": "nothing is open: ageing, exposure and receipts forecast are empty on the last day",
    "no_disputes": "disputed invoices count as late like any other",
    "no_limits": "use of limits and limit history are missing",
    "no_events": "default can only be seen as lateness: no insolvency, write-off, litigation or claim is delivered",
    "no_ratings": "no external rating to compare with",
    "no_financials": "no annual accounts: capacity-based limits are missing",
    "no_orders": "no orders: exposure counts what is invoiced, neither deliveries to be invoiced nor confirmed orders",
    "no_guarantees": "no securities: every exposure counts as unsecured",
    "no_insurer_claims": "limits of an insurer but no claims: loss ratio, refusals and time to payment are missing",
    "no_questionnaires": "no answers of customers or sales staff: expert ratings are missing",
    "fx_rates_assumed": "amounts in foreign currency are converted at rates of the mapping, not the seller's own",
    "cleared_by_date": (
        "what is matched by a clearing counts as known from the clearing date on; a clearing that was reset and what "
        "stood before it is not delivered"
    ),
    "matching_undone": "a matching that was undone is not delivered: before that day the invoice looks open",
    "status_dates_only": (
        "receipts are those the seller reported to the platform, on the days reported; other settlements are unknown"
    ),
    "one_customer": "a single customer: no ranking, concentration or model can be made",
}
_ABSENT_TABLES = {
    "credit_notes": "no_credit_notes",
    "payments": "no_payments",
    "disputes": "no_disputes",
    "limits": "no_limits",
    "events": "no_events",
    "ratings": "no_ratings",
    "financials": "no_financials",
    "questionnaires": "no_questionnaires",
    "orders": "no_orders",
    "guarantees": "no_guarantees",
}
_EMPTY_COLUMNS = {
    "customer_name": "no_customer_names",
    "group_id": "no_groups",
    "country_code": "no_countries",
    "sector_code": "no_sectors",
    "size_code": "no_sizes",
}


def gap_table(
    tables: Mapping[str, DataFrame],
    sources: Sequence[SourceRows],
    mapping: LedgerMapping,
    settled: Ints,
    adapted: Sequence[str] = (),
) -> DataFrame:
    """Return table `gaps`: what the tables, the row shape and the mapping itself say is not known.

    Parameters
    ----------
    settled : what is settled of each invoice, minor units
    adapted : gap codes of the adapters
    """
    effects = {code: EFFECTS[code] for code in _codes(tables, settled)}
    if any(rows.source.rows == FLAT.name for rows in sources) and len(tables["payments"]):
        effects["single_payment_rows"] = EFFECTS["single_payment_rows"]
    if any(rows.n_unrecorded for rows in sources):
        effects["assumed_recorded_dates"] = EFFECTS["assumed_recorded_dates"]
    if mapping.fx and (tables["invoices"]["gross_minor"] != tables["invoices"]["base_minor"]).any():
        effects["fx_rates_assumed"] = EFFECTS["fx_rates_assumed"]
    effects |= {code: EFFECTS[code] for code in adapted} | _cut_payments(tables)
    effects |= {gap.gap_code: gap.effect for gap in mapping.gaps}
    return DataFrame({"gap_code": list(effects), "effect": list(effects.values())})


def _codes(tables: Mapping[str, DataFrame], settled: Ints) -> Iterator[str]:
    invoices, customers = tables["invoices"], tables["customers"]
    yield from (code for name, code in _ABSENT_TABLES.items() if tables[name].empty)
    yield from (code for name, code in _EMPTY_COLUMNS.items() if customers[name].isna().all())
    if invoices["net_minor"].isna().all():
        yield "no_net_amounts"
    assumed = ~invoices["due_date_source_code"].isin(["source", "terms", "text"])
    if assumed.any():
        yield "no_due_date" if assumed.all() else "some_due_dates_assumed"
    if (invoices["invoice_date_source_code"] == "assumed").any():
        yield "assumed_invoice_date"
    if len(customers) == 1:
        yield "one_customer"
    if (tables["limits"]["limit_kind_code"] == "insurer").any() and tables["insurer_claims"].empty:
        yield "no_insurer_claims"
    yield from _settlement_codes(tables, settled)


def _settlement_codes(tables: Mapping[str, DataFrame], settled: Ints) -> Iterator[str]:
    payments, allocations = tables["payments"], tables["allocations"]
    gross = tables["invoices"]["gross_minor"].to_numpy(dtype=np.int64)
    if not (gross > settled).any():
        yield "no_open_items"
    if payments.empty:
        return
    received = allocations[allocations["source_code"] == "payment"]
    amounts = received["amount_minor"].to_numpy(dtype=np.int64)
    if not (amounts < gross[positions(received["invoice_id"], tables["invoices"]["invoice_id"])]).any():
        yield "no_partial_payments"
    place = positions(received["source_id"], payments["payment_id"])
    applied = added_up(received["amount_minor"], place, len(payments))
    if not (applied < payments["amount_minor"].to_numpy(dtype=np.int64)).any():
        yield "no_unapplied_receipts"


def _cut_payments(tables: Mapping[str, DataFrame]) -> dict[str, str]:
    last_invoice, last_receipt = tables["invoices"]["recorded_date"].max(), tables["payments"]["recorded_date"].max()
    if pd.isna(last_receipt) or (last_invoice - last_receipt).days <= CUT_DAYS:
        return {}
    effect = (
        f"receipts end on {last_receipt:%Y-%m-%d}, invoices on {last_invoice:%Y-%m-%d}, "
        f"{(last_invoice - last_receipt).days} days later: the extraction looks cut, paid invoices may look unpaid; "
        f"run with --as-of {last_receipt:%Y-%m-%d} or earlier"
    )
    return {"payments_end_before_invoices": effect}
