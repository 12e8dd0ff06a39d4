"""What a FEC cannot tell, and what that does to the figures."""

from collections.abc import Sequence

from pandas import DataFrame

from riskresearch.ledger.fec.roles import is_collective

ALWAYS = {
    "no_disputes": "invoices held back by a dispute count as late",
    "no_limits": "no limit in the books: use of limits needs a table of limits",
    "no_orders": "no orders in the books: exposure counts what is invoiced",
    "no_guarantees": "no securities in the books: every exposure counts as unsecured",
    "no_ratings": "no rating or insolvency notice: default is seen only through payments and losses",
    "no_financials": "no annual accounts of customers",
    "no_customer_attributes": "no country, sector, size or group: no segment, no concentration by group",
    "amounts_include_tax": "receivables include VAT; amounts before tax only where an entry holds one invoice",
    "payment_date_is_accounting_date": "a payment counts on the accounting date of its bank line, maybe days "
    "after the value date; cheques and bills handed to the bank count when they are booked in",
    "recorded_date_is_accounting_date": "the day an entry was typed is unknown: a late entry looks known earlier",
}

WHERE_FOUND = {
    "no_entry_numbers": "{n} lines have no usable EcritureNum: journal, date and PieceRef tell which belong together",
    "single_fiscal_year": "one fiscal year: invoices still open are cut off at its end, earlier payments are unknown, "
    "no year can be compared",
    "opening_age_lost": "{n} opening items name no document: they count as issued on the opening day, so they are at "
    "least as old as shown",
    "no_lettering": "no letter in the books: receipts stay on account and invoices open, no days to pay",
    "foreign_currency_as_booked": "{n} lines in foreign currency are taken at the booked amount; exchange differences "
    "are settlements",
    "collective_account": "{n} lines stand on account 411 without customer and count as one customer named by the "
    "account",
    "receivables_without_customer": "{n} lines on 413 or 416 name no customer: their bills count as settled when "
    "accepted, their doubtful items stay open",
    "no_default_label": "no account 416, 491 or 654: no doubtful customer and no loss is booked; default must be "
    "defined by lateness",
}


def gaps(lines: DataFrame, receivables: DataFrame, items: DataFrame, *, assumed_terms_days: int) -> DataFrame:
    """Return table ``gaps``: one row per thing this delivery cannot tell, with the figures concerned."""
    return DataFrame(
        [*ALWAYS.items(), _due_date(assumed_terms_days), *_found(lines, receivables), *_of_items(items)],
        columns=["gap_code", "effect"],
    )


def _due_date(assumed_terms_days: int) -> tuple[str, str]:
    return (
        "no_due_date",
        f"due date = date of issue + {assumed_terms_days} days, an assumption: days beyond terms, overdue amounts "
        "and ageing by due date depend on it; DSO, days to pay and survival from issue do not",
    )


def _found(lines: DataFrame, receivables: DataFrame) -> Sequence[tuple[str, str]]:
    is_opening_item = receivables["kind_code"] == "opening_item"
    is_collective_line = receivables["aux_number"].eq("") & is_collective(receivables["account"])
    counts = {
        "no_entry_numbers": (~lines["is_numbered"]).sum(),
        "single_fiscal_year": receivables["year_no"].max() == 0,
        "opening_age_lost": (is_opening_item & receivables["is_age_lost"]).sum(),
        "no_lettering": receivables["letter"].eq("").all(),
        "foreign_currency_as_booked": receivables["foreign_code"].ne("").sum(),
        "collective_account": is_collective_line.sum(),
        "receivables_without_customer": (lines["role_code"].isin(["bill", "doubtful"]) & ~lines["is_receivable"]).sum(),
        "no_default_label": not _has_loss(lines),
    }
    return [(code, WHERE_FOUND[code].format(n=int(count))) for code, count in counts.items() if count]


def _has_loss(lines: DataFrame) -> bool:
    has_role = lines["role_code"].isin(["doubtful", "write_off"])
    return bool((has_role | lines["account"].str.startswith("491")).any())


def _of_items(items: DataFrame) -> Sequence[tuple[str, str]]:
    credit = items[~items["is_debit"]]
    loose = credit.loc[credit["letter"] == "", "amount_minor"].sum()
    total = credit["amount_minor"].sum()
    if not loose:
        return []
    return [
        (
            "unlettered_credits",
            f"{loose / total:.1%} of credits carry no letter and stay on account; the invoices they paid look open",
        )
    ]
