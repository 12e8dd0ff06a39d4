"""Customers that ask for credit on a day: what is known of them, their segment and the policy that judges them."""

from dataclasses import dataclass

from pandas import DataFrame, Series

from riskresearch.base.errors import TableError, first_keys
from riskresearch.limits.policy.policy import CreditPolicy

KEYS = ["customer_id", "review_date"]


@dataclass(frozen=True)
class Applicants:
    """Rows of customers and days of review, with the policy that judges them.

    Parameters
    ----------
    rows : columns of `limit_inputs` and `limit_segments`, one row per customer and day, index 0, 1, 2, …
    policy : credit policy
    """

    rows: DataFrame
    policy: CreditPolicy

    def known(self, column: str) -> Series:
        """Return a column as floats, NaN where it is empty."""
        return self.rows[column].astype("float64")

    def by_segment(self, name: str) -> Series:
        """Return a number of each row's segment, such as ``need_factor``."""
        values = {rule.segment_code: getattr(rule, name) for rule in self.policy.segments}
        return self.rows["segment_code"].map(values).astype("float64").rename(name)

    def by_country(self, name: str) -> Series:
        """Return a number of the rule of each row's country; NaN where the rule leaves it empty."""
        codes = self.rows["country_code"]
        values = {code: getattr(self.policy.country(code), name) for code in codes.dropna().unique()}
        other = getattr(self.policy.country(None), name)
        return codes.map(values).astype("float64").where(codes.notna(), other).astype("float64").rename(name)

    def by_date(self, values: Series) -> Series:
        """Return values, and where they are unknown the median of the known ones on the same day of review."""
        return values.fillna(values.groupby(self.rows["review_date"]).transform("median"))

    @property
    def in_default(self) -> Series:
        """Whether each customer is in default, in proceedings or held in the segment of those."""
        flags = self.rows["is_in_default"].astype(bool) | self.rows["is_in_proceedings"].astype(bool)
        return flags | (self.rows["segment_code"] == "defaulted")

    @property
    def starts_afresh(self) -> Series:
        """Whether nothing says what a customer will buy: it is new, or bought nothing in the last twelve months."""
        return self.rows["is_new"].astype(bool) | ~(self.known("sales_amount_12m") > 0)


def applicants(inputs: DataFrame, segments: DataFrame, policy: CreditPolicy) -> Applicants:
    """Return applicants from what is known and from the segments.

    Parameters
    ----------
    inputs : table `limit_inputs`
    segments : table `limit_segments`, same keys
    policy : credit policy

    Raises
    ------
    TableError
        A row of the inputs has no segment.
    """
    judged = segments[[*KEYS, *(name for name in segments if name not in inputs)]]
    rows = inputs.merge(judged, on=KEYS, how="left", validate="one_to_one", sort=False).reset_index(drop=True)
    without = rows["segment_code"].isna()
    if without.any():
        keys = rows.loc[without, KEYS].astype(str).agg("/".join, axis=1)
        raise TableError(
            f"limit_segments: {int(without.sum())} rows of limit_inputs ({first_keys(keys)}) have no segment; "
            "give one row per customer and day of review: make the segments from the same limit_inputs"
        )
    return Applicants(rows, policy)
