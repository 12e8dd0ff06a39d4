"""Made-up customer panels as files, with mappings that say what their columns mean."""

from pathlib import Path

import numpy as np
import yaml
from pandas import DataFrame

FEATURES = [
    {
        "feature": "debt_ratio",
        "formula": "ratio",
        "columns": ["Debt", "Assets"],
        "family": "accounts",
        "unit": "ratio",
        "direction": 1,
        "label_en": "Debt to assets",
        "label_fr": "Dette sur actif",
        "missing": "no assets",
    },
    {
        "feature": "arrears_m{n}_months",
        "each": ["Late", "LateBefore"],
        "family": "arrears",
        "unit": "months",
        "direction": 1,
        "label_en": "Arrears, {n} months before",
        "label_fr": "Retard, {n} mois avant",
    },
    {
        "feature": "is_trade",
        "formula": "is_one_of",
        "columns": ["Branch"],
        "values": ["T"],
        "family": "company",
        "unit": "number",
        "direction": 0,
        "label_en": "Trade",
        "label_fr": "Commerce",
    },
]
YEARLY = {
    "panel": "yearly",
    "title": "Made-up companies",
    "provenance": "made up",
    "currency_code": "EUR",
    "customer": "Firm",
    "period": {"column": "Year", "first": 2001, "first_date": "2001-12-31", "months": 12},
    "outcome": {"column": "Failed", "bad": ["yes"], "good": ["no"], "shift_periods": 1},
    "features": FEATURES,
    "left_out": {"Name": "a name"},
    "settings": {"features": {"embargo_months": 0}},
}
ONE_DATE = YEARLY | {
    "panel": "one_date",
    "period": {"date": "2020-06-30"},
    "outcome": {"column": "Failed", "bad": ["yes"], "good": ["no"], "horizon_months": 6},
    "left_out": {"Name": "a name", "Year": "one date"},
}


def firms(*, n_firms: int = 120, n_years: int = 9, seed: int = 1) -> DataFrame:
    """Return a panel whose firms fail the likelier, the more they owe and the later they pay, and then end."""
    rng = np.random.default_rng(seed)
    rows = []
    for firm in range(n_firms):
        strain = rng.beta(2, 4)
        for year in range(2001 + int(rng.integers(0, 3)), 2001 + n_years):
            late = int(rng.binomial(6, strain))
            failed = rng.random() < 1 / (1 + np.exp(5.2 - 6 * strain))
            rows.append(
                {
                    "Firm": f"{firm:04d}",
                    "Name": f"=Firm {firm}",
                    "Year": year,
                    "Debt": round(100 * strain + rng.normal(0, 5), 2),
                    "Assets": 100 if rng.random() > 0.02 else 0,
                    "Late": late,
                    "LateBefore": int(rng.binomial(6, strain)) if rng.random() > 0.1 else None,
                    "Branch": "T" if firm % 3 else "M",
                    "Failed": "yes" if failed else "no",
                }
            )
            if failed or rng.random() < 0.02:
                break
    return DataFrame(rows).astype({"LateBefore": "Int64"})


def write_panel_files(folder: Path, frame: DataFrame, mapping: dict) -> tuple[Path, Path]:
    """Write a panel and its mapping and return both files."""
    folder.mkdir(parents=True, exist_ok=True)
    panel, words = folder / "panel.csv", folder / f"{mapping['panel']}.yaml"
    frame.to_csv(panel, index=False)
    words.write_text(yaml.safe_dump(mapping, sort_keys=False), encoding="utf-8")
    return panel, words
