"""Registry of the methods of a credit limit."""

from dataclasses import dataclass
from typing import Literal

from riskresearch.base.registry import Registry

QuestionCode = Literal["need", "capacity", "risk", "cap"]


@dataclass(frozen=True)
class Method:
    """Question a method answers, its labels and its source.

    Parameters
    ----------
    question_code : need (what the customer will owe), capacity (what it can carry), risk (what its default may
        cost), cap (what the seller, insurer, bureau or country allows)
    source : who publishes the method, or whose judgement its numbers are
    """

    question_code: QuestionCode
    label_en: str
    label_fr: str
    source: str


METHODS = Registry[Method]("limit method")
"""``method(applicants) -> Series``: amount by row, run currency, owed without security; NaN = no amount, as an
input is unknown or the rule does not concern the row; infinite = any amount is fine."""
