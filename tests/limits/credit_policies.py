"""Credit policies for tests: that of the demonstration with parts replaced."""

from pathlib import Path
from typing import Any

import yaml

from riskresearch.limits.policy.policy import CreditPolicy, credit_policy_from_mapping

FILE = Path(__file__).parents[2] / "config" / "credit_policies" / "default.yaml"


def policy_content(file: Path = FILE) -> dict[str, Any]:
    """Return what a policy file holds, free to be changed."""
    content: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return content


def policy_with(**parts: Any) -> CreditPolicy:
    """Return the policy of the demonstration with parts replaced; rows of ``countries`` are laid over its own."""
    content = policy_content()
    rules = {rule["country_code"]: rule for rule in content["countries"]}
    for row in parts.pop("countries", []):
        code = row["country_code"]
        rules[code] = {**rules.get(code, rules["*"]), **row}
    return credit_policy_from_mapping({**content, **parts, "countries": [*rules.values()]}, where="policy of a test")
