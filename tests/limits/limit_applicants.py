"""Applicants for tests: rows of `limit_inputs` with their segments given, and a policy changed in parts."""

from collections.abc import Mapping, Sequence
from typing import Any

from limit_rows import input_rows
from limits.credit_policies import policy_content
from pandas import DataFrame

from riskresearch.limits.applicants import KEYS, Applicants, applicants
from riskresearch.limits.policy.policy import CreditPolicy, credit_policy_from_mapping

_HELD = {"segment_code": "reliable", "is_new": False}


def policy_of(parts: Mapping[str, Any] | None = None, segments: Mapping[str, Any] | None = None) -> CreditPolicy:
    """Return the policy of the demonstration with parts laid over its own, key by key."""
    content = policy_content()
    for name, part in (parts or {}).items():
        if name == "countries":
            content[name] = _countries(content[name], part)
        elif isinstance(part, Mapping):
            content[name] = {**content[name], **part}
        else:
            content[name] = part
    content["segments"] = [{**line, **(segments or {}).get(line["segment_code"], {})} for line in content["segments"]]
    return credit_policy_from_mapping(content, where="policy of a test")


def applicants_of(rows: Sequence[Mapping[str, Any]], policy: CreditPolicy) -> Applicants:
    """Return applicants; rows may give ``segment_code`` (else reliable) and ``is_new`` (else no)."""
    named = [{"customer_id": f"C{n:03d}", **row} for n, row in enumerate(rows, start=1)]
    inputs = input_rows(*({k: v for k, v in row.items() if k not in _HELD} for row in named))
    held = {row["customer_id"]: [row.get(name, usual) for name, usual in _HELD.items()] for row in named}
    segments = DataFrame([held[code] for code in inputs["customer_id"]], columns=list(_HELD))
    return applicants(inputs, inputs[KEYS].join(segments), policy)


def _countries(own: list[dict[str, Any]], rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    rules = {rule["country_code"]: rule for rule in own}
    for row in rows:
        rules[row["country_code"]] = {**rules.get(row["country_code"], rules["*"]), **row}
    return list(rules.values())
