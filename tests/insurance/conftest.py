"""Policies and books of customers for the tests of the insurance stage."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from pandas import DataFrame

from riskresearch.insurance.policy import Policy, policy_from_mapping

CASES = Path(__file__).parents[1] / "cases" / "insurance"
READ = {"clause": "worked case", "source": "worked case"}


def read_cases(name: str) -> list[dict[str, Any]]:
    return yaml.safe_load((CASES / f"{name}.yaml").read_text(encoding="utf-8"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for fixture in ("waterfall", "premium"):
        if f"{fixture}_case" in metafunc.fixturenames:
            cases = read_cases(fixture)
            metafunc.parametrize(f"{fixture}_case", cases, ids=[case["name"] for case in cases])


@pytest.fixture(scope="session")
def read_case_names() -> Callable[[str], list[str]]:
    """Names of the worked cases of a file."""
    return lambda name: [case["name"] for case in read_cases(name)]


@pytest.fixture(scope="session")
def make_policy() -> Callable[..., Policy]:
    """A policy from its terms; the required terms that are missing are added in their neutral form."""

    def make(
        terms: Sequence[Mapping[str, Any]], *, policy_id: str = "quote", order: str = "A", **others: Any
    ) -> Policy:
        limits: dict[str, dict[str, Any]] = {"top_up": {"top_up_limit": {"limit_ratio": 1.0}}}
        neutral: dict[str, dict[str, Any]] = {
            **limits.get(others.get("kind", ""), {"buyer_limit": {"discretionary_limit_amount": 0}}),
            "insured_percentage": {"named_ratio": 1.0, "discretionary_ratio": 1.0},
            "premium": {"rate_ratio": 0},
        }
        given = {term["kind"] for term in terms}
        added = [{"kind": kind, **fields} for kind, fields in neutral.items() if kind not in given]
        identity = {
            "policy_id": policy_id,
            "name": policy_id,
            "kind": "whole_turnover",
            "status": "example",
            "insurer": "test",
            "currency_code": "EUR",
            "start_date": date(2026, 1, 1),
            "end_date": date(2026, 12, 31),
            "order": order,
        }
        content = {**identity, **others, "terms": [{**term, **READ} for term in [*terms, *added]]}
        return policy_from_mapping(content, where="test")

    return make


@pytest.fixture(scope="session")
def make_exposures() -> Callable[..., DataFrame]:
    """A book of customers; a column that is not given has a plain value for everybody."""

    def make(n: int, **columns: Any) -> DataFrame:
        plain: dict[str, Any] = {
            "pd_12m": 0.02,
            "exposure_amount": 10_000.0,
            "lgd_ratio": 0.4,
            "buyer_limit_amount": None,
            "limit_source": None,
            "turnover_amount": 60_000.0,
            "is_insurable": True,
            "is_discretionary_justified": True,
            "requested_limit_amount": None,
            "sector_code": None,
            "country_code": None,
            "group_id": None,
            "terms_days": None,
            "vat_ratio": None,
        }
        ids = [f"C{number:04d}" for number in range(n)]
        frame = DataFrame({"customer_id": ids}, dtype="str").assign(**(plain | columns))
        numbers = ("buyer_limit_amount", "requested_limit_amount", "lgd_ratio", "terms_days", "vat_ratio")
        texts = ("limit_source", "sector_code", "country_code", "group_id")
        return frame.astype(dict.fromkeys(numbers, "float64") | dict.fromkeys(texts, "str"))

    return make
