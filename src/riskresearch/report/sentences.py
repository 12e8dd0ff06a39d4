"""Reasons, changes and improvements of a customer as sentences, in the words and units of the reader."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.report.cells import with_unit
from riskresearch.report.explained import SINCE_RUN, distinct_improvements
from riskresearch.report.translator import Translator

SMALLEST_POINTS = 0.05
"""Points of a percentage below which a figure of one decimal would read 0."""


@dataclass(frozen=True)
class Teller:
    """Tells rows of the explanation in one language.

    Parameters
    ----------
    dictionary : table `feature_dictionary`: unit and decimals of each feature, and what a missing value means
    words : language and currency
    """

    dictionary: DataFrame
    words: Translator

    @cached_property
    def _features(self) -> dict[str, tuple[str, int | None, str]]:
        """Unit, decimals and meaning of a missing value, by feature."""
        rows = self.dictionary
        decimals = [None if pd.isna(value) else int(value) for value in rows["decimals"]]
        told = zip(rows["unit_code"].astype(str), decimals, rows["missing"].fillna("").astype(str), strict=True)
        return dict(zip(rows["feature_code"], told, strict=True))

    def name(self, code: object) -> str:
        """Return the name of a feature, of a source of the expert rating, or of a floor."""
        return self.words.label("feature", code)

    def value(self, code: str, value: Any) -> str:
        """Return a value of a feature with its unit; the PD of a source or floor as a probability."""
        if pd.isna(value):
            return self.words.t("sentence.not_known")
        if code not in self._features:
            return self.words.t("sentence.pd", pd=self.words.probability(value))
        unit, decimals, _ = self._features[code]
        return with_unit(value, unit, self.words, decimals=decimals)

    def no_value(self, code: str) -> str:
        """Return what a missing value of a feature means; nothing where the language has no words for it."""
        _, _, meaning = self._features.get(code, ("", None, ""))
        if self.words.has("no_value", code):
            return self.words.label("no_value", code)
        return meaning if self.words.language == "en" and meaning != "never" else ""

    def reason(self, row: Series) -> str:
        """Return a row of table `reasons` as a sentence; of rank 0: why there is no reason."""
        if int(row["rank"]) == 0:
            return self.words.label("no_reason", row["no_reason_code"])
        points = self._points(row["pd_points"])
        return self.words.t("sentence.reason", fact=self._fact(row), points=points)

    def brief(self, row: Series) -> str:
        """Return a row of table `reasons` in a few words: feature, value, beside it the median compared with."""
        code = str(row["feature_code"])
        if pd.isna(row["feature_value"]):
            return self._without_value(code)
        told = {"feature": self.name(code), "value": self.value(code, row["feature_value"])}
        beside = self._compared(row)
        return (
            self.words.t("sentence.brief_beside", beside=beside[0], **told)
            if beside
            else self.words.t("sentence.brief", **told)
        )

    def _without_value(self, code: str) -> str:
        """A feature without a value, and what that means; what is no feature stands for itself."""
        name, why = self.name(code), self.no_value(code)
        if code not in self._features:
            return name
        if why:
            return self.words.t("sentence.unknown_why", feature=name, why=why)
        return self.words.t("sentence.unknown", feature=name)

    def _fact(self, row: Series) -> str:
        """What is seen: the feature, its value on its date, beside it the value before and that of the others."""
        code, words = str(row["feature_code"]), self.words
        if pd.isna(row["feature_value"]):
            return self._without_value(code)
        beside = words.listed([*self._compared(row), *self._before(row)])
        told = {
            "feature": self.name(code),
            "value": self.value(code, row["feature_value"]),
            "date": words.date(row["value_date"], "medium"),
        }
        return words.t("sentence.fact_beside", beside=beside, **told) if beside else words.t("sentence.fact", **told)

    def _compared(self, row: Series) -> list[str]:
        if pd.isna(row["comparison_value"]):
            return []
        value = self.value(str(row["feature_code"]), row["comparison_value"])
        if row["comparison_code"] == "sector":
            sector = self.words.label("segment", row["comparison_segment"])
            return [self.words.t("sentence.median_sector", sector=sector, value=value)]
        return [self.words.t("sentence.median_all", value=value)]

    def _before(self, row: Series) -> list[str]:
        if pd.isna(row["previous_date"]):
            return []
        value = self.value(str(row["feature_code"]), row["previous_value"])
        return [self.words.t("sentence.before", date=self.words.date(row["previous_date"], "medium"), value=value)]

    def _points(self, points: Any) -> str:
        shown = 100 * float(points)
        if shown < SMALLEST_POINTS:
            return self.words.t("sentence.points_few", points=self.words.number(2 * SMALLEST_POINTS, 1))
        return self.words.t("sentence.points", points=self.words.number(shown, 1))

    def change(self, row: Series) -> str:
        """Return a row of table `customer_changes` as a sentence: PD and grade then and now, and what moved them."""
        words, date = self.words, self.words.date(row["date_before"], "medium")
        status = str(row["change_status_code"])
        if pd.isna(row["pd_before"]) or pd.isna(row["pd_after"]) or status == "stays_in_default":
            return words.t("sentence.change_status", date=date, status=words.label("change_status", status))
        moved = words.t(
            "sentence.change" if row["grade_before"] != row["grade_after"] else "sentence.change_same_grade",
            date=date,
            before=words.probability(row["pd_before"]),
            after=words.probability(row["pd_after"]),
            grade_before=words.label("grade", row["grade_before"]),
            grade_after=words.label("grade", row["grade_after"]),
        )
        return " ".join([moved, *self._movers(row, status)])

    def _movers(self, row: Series, status: str) -> list[str]:
        """What raised and what lowered the log-odds most; a changed model where the run before had another."""
        words = self.words
        if status != "compared":
            return [words.t("sentence.not_apart", status=words.label("change_status", status))]
        told = []
        for side, message in (("up", "sentence.raised_by"), ("down", "sentence.lowered_by")):
            code = row[f"{side}_feature_code"]
            if pd.notna(code):
                told.append(words.t(message, feature=self.name(code)))
        if row["comparison_code"] == SINCE_RUN and abs(float(row["model_part"])) > abs(float(row["data_part"])):
            told.append(words.t("sentence.model_moved"))
        return told

    def improvement(self, row: Series) -> str:
        """Return a row of table `improvements` as a sentence: if it paid that, PD and grade would be."""
        words = self.words
        amount, date = words.amount(row["paid_amount"]), words.date(row["paid_date"], "medium")
        if pd.notna(row["item_id"]):
            paid = words.t("sentence.paid_item", item=row["item_id"], amount=amount, date=date)
        else:
            paid = words.n("sentence.paid_items", int(row["n_items"]), amount=amount, date=date)
        if pd.isna(row["pd_after"]):
            return words.t("sentence.not_scored", paid=paid, reason=words.label("reason", row["reason_code"]))
        return words.t(
            "sentence.improved" if row["grade_before"] != row["grade_after"] else "sentence.same_grade",
            paid=paid,
            before=words.probability(row["pd_before"]),
            after=words.probability(row["pd_after"]),
            grade_before=words.label("grade", row["grade_before"]),
            grade_after=words.label("grade", row["grade_after"]),
        )


def told_reasons(
    reasons: DataFrame, feature_dictionary: DataFrame, *, words: Translator, customers: Sequence[str]
) -> DataFrame:
    """Return the reasons of customers as sentences.

    Parameters
    ----------
    reasons, feature_dictionary : tables of that name
    words : language and currency
    customers : accounts, in the order they are shown

    Returns
    -------
    DataFrame ``customer_id rank sentence``, strongest first; a customer without a reason has one row saying why.
    """
    teller = Teller(feature_dictionary, words)
    rows = _of_customers(reasons, customers, ["rank"])
    return rows[["customer_id", "rank"]].assign(sentence=[teller.reason(row) for _, row in rows.iterrows()])


def told_changes(
    customer_changes: DataFrame, feature_dictionary: DataFrame, *, words: Translator, customers: Sequence[str]
) -> DataFrame:
    """Return what changed for customers as sentences: ``customer_id comparison_code sentence``."""
    teller = Teller(feature_dictionary, words)
    rows = _of_customers(customer_changes, customers, ["comparison_code"])
    told = [teller.change(row) for _, row in rows.iterrows()]
    return rows[["customer_id", "comparison_code"]].assign(sentence=told)


def told_improvements(
    improvements: DataFrame, feature_dictionary: DataFrame, *, words: Translator, customers: Sequence[str]
) -> DataFrame:
    """Return what would improve the grade of customers as sentences: ``customer_id sentence``, cheapest first."""
    teller = Teller(feature_dictionary, words)
    rows = _of_customers(distinct_improvements(improvements), customers, ["paid_amount", "variant_code"])
    return rows[["customer_id"]].assign(sentence=[teller.improvement(row) for _, row in rows.iterrows()])


def told_customer(tables: Mapping[str, DataFrame], *, words: Translator, customer_id: str) -> DataFrame:
    """Return all that is to be told about one customer as sentences.

    Parameters
    ----------
    tables : ``reasons customer_changes improvements feature_dictionary``; any of the first three may be absent
    words : language and currency
    customer_id : the customer

    Returns
    -------
    DataFrame ``topic_code sentence``: why (``because``), what changed (``since``), what it could have paid
    (``had_it_paid``).
    """
    ways = {"reasons": ("because", told_reasons), "customer_changes": ("since", told_changes)}
    ways |= {"improvements": ("had_it_paid", told_improvements)}
    topics: list[str] = []
    sentences: list[str] = []
    for name, (topic, tell) in ways.items():
        if name in tables and len(tables[name]):
            told = tell(tables[name], tables["feature_dictionary"], words=words, customers=[customer_id])
            sentences += list(told["sentence"])
            topics += [topic] * len(told)
    return DataFrame({"topic_code": topics, "sentence": sentences}, dtype="str")


def _of_customers(frame: DataFrame, customers: Sequence[str], order: list[str]) -> DataFrame:
    place = {customer: number for number, customer in enumerate(customers)}
    rows = frame[frame["customer_id"].isin(list(customers))]
    return rows.assign(place=rows["customer_id"].map(place)).sort_values(["place", *order]).reset_index(drop=True)
