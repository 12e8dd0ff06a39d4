"""Limits for the ERP: one row per customer as CSV, and as a workbook in words with what changes."""

from dataclasses import dataclass
from decimal import Decimal

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.report.cells import header, kind_of, texts_of
from riskresearch.report.export import csv_bytes, workbook_bytes
from riskresearch.report.limit_reasons import told_limits
from riskresearch.report.translator import Translator

COLUMNS = (
    *("customer_id", "limit_amount", "temporary_limit_amount", "currency_code", "terms_days"),
    *("guarantees_required", "guarantees_in_force", "deposit_ratio", "valid_from_date", "valid_to_date"),
    *("action_code", "current_limit_amount", "change_amount", "unsecured_amount", "over_limit_amount"),
    *("segment_code", "decision_code", "reason", "needed_approver_code", "is_second_approver_needed"),
    *("approver", "approved_on", "policy_id", "policy_version"),
)
"""Columns of ``limits.csv``, in order; their names are kept from version to version."""
BLANK = ("approver", "approved_on")
CENTS = Decimal("0.01")


@dataclass(frozen=True)
class SheetFacts:
    """What a sheet of limits says about itself.

    Parameters
    ----------
    policy_id, policy_version : policy the limits follow
    policy_name : its name in the language of the sheet
    approved_by : who signed it; None = a draft
    currency_code : currency of every amount
    as_of : day the limits rest on
    is_synthetic : the ledger was generated
    """

    policy_id: str
    policy_version: int
    policy_name: str
    approved_by: str | None
    currency_code: str
    as_of: pd.Timestamp
    is_synthetic: bool


def limit_sheet(
    credit_limits: DataFrame,
    limit_exposures: DataFrame,
    limit_figures: DataFrame,
    *,
    facts: SheetFacts,
    words: Translator,
) -> DataFrame:
    """Return the limits as an ERP takes them: one row per customer, columns `COLUMNS`, amounts to the cent.

    The limit bounds what no security covers; a temporary increase comes on top of it until it ends. The approver and
    the day of the approval are left blank: a person fills them in.

    Parameters
    ----------
    credit_limits : table `credit_limits` with a column ``is_second_approver_needed``
    limit_exposures : table `limit_exposures`, for the securities in force
    limit_figures : table `limit_figures`, for the reasons
    facts : policy, currency
    words : language of the reasons
    """
    in_force = limit_exposures.set_index("customer_id")["guarantee_codes"]
    frame = credit_limits.assign(
        currency_code=facts.currency_code,
        guarantees_in_force=credit_limits["customer_id"].map(in_force),
        reason=told_limits(credit_limits, limit_figures, words=words),
        needed_approver_code=credit_limits["approver_code"],
        policy_id=facts.policy_id,
        policy_version=facts.policy_version,
        **dict.fromkeys(BLANK),
    )
    amounts = [name for name in COLUMNS if name.endswith("_amount") and name in frame]
    frame[amounts] = frame[amounts].round(2)
    frame["change_amount"] = (frame["limit_amount"] - frame["current_limit_amount"].fillna(0.0)).round(2)
    return frame.sort_values("customer_id", ignore_index=True)[list(COLUMNS)]


def limits_csv(sheet: DataFrame) -> bytes:
    """Return ``limits.csv``: stable names, codes as they are, two decimals for amounts, no text acts as a formula.

    Parameters
    ----------
    sheet : frame of `limit_sheet`
    """
    amounts = {name: _cents(sheet[name]) for name in sheet if name.endswith("_amount")}
    days = sheet["terms_days"].map(lambda value: None if pd.isna(value) else f"{value:g}").astype("str")
    return csv_bytes(sheet.assign(**amounts, terms_days=days))


def limits_workbook(sheet: DataFrame, changes: DataFrame, *, facts: SheetFacts, words: Translator) -> bytes:
    """Return ``limits.xlsx``: the limits, what changes by segment and action, and what they rest on, in words.

    Parameters
    ----------
    sheet : frame of `limit_sheet`
    changes : frame of `riskresearch.limits.credit.limit_changes`
    facts : policy, currency, day
    words : language of headings and codes
    """
    frames = {
        words.t("sheet.limits"): _in_words(sheet, words),
        words.t("sheet.changes"): _in_words(changes, words),
        words.t("sheet.about"): _about(facts, words),
    }
    headings = {name: header(name, words, frame) for frame in (sheet, changes) for name in frame}
    headings |= {"terms_days": words.t("sheet.terms"), "fact": words.t("sheet.fact"), "said": words.t("sheet.said")}
    return workbook_bytes(frames, headings=headings)


def _cents(amounts: Series) -> Series:
    """Amounts with two decimals, as text would have them; empty where there is none."""
    exact = [None if pd.isna(value) else Decimal(repr(float(value))).quantize(CENTS) for value in amounts]
    return Series(exact, index=amounts.index, dtype=object)


def _in_words(frame: DataFrame, words: Translator) -> DataFrame:
    """Codes and flags in words, everything else as it is; what is empty stays empty."""
    coded = [name for name in frame if kind_of(frame, name) in ("code", "codes", "flag")]
    told = {name: Series(texts_of(frame, name, words), index=frame.index).where(frame[name].notna()) for name in coded}
    return frame.assign(**told)


def _about(facts: SheetFacts, words: Translator) -> DataFrame:
    lines = [
        (words.t("sheet.policy"), f"{facts.policy_name} ({facts.policy_id})"),
        (words.t("sheet.version"), str(facts.policy_version)),
        (words.t("sheet.approved_by"), facts.approved_by or words.t("sheet.draft")),
        (words.t("sheet.as_of"), words.date(facts.as_of)),
        (words.t("sheet.currency"), facts.currency_code),
        (words.t("sheet.bounds"), words.t("sheet.bounds_detail")),
    ]
    if facts.is_synthetic:
        lines.append((words.t("page.synthetic"), words.t("page.synthetic_detail")))
    return DataFrame(lines, columns=["fact", "said"])
