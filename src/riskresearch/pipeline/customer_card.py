"""What the customer file shows: every table of a run, cut down to one customer."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import pandas as pd
from pandas import DataFrame

from riskresearch.base.errors import ParameterError
from riskresearch.behaviour.kpis import customer_history
from riskresearch.limits.proposals import QUESTIONS
from riskresearch.pipeline.session import Session
from riskresearch.report.limit_reasons import told_limits
from riskresearch.report.sentences import told_customer

TOLD = ("reasons", "customer_changes", "improvements")
PICTURED = ("contributions", "scored", "score_changes", "customer_changes")
IDENTITY = ("group_id", "country_code", "region_code", "sector_code", "size_code", "customer_type_code")


@dataclass(frozen=True)
class CustomerCard:
    """One customer of an open run.

    Parameters
    ----------
    session : open run
    customer_id : account
    """

    session: Session
    customer_id: str
    POSITION: ClassVar[tuple[str, ...]] = (
        *("open_amount", "overdue_amount", "disputed_amount", "unapplied_amount", "past_due_max_days"),
        *("unsecured_amount", "current_limit_amount", "limit_amount", "limit_used_ratio", "over_limit_amount"),
        *("grade_code", "segment_code", "pd_12m"),
    )
    LIMIT: ClassVar[tuple[str, ...]] = (
        *(f"{question}_amount" for question in QUESTIONS),
        *("limit_amount", "action_code", "approver_code", "reason", "reviews_due"),
    )

    def rows(self, table: str) -> DataFrame:
        """Return the rows of a table that concern the customer."""
        frame = self.session.table(table)
        return frame[frame["customer_id"] == self.customer_id].reset_index(drop=True)

    @cached_property
    def identity(self) -> DataFrame:
        """Return who the customer is, one fact a row: ``fact_code fact_value``; empty facts are left out."""
        row = self.rows("customers").merge(self.rows("customer_behaviour"), on="customer_id").iloc[0]
        facts: dict[str, Any] = {"customer_id": self.customer_id} | {name: row[name] for name in IDENTITY}
        start = row["relationship_start_date"]
        facts["relationship_start_date"] = None if pd.isna(start) else str(start.date())
        known = {name: str(value) for name, value in facts.items() if pd.notna(value)}
        return DataFrame({"fact_code": list(known), "fact_value": list(known.values())})

    @property
    def position(self) -> DataFrame:
        """Return what is open, what is overdue, the limits and the grade, in one row.

        The limit bounds what no security covers; ``limit_used_ratio`` is that use over the limit in force.
        """
        parts = ("customer_behaviour", "credit_limits", "scored")
        frames = [self.rows(name).set_index("customer_id") for name in parts]
        joined = pd.concat(frames, axis=1).reset_index()
        joined = joined.loc[:, ~joined.columns.duplicated()]
        used = joined["unsecured_amount"] / joined["current_limit_amount"].where(joined["current_limit_amount"] > 0)
        return joined.assign(limit_used_ratio=used)

    @property
    def limit_reason(self) -> DataFrame:
        """Return the four numbers of the limit, what binds and why, in words, and the reviews that are due.

        One row, columns `LIMIT`; none where the customer has no limit. ``reviews_due`` lists what calls for them.
        """
        row, words = self.rows("credit_limits"), self.session.words
        triggers = words.listed(words.label("review_trigger", code) for code in self.reviews_due["trigger_code"])
        told = told_limits(row, self.session.table("limit_figures"), words=words)
        return row.assign(reason=told, reviews_due=triggers or words.t("missing.none"))[list(self.LIMIT)]

    @property
    def limit_path(self) -> DataFrame:
        """Return how the policy would have moved the limit, review by review."""
        return self.rows("limit_path").drop(columns="customer_id")

    @property
    def reviews_due(self) -> DataFrame:
        """Return the reviews of the limit that are due, the one that has waited longest first."""
        rows = self.rows("limit_reviews")
        due = rows[rows["is_due"].astype(bool)].sort_values(["review_due_date", "trigger_code"], ignore_index=True)
        return due[["trigger_code", "trigger_date", "value", "threshold", "unit_code", "evidence"]]

    @property
    def told(self) -> DataFrame:
        """Return why the customer has its grade, what changed and what it could have paid: ``topic_code sentence``."""
        dictionary = {"feature_dictionary": self.session.table("feature_dictionary")}
        tables = {name: self.rows(name) for name in TOLD} | dictionary
        return told_customer(tables, words=self.session.words, customer_id=self.customer_id)

    @property
    def parts(self) -> tuple[DataFrame, ...]:
        """Return the frames of the picture that takes the PD of the customer apart."""
        contributions, scored, *changes = (self.rows(name) for name in PICTURED)
        return contributions, scored, self.session.table("drivers"), *changes

    @cached_property
    def history(self) -> DataFrame:
        """Return every indicator of the customer month by month, columns as table `kpis`."""
        names = (
            "invoices",
            "credit_notes",
            "payments",
            "allocations",
            "movements",
            "disputes",
            "fx_rates",
            "customers",
            "events",
        )
        tables = self.session.tables(names)
        settings = self.session.settings.behaviour
        return customer_history(tables, self.customer_id, settings, as_of=self.session.as_of)

    @property
    def indicators(self) -> DataFrame:
        """Return the indicators of the customer on the date."""
        return self.history[self.history["observation_date"] == self.session.as_of].reset_index(drop=True)


def open_customer(session: Session, customer_id: str | None) -> CustomerCard:
    """Return the card of a customer; none named: the one with the largest overdue, then open amount.

    Raises
    ------
    ParameterError
        The run knows no customer of that account.
    """
    known = session.table("customer_behaviour")
    if customer_id is None:
        ranked = known.sort_values(["overdue_amount", "open_amount", "customer_id"], ascending=[False, False, True])
        return CustomerCard(session, str(ranked["customer_id"].iloc[0]))
    if customer_id not in set(known["customer_id"]):
        raise ParameterError(
            f"customer {customer_id!r} is not in run '{session.folder.name}'; give the account as it stands in the "
            "ledger, with leading zeros"
        )
    return CustomerCard(session, customer_id)
