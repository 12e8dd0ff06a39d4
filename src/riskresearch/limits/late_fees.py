"""What open overdue items give a right to under the policy: interest and a fixed sum, by the rule of the country."""

from collections.abc import Mapping
from datetime import date

import numpy as np
from pandas import DataFrame, Index, Series, Timestamp

from riskresearch.base.payment_law import (
    DAYS_PER_YEAR,
    DIRECTIVE_MARGIN_RATIO,
    ECB_MAIN_REFINANCING,
    LEGAL_INTEREST,
    late_interest,
    late_rates,
)
from riskresearch.base.schema import Column, Table
from riskresearch.limits.policy.policy import CreditPolicy
from riskresearch.limits.policy.rules import CountryRule

FEE_RULES = ("french_law", "french_public_buyer", "eu_directive", "contract", "none", "private_person", "disputed")

LATE_FEES = Table(
    "late_fees",
    "limits",
    "one row per open overdue item",
    ("item_id",),
    (
        Column("customer_id", "text", "customer account"),
        Column("invoice_id", "text", "invoice"),
        Column("item_id", "text", "the invoice, or one of its instalments"),
        Column("country_code", "text", "country of the customer", True),
        Column("due_date", "date", "due date"),
        Column("days_past_due", "int", "days after the due date"),
        Column("open_amount", "float", "open amount, run currency"),
        Column("fee_rule_code", "code", "what the claim rests on, or why there is none", False, FEE_RULES),
        Column(
            "interest_amount", "float", "interest to date, run currency; empty = no rate known for a half-year", True
        ),
        Column("fixed_fee_amount", "float", "fixed sum, once per late invoice, run currency"),
    ),
)


def late_fees(
    open_invoices: DataFrame,
    customers: DataFrame,
    policy: CreditPolicy,
    *,
    as_of: Timestamp,
    reference: Mapping[date, float] = ECB_MAIN_REFINANCING,
    legal_interest: Mapping[date, float] = LEGAL_INTEREST,
) -> DataFrame:
    """Return table `late_fees`: a claim, not income; nobody is charged by it.

    Interest is simple and runs from the day after the due date on the amount still open, tax included, each day at
    the rate of its half-year, a year of 365 days. The country's line of the policy says which rule holds:

    - ``french_law``: ECB main refinancing rate plus 10 points; where the policy names an agreed rate that one, at
      least 3 times the legal interest rate. Public buyers owe the reference rate plus 8 points.
    - ``eu_directive``: reference rate plus 8 points, the least a member state may lay down.
    - ``contract``: the agreed rate; ``none``: no interest.

    Private persons are outside the two laws and owe nothing by the invoice alone, disputed items nothing yet. The
    fixed sum of the country's line is owed once per invoice and stands with its item overdue longest.

    Parameters
    ----------
    open_invoices : ``customer_id invoice_id item_id due_date days_past_due open_amount is_disputed``, as of `as_of`
    customers : ``customer_id country_code customer_type_code``
    policy : rules by country
    as_of : last day of lateness
    reference, legal_interest : rates by first day of the half-year, see `riskresearch.base.payment_law`

    References
    ----------
    Code de commerce L441-10 II and D441-5; Code de la commande publique R2192-31; Directive 2011/7/EU art. 3 and 6.
    """
    late = open_invoices[(open_invoices["days_past_due"] > 0).fillna(False).astype(bool)].reset_index(drop=True)
    known = customers.set_index("customer_id").reindex(Index(late["customer_id"])).reset_index(drop=True)
    country = known["country_code"].astype("str")
    rules = {code: policy.country(code) for code in country.fillna("").unique()}
    line = country.fillna("")
    of_line = line.map({code: rule.late_interest_code for code, rule in rules.items()})
    rule_code = _rule_codes(of_line, known["customer_type_code"], late["is_disputed"])
    owes = ~rule_code.isin(["private_person", "disputed"])
    fee = line.map({code: rule.late_fee_amount for code, rule in rules.items()}).astype("float64")
    interest = Series(0.0, late.index)
    bears = owes & (rule_code != "none")
    for key, rows in late[bears].groupby([rule_code[bears], line[bears]]):
        rates = _rates(key[0], rules[key[1]], reference, legal_interest)
        interest[rows.index] = _interest(rows, rates, as_of=as_of)
    return late.assign(
        country_code=country,
        fee_rule_code=rule_code,
        interest_amount=interest,
        fixed_fee_amount=fee.where(owes & _is_first(late, owes), 0.0),
    )[LATE_FEES.names]


def _rule_codes(of_line: Series, customer_type: Series, is_disputed: Series) -> Series:
    by_law = of_line.isin(["french_law", "eu_directive"])
    cases = {
        "disputed": is_disputed.astype(bool),
        "private_person": by_law & (customer_type == "private"),
        "french_public_buyer": (of_line == "french_law") & (customer_type == "public"),
    }
    return Series(np.select(list(cases.values()), list(cases), of_line), index=of_line.index)


def _rates(
    rule_code: str, rule: CountryRule, reference: Mapping[date, float], legal_interest: Mapping[date, float]
) -> Series | float:
    """Yearly rates by first day of the half-year, or one rate for all days."""
    if rule_code == "contract":
        return rule.late_interest_ratio
    if rule_code == "french_law":
        agreed = rule.late_interest_ratio or None
        return late_rates(reference=reference, legal_interest=legal_interest, agreed_ratio=agreed)
    return late_rates(reference=reference, margin_ratio=DIRECTIVE_MARGIN_RATIO)


def _interest(late: DataFrame, rates: Series | float, *, as_of: Timestamp) -> Series:
    amount = late["open_amount"].astype("float64")
    if isinstance(rates, float):
        return amount * rates * late["days_past_due"].astype("float64") / DAYS_PER_YEAR
    return late_interest(amount * 100, due=late["due_date"], until=Series(as_of, late.index), rates=rates) / 100


def _is_first(late: DataFrame, owes: Series) -> Series:
    """Tell which item of each invoice is overdue longest, of those that owe anything."""
    order = late[owes].sort_values(["days_past_due", "item_id"], ascending=[False, True], kind="stable")
    first = order.drop_duplicates("invoice_id").index
    return Series(late.index.isin(first), index=late.index)


def late_fees_by_customer(fees: DataFrame) -> DataFrame:
    """Return what each customer owes for lateness.

    Parameters
    ----------
    fees : table `late_fees`

    Returns
    -------
    DataFrame ``customer_id n_items open_amount interest_amount fixed_fee_amount late_fee_amount``, the largest
    claim first; an interest that is not known for one item is not known for its customer.
    """
    rows = fees.sort_values("item_id", kind="stable")
    groups = rows.groupby("customer_id")
    sums = groups[["open_amount", "interest_amount", "fixed_fee_amount"]].sum()
    unknown = groups["interest_amount"].apply(lambda values: values.isna().any()).astype(bool)
    sums = sums.assign(interest_amount=sums["interest_amount"].mask(unknown))
    sums.insert(0, "n_items", groups.size())
    sums["late_fee_amount"] = sums["interest_amount"] + sums["fixed_fee_amount"]
    return sums.sort_values("late_fee_amount", ascending=False, kind="stable", na_position="last").reset_index()
