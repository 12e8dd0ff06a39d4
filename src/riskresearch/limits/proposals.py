"""The four numbers of a limit, the one that binds, and what each method says."""

import numpy as np
import pandas as pd
from pandas import DataFrame, Series, Timestamp

from riskresearch.base.schema import Column, Table
from riskresearch.limits.applicants import KEYS, Applicants
from riskresearch.limits.methods.capacity import has_fresh_accounts
from riskresearch.limits.methods.joined import amounts, decisive, join
from riskresearch.limits.methods.registry import METHODS

QUESTIONS = ("need", "capacity", "risk", "cap")
NO_AMOUNT, IN_DEFAULT, FLOOR = "no_amount", "default", "floor"
"""Binding codes where no method decides: nothing is known, the customer is in default, or the policy names it."""
BINDING_QUESTIONS = (*QUESTIONS, NO_AMOUNT, IN_DEFAULT, FLOOR)

LIMIT_METHODS = Table(
    "limit_methods",
    "limits",
    "one row per customer, day and method of the policy; before securities, country and currency lower its amount",
    ("customer_id", "review_date", "method_code"),
    (
        Column("customer_id", "text", "customer account"),
        Column("review_date", "date", "day of review"),
        Column("question_code", "code", "question the method answers", False, QUESTIONS),
        Column("method_code", "text", "limit method"),
        Column("amount", "float", "what the method allows, run currency; empty = it sets no bound", True),
        Column("is_unbounded", "bool", "any amount is fine by this method: PD 0, or worth it at any amount"),
        Column("is_decisive", "bool", "its amount is the answer to its question"),
        Column("is_binding", "bool", "its amount is the proposed limit"),
    ),
)


def proposals(applicants: Applicants) -> DataFrame:
    """Return the four numbers of each row, the smallest of them and what decided it.

    need: what the customer will owe; capacity: what it can carry; risk: what its default may cost; cap: what seller,
    insurer, bureau or country allow. Each joins its methods as the policy says; a method without an amount does not
    bind. Capacity, risk and cap, that is what may be risked, are lowered by the factor of the country and the haircut
    of the currency of the invoices; the need is not. At PD 0 nothing is risked, and the risk number is the cap. The
    limit is for what is owed without security, so securities in force lower the need, not below 0, and nothing else.
    A customer for whom the policy lays down a smallest limit gets at least that; in default nobody gets any.

    Parameters
    ----------
    applicants : rows and policy; any days mixed, those of one day as complete as groups and countries with a total
        limit need

    Returns
    -------
    DataFrame, index and order of the rows: ``customer_id review_date need_amount capacity_amount risk_amount
    cap_amount kept_ratio binding_question_code binding_code proposed_amount missing_codes``. ``proposed_amount`` is
    not rounded and 0 in default; ``kept_ratio`` is what country and currency leave; ``missing_codes`` names inputs
    that were not known, see `missing_codes`.
    """
    found = {question: amounts(applicants, question) for question in QUESTIONS}
    numbers, kept = _numbers(applicants, found)
    bounded = numbers.mask(np.isinf(numbers))
    smallest, floor = bounded.min(axis=1).fillna(0.0), floor_amounts(applicants)
    question = _binding_question(bounded).mask(floor > smallest, FLOOR).mask(applicants.in_default, IN_DEFAULT)
    return DataFrame(
        {
            **{key: applicants.rows[key] for key in KEYS},
            **{f"{name}_amount": _without_infinity(numbers, name) for name in QUESTIONS},
            "kept_ratio": kept,
            "binding_question_code": question.astype("str"),
            "binding_code": _binding_method(applicants, found, question),
            "proposed_amount": smallest.clip(lower=floor).mask(applicants.in_default, 0.0),
            "missing_codes": missing_codes(applicants),
        }
    )


def method_amounts(applicants: Applicants, proposed: DataFrame) -> DataFrame:
    """Return table `limit_methods`: what every method of the policy allows, and which decided.

    Parameters
    ----------
    applicants : rows and policy
    proposed : frame of `proposals` for the same applicants
    """
    parts = []
    for question in QUESTIONS:
        found = amounts(applicants, question)
        first = decisive(found, getattr(applicants.policy.methods, question).join)
        binds = proposed["binding_question_code"] == question
        parts += [
            applicants.rows[KEYS].assign(
                question_code=question,
                method_code=name,
                amount=found[name].mask(np.isinf(found[name])),
                is_unbounded=np.isinf(found[name]),
                is_decisive=(first == name).astype(bool),
                is_binding=binds & (proposed["binding_code"] == name),
            )
            for name in found
        ]
    long = pd.concat(parts, ignore_index=True)
    return long.sort_values(list(LIMIT_METHODS.keys), ignore_index=True)[LIMIT_METHODS.names]


def missing_codes(applicants: Applicants) -> Series:
    """Return the inputs of each row that the methods of the policy would use and that are not known, joined by +.

    no_accounts, stale_accounts (older than ``triggers.accounts_max_months``), no_check (the check of a new customer has
    neither passed nor failed), no_insurer_limit (never asked, where the segment asks for one), no_pd, no_sales (none in
    twelve months). Empty where all is known.
    """
    rows, used = applicants.rows, _methods_used(applicants)
    kinds = {rule.segment_code: rule.insurer_cap_code for rule in applicants.policy.segments}
    accounts = rows["net_worth_amount"].notna() | rows["revenue_amount"].notna()
    asks = {
        "no_accounts": ({"net_worth_share", "revenue_share"}, ~accounts),
        "stale_accounts": ({"net_worth_share", "revenue_share"}, accounts & ~has_fresh_accounts(applicants)),
        "no_check": ({"new_customer_cap"}, applicants.starts_afresh & rows["gate_code"].eq("unknown")),
        "no_insurer_limit": (
            {"insurer_cap"},
            rows["insurer_limit_amount"].isna() & (rows["segment_code"].map(kinds) != "none"),
        ),
        "no_pd": ({"loss_budget", "economic_value"}, rows["pd_12m"].isna()),
        "no_sales": ({"sales_need"}, ~(applicants.known("sales_amount_12m") > 0)),
    }
    codes = Series("", index=rows.index, dtype="str")
    for code, (methods, is_missing) in asks.items():
        if methods & used:
            codes = codes + np.where(is_missing.astype(bool), f"+{code}", "")
    return codes.str.removeprefix("+").replace("", None).astype("str")


def kept_ratio(applicants: Applicants) -> Series:
    """Return the share of what may be risked that country and currency leave: factor × (1 − haircut).

    An empty currency is that of the run and has no haircut.
    """
    codes = applicants.rows["currency_code"]
    haircut = {code: applicants.policy.currency(code).haircut_ratio for code in codes.dropna().unique()}
    return applicants.by_country("limit_factor") * (1 - codes.map(haircut).astype("float64").fillna(0.0))


def floor_amounts(applicants: Applicants) -> Series:
    """Return the smallest limit the policy lays down for a customer on the day of review; 0 without an exception."""
    rows = applicants.rows
    floor = Series(0.0, index=rows.index)
    for rule in applicants.policy.exceptions:
        first = Timestamp.min if rule.start_date is None else Timestamp(rule.start_date)
        holds = rows["review_date"].between(first, Timestamp(rule.end_date)) & (rows["customer_id"] == rule.customer_id)
        floor = floor.mask(holds, np.maximum(floor, rule.floor_amount))
    return floor


def _numbers(applicants: Applicants, found: dict[str, DataFrame]) -> tuple[DataFrame, Series]:
    """Four numbers by row, infinite where any amount is fine, and what country and currency leave."""
    kept = kept_ratio(applicants)
    numbers = {name: join(found[name], getattr(applicants.policy.methods, name).join) for name in QUESTIONS}
    lowered = {name: number * kept for name, number in numbers.items()}
    lowered["need"] = (numbers["need"] - applicants.known("guarantee_amount")).clip(lower=0)
    return DataFrame(lowered, index=applicants.rows.index), kept.rename("kept_ratio")


def _without_infinity(numbers: DataFrame, name: str) -> Series:
    """A number for the table: the cap where any amount is fine."""
    cap = numbers["cap"].mask(np.isinf(numbers["cap"]))
    return numbers[name].mask(np.isinf(numbers[name]), cap)


def _binding_question(bounded: DataFrame) -> Series:
    known = bounded.notna().any(axis=1)
    return bounded.loc[known].idxmin(axis=1).reindex(bounded.index).astype("str").fillna(NO_AMOUNT)


def _binding_method(applicants: Applicants, found: dict[str, DataFrame], question: Series) -> Series:
    code = question.copy()
    for name, by_method in found.items():
        first = decisive(by_method, getattr(applicants.policy.methods, name).join)
        code = code.mask(question == name, first)
    return code.astype("str")


def _methods_used(applicants: Applicants) -> set[str]:
    named = {name for _, question in applicants.policy.methods for name in question.methods}
    return named & set(METHODS.names)
