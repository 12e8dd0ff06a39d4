"""Fields of a credit policy in words: each by the unit its name carries."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from babel import Locale
from pandas import DataFrame, Series

from riskresearch.report.cells import Grid
from riskresearch.report.page.context import Block, grid_block, note
from riskresearch.report.translator import Translator

FAMILIES: Mapping[str, str] = {
    "segment_code": "segment",
    "dunning_scenario_code": "segment",
    "method_code": "limit_method",
    "reason_codes": "reason",
    "requester_codes": "approver",
    "guarantees_required": "guarantee",
    "guarantees_wanted": "guarantee",
}
LISTS = ("reason_codes", "requester_codes", "guarantees_required", "guarantees_wanted")
SHARES = r"_ratio$|^(need|limit)_factor$"
DAYS = r"(^|_)days(_|$)"
AS_WRITTEN = ("policy_id", "customer_id", "name_en", "name_fr", "approved_by", "grade_code", "source", "reason")
ANY = "*"


@dataclass(frozen=True)
class Policy:
    """A credit policy as it is drawn.

    Parameters
    ----------
    rows : frames of `riskresearch.limits.policy.rows.policy_rows`
    words : language
    currency_code : currency of the amounts; None = that of whatever run uses the policy
    """

    rows: Mapping[str, DataFrame]
    words: Translator
    currency_code: str | None

    def one(self, part: str) -> Series:
        """Return the only row of a part."""
        return self.rows[part].iloc[0]

    def field(self, part: str, name: str) -> str:
        """Return the words for a field of a part."""
        return self.words.label("policy_field", f"{part}.{name}")

    def value(self, name: str, value: Any, *, empty: str = "missing.none") -> str:
        """Return the value of a field as text; `empty` is the message for a field without value."""
        if value is None or pd.isna(value):
            return self.words.t(empty)
        found = next((way for pattern, way in WAYS if re.search(pattern, name)), _plain)
        return found(self, name, value)

    def amount(self, value: float) -> str:
        """Return an amount, with its currency where it is known."""
        whole = float(value).is_integer()
        if self.currency_code is None:
            return self.words.number(value, 0 if whole else 2)
        return self.words.amount(value, 0 if whole else 2)

    def pairs(self, part: str, caption: str) -> tuple[Block, ...]:
        """Return a part of one row as a table of rules and values, with its source below."""
        row = self.one(part)
        empty = EMPTY.get(part, {})
        fields = [name for name in row.index if name != "source"]
        lines = [(self.field(part, n), self.value(n, row[n], empty=empty.get(n, "missing.none"))) for n in fields]
        heads = (self.words.t("credit_policy.rule"), self.words.t("credit_policy.value"))
        table = grid_block(Grid(heads, tuple(lines), (False, False)), caption=caption)
        return (table, self.source(row)) if "source" in row.index else (table,)

    def lines(self, part: str, caption: str, *, names: Sequence[str] = ()) -> Block:
        """Return a part of many rows as a table, one line each."""
        frame = self.rows[part]
        shown = list(names or frame.columns)
        empty = EMPTY.get(part, {})
        cells = [[self.value(n, v, empty=empty.get(n, "missing.none")) for v in frame[n]] for n in shown]
        heads = tuple(self.field(part, name) for name in shown)
        numbers = tuple(bool(re.search(NUMBERS, name)) for name in shown)
        return grid_block(Grid(heads, tuple(zip(*cells, strict=True)), numbers), caption=caption)

    def source(self, row: Series) -> Block:
        """Return where the values of a part come from."""
        return note(self.words.t("credit_policy.source", source=str(row["source"]).rstrip(".")))


EMPTY: Mapping[str, Mapping[str, str]] = {
    "policy": {"currency_code": "credit_policy.of_run", "approved_by": "credit_policy.nobody"},
    "overrides": {"requester_codes": "credit_policy.list_empty"},
    "approval_levels": {"up_to_amount": "credit_policy.no_bound"},
    "countries": {"total_limit_amount": "credit_policy.no_bound"},
    "exceptions": {"start_date": "credit_policy.ever"},
}
"""What an empty field means, where it means something."""
NUMBERS = r"_ratio$|_amount$|_factor$|(^|_)days(_|$)|_months$|^method_number$"


def share(value: float, words: Translator) -> str:
    """Return a share with the decimals it has, up to two.

    Examples
    --------
    >>> from riskresearch.report.translator import translator
    >>> [share(value, translator("en")) for value in (0.15, 0.012, 0.0005, 1.2)]
    ['15%', '1.2%', '0.05%', '120%']
    """
    percent = 100 * float(value)
    decimals = next((n for n in range(4) if abs(percent - round(percent, n)) < 1e-9), 4)
    return words.ratio(value, decimals)


def country_name(code: str, words: Translator) -> str:
    """Return the name of a country in the language, with its code."""
    if code == ANY:
        return words.t("credit_policy.other_countries")
    name = Locale.parse(words.locale).territories.get(code)
    return f"{name} ({code})" if name else code


def _currency(policy: Policy, _: str, value: Any) -> str:
    return policy.words.t("credit_policy.other_currencies") if value == ANY else str(value)


def _listed(policy: Policy, name: str, value: Any) -> str:
    return policy.words.listed(policy.words.label(FAMILIES[name], code) for code in str(value).split())


def _code(policy: Policy, name: str, value: Any) -> str:
    return policy.words.label(FAMILIES.get(name, name.removesuffix("_code")), value)


def _plain(policy: Policy, _: str, value: Any) -> str:
    if isinstance(value, bool) or pd.api.types.is_bool(value):
        return policy.words.t("flag.yes" if value else "flag.no")
    if isinstance(value, str):
        return value
    return policy.words.number(value, 0 if float(value).is_integer() else 2)


WAYS: tuple[tuple[str, Callable[[Policy, str, Any], str]], ...] = (
    (rf"^({'|'.join(AS_WRITTEN)})$", lambda policy, name, value: str(value)),
    (rf"^({'|'.join(LISTS)})$", _listed),
    (r"country_code$", lambda policy, name, value: country_name(str(value), policy.words)),
    (r"^currency_code$", _currency),
    (r"_code$", _code),
    (r"_date$|^valid_from$", lambda policy, name, value: policy.words.date(value)),
    (SHARES, lambda policy, name, value: share(value, policy.words)),
    (r"_amount$", lambda policy, name, value: policy.amount(value)),
    (DAYS, lambda policy, name, value: policy.words.threshold_days(value)),
    (r"_months$", lambda policy, name, value: policy.words.months(value, 0 if float(value).is_integer() else 1)),
)
"""How a field is shown, by its name; the first that fits holds."""
