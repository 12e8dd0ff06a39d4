"""Who owes and what stands against it: customers, roles of accounts, opening entries, sales journals."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any, Literal

import pandas as pd
from pandas import DataFrame, Series, Timedelta

ROLE_OF_ROOT: Mapping[str, str] = {
    "411": "customer",
    "413": "bill",
    "416": "doubtful",
    "418": "unbilled",
    "419": "advance",
    "467": "factor",
    "519": "factor",
    "51": "cash",
    "53": "cash",
    "54": "cash",
    "58": "cash",
    "627": "bank_fee",
    "654": "write_off",
    "6714": "write_off",
    "665": "discount",
    "445": "vat",
    "658": "rounding",
    "758": "rounding",
    "656": "rounding",
    "756": "rounding",
    "666": "rounding",
    "766": "rounding",
    "763": "finance",
    "487": "sale",
    "7": "sale",
    "76": "other",
    "78": "allowance",
    "68": "allowance",
    "491": "allowance",
    "7714": "write_off",
}
ROLES = (
    "bank_fee",
    "bill",
    "cash",
    "customer",
    "discount",
    "doubtful",
    "factor",
    "finance",
    "advance",
    "allowance",
    "other",
    "rounding",
    "sale",
    "unbilled",
    "vat",
    "write_off",
)
RECEIVABLE_ROLES = ("customer", "bill", "doubtful")
OPENING_CODE = re.compile(r"AN|RAN|ANO|ANV|ANC|RN|A\.N\.?|A/N|OUV|ANOUV\w*", re.IGNORECASE)
OPENING_WORDS = re.compile(
    r"\ba[ -]?nouveau|\breport (a|exercice|de l.exercice)|\bouverture\b|\bbalance initiale|\bbilan (de )?debut"
    r"|\bopening (balance|entr)"
)
METHOD_OF_ROOT: Mapping[str, str] = {"53": "cash", "5112": "cheque", "5113": "bill", "5114": "bill"}
SALES_JOURNAL_RATIO = 0.5
OPENING_SPAN = Timedelta(days=31)


def plain(text: str) -> str:
    """Return the text in lower case without accents."""
    letters = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def role_of_account(account: str) -> str:
    """Return the role of an account of the French chart of accounts, by its longest known root.

    Examples
    --------
    >>> role_of_account("41100000"), role_of_account("51210000"), role_of_account("5190"), role_of_account("7097")
    ('customer', 'cash', 'factor', 'sale')
    """
    roots = (account[:length] for length in (4, 3, 2, 1))
    return next((ROLE_OF_ROOT[root] for root in roots if root in ROLE_OF_ROOT), "other")


def add_roles(lines: DataFrame) -> DataFrame:
    """Return the lines with ``role_code``, ``customer_id``, ``is_receivable`` and ``is_opening``.

    A receivable line is one of accounts 411 (customers), 413 (bills) or 416 (doubtful) that names
    its customer. ``is_opening`` marks carried balances: journal code, journal name or (on the
    file's first day) the text says so, the day is in the file's first month, and no line of the
    entry is on a class 6 or 7 account.
    """
    role = _map_distinct(lines["account"], role_of_account, "str")
    customer = _customers(lines, role)
    return lines.assign(
        role_code=role,
        customer_id=customer,
        is_receivable=role.isin(RECEIVABLE_ROLES) & customer.notna(),
        is_opening=_opening(lines),
    )


def entry_sides(lines: DataFrame) -> DataFrame:
    """Return the totals (cents) of each entry: one row per entry and side, one column per role."""
    touched = lines[lines["is_receivable"].groupby(lines["entry_id"]).transform("any")]
    return (
        touched.assign(total=touched["net_minor"].abs(), is_debit=touched["net_minor"] > 0)
        .groupby(["entry_id", "is_debit", "role_code"])["total"]
        .sum()
        .unstack(fill_value=0)
        .reindex(columns=list(ROLES), fill_value=0)
    )


def against(sides: DataFrame, lines: DataFrame) -> DataFrame:
    """Return what stands against each line: the totals of the opposite side of its entry, by role."""
    opposite = pd.MultiIndex.from_arrays([lines["entry_id"], lines["net_minor"] < 0])
    return sides.reindex(opposite, fill_value=0).set_index(lines.index)


def payment_methods(lines: DataFrame, receivables: DataFrame) -> Series:
    """Return how each receivable line was paid, where the entry's one kind of cash account tells it.

    Account 53: cash, 5112: cheque, 5113 and 5114 and any receipt on account 413: bill; else empty.
    """
    cash = lines[lines["role_code"].eq("cash") & lines["entry_id"].isin(receivables["entry_id"].unique())]
    method = _map_distinct(cash["account"], method_of_account, "str")
    entries = method.groupby(cash["entry_id"]).agg(["nunique", "first"])
    known = entries.loc[entries["nunique"].eq(1), "first"]
    return receivables["entry_id"].map(known).mask(receivables["role_code"].eq("bill"), "bill").replace("", None)


def method_of_account(account: str) -> str:
    """Return the means of payment a cash account stands for; empty if it does not say.

    Examples
    --------
    >>> method_of_account("53100000"), method_of_account("51120000"), method_of_account("51210000")
    ('cash', 'cheque', '')
    """
    return next((method for root, method in METHOD_OF_ROOT.items() if account.startswith(root)), "")


def sales_journals(receivables: DataFrame, opposite: DataFrame) -> Series:
    """Return for each line whether its journal is one in which most customer debits stand against sales."""
    is_debit = receivables["net_minor"].gt(0) & ~receivables["is_opening"]
    is_sale = opposite["sale"].gt(0)
    ratio = is_sale[is_debit].groupby(receivables.loc[is_debit, "journal_code"]).mean()
    return receivables["journal_code"].map(ratio >= SALES_JOURNAL_RATIO).eq(True)


def _customers(lines: DataFrame, role: Series) -> Series:
    """Return CompAuxNum, else the 411 account itself; 413DUPONT and 416DUPONT belong to 411DUPONT."""
    account, aux = lines["account"], lines["aux_number"]
    own = aux.where(aux != "", account.where(role == "customer"))
    split = set(account[(role == "customer") & (aux == "")])
    is_other = (aux == "") & role.isin(("bill", "doubtful"))
    twin = "411" + account[is_other].str[3:]
    twin = twin.where(twin.isin(split) & ~is_collective(account[is_other]))
    own = own.where(~is_other, twin.reindex(lines.index))
    return own.where(role.isin(RECEIVABLE_ROLES)).astype("str")


def is_collective(accounts: Series) -> Series:
    """Return which accounts name no customer, such as 411 or 41100000 (but not 411DUPONT or 41100012)."""
    return accounts.str[3:].str.strip("0").eq("").astype(bool)


def _opening(lines: DataFrame) -> Series:
    first_day = lines.groupby("year_no")["entry_date"].transform("min")
    is_first_day = lines["entry_date"].eq(first_day)
    is_early = lines["entry_date"] - first_day <= OPENING_SPAN
    named = _map_distinct(lines["journal_code"], lambda code: bool(OPENING_CODE.fullmatch(code)), "bool")
    named |= _map_distinct(lines["journal_label"], _says_opening, "bool")
    said = Series(False, index=lines.index)
    said[is_first_day] = _map_distinct(lines.loc[is_first_day, "label"], _says_opening, "bool")
    has_result = lines["account"].str[:1].isin(["6", "7"]).groupby(lines["entry_id"]).transform("any")
    return ((named & is_early) | said) & ~has_result


def _says_opening(text: str) -> bool:
    return OPENING_WORDS.search(plain(text)) is not None


def _map_distinct(texts: Series, function: Callable[[str], Any], dtype: Literal["str", "bool"]) -> Series:
    """Apply a function to each text, computing it once per distinct text."""
    return texts.map({text: function(text) for text in texts.unique()}).astype(dtype)
