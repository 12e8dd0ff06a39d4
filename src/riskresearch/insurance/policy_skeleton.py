"""A policy file to fill in: every term of a kind of policy, with its meaning, generated from the terms themselves."""

import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from riskresearch.base.errors import SettingsError
from riskresearch.insurance.policy import POLICY_KINDS, REQUIRED_KINDS, Policy
from riskresearch.insurance.terms import TERMS, Term

WIDTH = 116
PARTS: Mapping[str, str] = {
    "eligibility": "What of a debt is covered at all",
    "conditions": "Conditions: VAT, year of a claim, dates, limit cuts, recoveries",
    "cover": "What reduces the indemnity of a claim, in the order in which it applies",
    "year": "What reduces the indemnities of the year, in the order in which it applies",
    "price": "What the policy costs",
}
EVERYWHERE = ("credit_period", "stop_shipment", "declaration", "vat_basis", "waiting_period", "premium_tax")
USUAL: Mapping[str, tuple[str, ...]] = {
    "whole_turnover": (*EVERYWHERE, "limit_cuts", "threshold", "maximum_liability", "fees"),
    "named_buyers": (*EVERYWHERE, "limit_cuts", "maximum_liability", "fees"),
    "top_up": (*EVERYWHERE, "maximum_liability"),
    "excess_of_loss": (*EVERYWHERE, "limit_cuts"),
}
FOREIGN: Mapping[str, tuple[str, ...]] = {"top_up": ("buyer_limit",)}
VALUES: Mapping[tuple[str, str], Mapping[str, Any]] = {
    ("whole_turnover", "maximum_liability"): {"premium_multiple": 30.0},
    ("named_buyers", "buyer_limit"): {"discretionary_limit_amount": 0.0},
    ("named_buyers", "maximum_liability"): {"premium_multiple": 30.0},
    ("named_buyers", "premium"): {"base_code": "covered_turnover"},
    ("top_up", "premium"): {"base_code": "accepted_limits", "rate_ratio": 0.003},
    ("excess_of_loss", "buyer_limit"): {"discretionary_limit_amount": 100_000.0},
    ("excess_of_loss", "limit_cuts"): {"is_possible": False},
    ("excess_of_loss", "aggregate_first_loss"): {"amount": 100_000.0},
    ("excess_of_loss", "maximum_liability"): {"amount": 2_000_000.0},
    ("excess_of_loss", "premium"): {"base_code": "maximum_liability", "rate_ratio": 0.02},
}
HEAD: Mapping[str, Any] = {
    "policy_id": "my_policy",
    "name": "My policy",
    "status": "quote",
    "insurer": "name of the insurer",
    "currency_code": "EUR",
    "start_date": "2026-01-01",
    "end_date": "2026-12-31",
    "underlying_policy_id": "my_first_policy",
}
TO_FILL_IN = {"clause": "to be filled in", "source": "to be filled in"}


def policy_skeleton(kind: str) -> str:
    """Return a policy file of a kind that is valid as it stands, to be filled in from a contract.

    Terms that such policies usually have are there with example values; all others are there too, switched off by a
    ``#`` without a space, so that nothing of a contract is forgotten.

    Parameters
    ----------
    kind : kind of policy, one of `riskresearch.insurance.policy.POLICY_KINDS`

    Raises
    ------
    SettingsError
        There is no such kind.

    Examples
    --------
    >>> print(policy_skeleton("whole_turnover").splitlines()[0])
    # Policy file, kind whole_turnover. Values are examples, not advice: enter those of your contract.
    """
    if kind not in POLICY_KINDS:
        raise SettingsError(f"policy kind {kind!r}: there are {', '.join(POLICY_KINDS)}")
    lines = [
        f"# Policy file, kind {kind}. Values are examples, not advice: enter those of your contract.",
        "# Lines behind `#` without a space are switched off: delete the `#` to use them. The order of the terms in",
        "# this file means nothing; `order` does. Amounts in currency_code, ratios 0-1, dates YYYY-MM-DD.",
        "# Worked cases beside it, in a file of the same name that ends in .cases.yaml, are run by",
        "# `riskresearch policy check`.",
        *_head(kind),
        "terms:",
    ]
    for part, title in PARTS.items():
        members = [term for term in terms_in_order() if part_of(term) == part and _is_for(term, kind)]
        lines += ["", f"  # {'-' * 3} {title} {'-' * 3}"] if members else []
        for term in members:
            lines += _term(term, kind)
    return "\n".join(lines) + "\n"


def terms_table() -> str:
    """Return every term of a policy file as a Markdown table: what it does, its fields, the reason of what is kept."""
    lines = ["| term | what it does | fields | kept under |", "|---|---|---|---|"]
    for term in terms_in_order():
        fields = "; ".join(f"`{name}`: {field.description}" for name, field in own_fields(term).items())
        reason = getattr(term, "reason", None)
        lines.append(f"| `{kind_of(term)}` | {meaning(term)} | {fields} | {f'`{reason}`' if reason else '–'} |")
    return "\n".join(lines) + "\n"


def keys_table(model: type[BaseModel]) -> str:
    """Return the keys of a part of a file as a Markdown table."""
    lines = ["| key | meaning |", "|---|---|"]
    lines += [f"| `{name}` | {field.description} |" for name, field in model.model_fields.items()]
    return "\n".join(lines) + "\n"


def terms_in_order() -> list[type[Term]]:
    """Return the classes of terms, part by part, cover terms in the order in which they apply."""
    parts = list(PARTS)
    return sorted(TERMS.values(), key=lambda term: (parts.index(part_of(term)), getattr(term, "place", 0.0)))


def part_of(term: type[Term]) -> str:
    """Return the part of a policy that a term belongs to, one of `PARTS`."""
    module = term.__module__.rsplit(".", 1)[-1]
    return module if module in PARTS else "cover" if hasattr(term, "place") else "price"


def kind_of(term: type[Term]) -> str:
    """Return the name of a term in the policy file."""
    return str(term.model_fields["kind"].default)


def own_fields(term: type[Term]) -> dict[str, FieldInfo]:
    """Return the fields of a term without its kind, clause and source."""
    return {name: field for name, field in term.model_fields.items() if name not in ("kind", *TO_FILL_IN)}


def meaning(term: type[Term]) -> str:
    """Return the first paragraph of what a term says about itself."""
    return " ".join((term.__doc__ or "").strip().split("\n\n")[0].split())


def _is_for(term: type[Term], kind: str) -> bool:
    return kind_of(term) not in FOREIGN.get(kind, ("top_up_limit",))


def _head(kind: str) -> list[str]:
    lines = []
    for name, field in Policy.model_fields.items():
        if name == "terms" or (name == "underlying_policy_id" and kind != "top_up"):
            continue
        value = kind if name == "kind" else HEAD.get(name, _example(field))
        lines.append(_line(name, value, field))
    return lines


def _term(term: type[Term], kind: str) -> list[str]:
    """Lines of a term; switched off where such policies usually lack it."""
    usual = (*REQUIRED_KINDS[kind], *USUAL[kind])
    chosen = VALUES.get((kind, kind_of(term)), {})
    fields = own_fields(term)
    active = {name for name, field in fields.items() if field.is_required()} | set(chosen)
    active = active or {name for name, field in fields.items() if field.examples} or set(fields)
    body = [
        ("" if name in active else "#") + _line(name, chosen.get(name, _example(field)), field)
        for name, field in fields.items()
    ]
    body += [f"{name}: {text}" for name, text in TO_FILL_IN.items()]
    off = "" if kind_of(term) in usual else "#"
    return [
        *_prose(meaning(term), indent="  "),
        f"  {off}- kind: {kind_of(term)}",
        *(f"  {off}  {line}" for line in body),
    ]


def _line(name: str, value: Any, field: FieldInfo) -> str:
    shown = yaml.safe_dump(value, default_flow_style=True, width=999, allow_unicode=True).removesuffix("...\n").strip()
    return f"{name}: {shown.strip(chr(39)) if name.endswith('_date') else shown}  # {field.description}"


def _example(field: FieldInfo) -> Any:
    """Example of a field, else what holds where it is left out."""
    value = field.examples[0] if field.examples else field.get_default(call_default_factory=True)
    return str(value) if isinstance(value, str) else list(value) if isinstance(value, tuple) else value


def _prose(text: str, *, indent: str) -> Iterable[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# ")
