"""Facts of the panel on a generated ledger, beside the truth behind it: default rate by year, exclusions by reason.

`python benchmarks/panel_facts.py [customers] [months] [seed]` prints two tables; 5,000 customers over 60 months from
seed 1 unless told otherwise. The truth is only read here, never by a stage.
"""

import sys
from collections.abc import Sequence

from pandas import DataFrame, Series, Timestamp

from riskresearch.features.settings import FeatureSettings
from riskresearch.features.stage import feature_panel
from riskresearch.ledger.default import DefaultSettings
from riskresearch.ledger.known import known_tables
from riskresearch.ledger.synthetic import synthetic_ledger

AS_OF = Timestamp("2025-12-31").as_unit("us")


def by_year(cohorts: DataFrame, snapshots: DataFrame, truth: DataFrame) -> DataFrame:
    """Return the default rate of each whole year beside the mean true PD of the same customers at its start."""
    keys = ["customer_id", "observation_date"]
    used = snapshots[~snapshots["exclusion_code"].isin(["in_default", "never_sold", "inactive"])]
    known = used[keys].merge(truth, on=keys)
    expected = known.groupby("observation_date")["pd_12m"].mean()
    whole = cohorts[cohorts["is_complete"].astype(bool)]
    n = whole["n_at_start"]
    rate, true = whole["default_ratio"], whole["start_date"].map(expected)
    spread = (true * (1 - true) / n) ** 0.5
    return DataFrame(
        {
            "year": whole["year"],
            "customers": n,
            "defaulters": whole["n_defaulters"],
            "default rate": rate.map("{:.4f}".format),
            "mean true PD": _text(true, "{:.4f}"),
            "standard errors apart": _text((rate - true) / spread, "{:+.1f}"),
        }
    )


def _text(values: Series, form: str) -> Series:
    """Values as text; a dash where the truth of the start date is not in the ledger."""
    return values.map(form.format).where(values.notna(), "–")


def exclusions(counts: DataFrame) -> DataFrame:
    """Return rows, and their share, by use and reason of exclusion."""
    rows = counts[["sample_code", "reason_code", "n_rows", "n_customers", "n_defaulters"]]
    return rows.assign(share=(rows["n_rows"] / rows["n_rows"].sum()).map("{:.1%}".format))


def main(words: Sequence[str]) -> None:
    """Print both tables."""
    n_customers, n_months, seed = (int(word) for word in (*words, *("5000", "60", "1")[len(words) :]))
    ledger, truth = synthetic_ledger(n_customers=n_customers, n_months=n_months, seed=seed)
    tables = known_tables(ledger, DefaultSettings(), as_of=AS_OF)
    made = feature_panel(tables, FeatureSettings(look_ahead_dates=0), as_of=AS_OF)
    print(f"{n_customers:,} customers, {n_months} months, seed {seed}: {len(made['snapshots']):,} customer-dates\n")
    print(by_year(made["default_cohorts"], made["snapshots"], truth).to_string(index=False))
    print(f"\n{exclusions(made['sample_counts']).to_string(index=False)}")


if __name__ == "__main__":
    main(sys.argv[1:])
