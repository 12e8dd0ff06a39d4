"""Codes in words: the family of labels a column of codes belongs to, and evidence made of codes and figures."""

import json
import re
from typing import Any

import pandas as pd

from riskresearch.report.translator import Translator

FAMILIES = {
    "binding_code": "limit_method",
    "pd_source_code": "model",
    "base_code": "base",
    "method_code": "forecast_method",
    "from_code": "bucket",
    "to_code": "bucket",
    "interval_reason_code": "reason",
    "accounts_check_code": "gate",
    "debt_check_code": "gate",
    "proceedings_check_code": "gate",
    "worst_measure_code": "measure",
    "worst_sample_code": "sample",
    "worst_axis_code": "axis",
    "other_code": "model",
    "better_grade_code": "grade",
    "worse_grade_code": "grade",
    "auc_reason_code": "reason",
    "group_code": "feature",
    "driver_code": "feature",
    "other_feature_code": "feature",
    "up_feature_code": "feature",
    "down_feature_code": "feature",
    "source_before_code": "model",
    "source_after_code": "model",
    "binding_question_code": "question",
    "met_segment_code": "segment",
    "dunning_scenario_code": "segment",
    "sector_code": "segment",
    "class_code": "segment",
    "policy_code": "limit_policy",
    "reference_policy_code": "limit_policy",
    "rule_code": "simple_rule",
    "trigger_code": "review_trigger",
    "cause_code": "review_trigger",
    "missing_code": "reason",
    "requester_code": "approver",
    "needed_approver_code": "approver",
    "second_approver_code": "approver",
    "missing_codes": "missing_input",
    "guarantees_required": "guarantee",
    "guarantees_wanted": "guarantee",
    "guarantees_in_force": "guarantee",
}
ALSO = {
    "method_code": ("limit_method",),
    "indicator_code": ("policy_use", "policy_year"),
    "rule_code": ("policy_action",),
    "driver_code": ("driver",),
    "scenario_code": ("stress",),
    "cause_code": ("uncovered",),
}
"""Further families of labels, for columns of one name in tables of different stages."""
ANY = "*"


def coded(code: str, name: str, words: Translator) -> str:
    """Return the label of a code of a column; ``*`` stands for all."""
    if code == ANY:
        return words.label("segment", "all")
    return words.label(family_of(code, name, words), code)


def family_of(code: str, name: str, words: Translator) -> str:
    """Return the family of labels of a code of a column: the first of those of the column that knows the code."""
    family = FAMILIES.get(name, name.removesuffix("_code"))
    return next((each for each in (family, *ALSO.get(name, ())) if words.has(each, code)), family)


def evidence_text(value: str, words: Translator) -> str:
    """Return evidence as text: JSON of names and figures, such as that of a warning; other text as it was written."""
    if not value.startswith("{"):
        return value
    found = json.loads(value)
    return "; ".join(f"{words.label('evidence', name)} {_told(name, each, words)}" for name, each in found.items())


def _told(name: str, value: Any, words: Translator) -> str:
    """A figure of the evidence, by its name: code, day or number."""
    if isinstance(value, list):
        return ", ".join(_told(name, each, words) for each in value)
    if isinstance(value, int | float):
        return words.number(value, 0 if float(value).is_integer() else 2)
    if name.endswith("_code"):
        return coded(str(value), name, words)
    is_day = re.search(r"(^|_)date(_|$)", name) and re.fullmatch(r"\d{4}-\d\d-\d\d", str(value))
    return words.date(pd.Timestamp(value), "medium") if is_day else str(value)
