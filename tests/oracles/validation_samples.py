"""Makes validation_samples.json: made-up scores with outcomes on which the validation measures are compared.

Run: python tests/oracles/validation_samples.py
`cohort` is one date with PDs that all differ; `panel` has several dates a customer, tied PDs and rows of one customer
that resemble each other; `small` fits on a sheet of paper; each has a coarser rival rule. Grade D of the scale is held
by nobody, G is empty everywhere.
"""

import json
from math import exp, log
from pathlib import Path
from random import Random

GRADES = ["A", "B", "C", "D", "E", "F", "G"]
BOUNDS = [("A", 0.02), ("B", 0.05), ("C", 0.12), ("E", 0.3), ("F", 1.0)]


def sigmoid(value):
    return 1 / (1 + exp(-value))


def grade(pd):
    return next(code for code, bound in BOUNDS if pd <= bound)


def made(seed, n_customers, n_dates, *, digits, stretch, shift, level=-3.4, habit=0.0):
    """PD of the model; outcome by true log-odds = stretch × log-odds of the PD + shift + habit of the customer."""
    chance, rows = Random(seed), []
    for number in range(n_customers):
        own, lasting = level + 1.6 * chance.gauss(0, 1), habit * chance.gauss(0, 1)
        for date in range(n_dates):
            pd = round(sigmoid(own + 0.4 * chance.gauss(0, 1)), digits)
            pd = min(max(pd, 0.001), 0.95)
            odds = log(pd / (1 - pd))
            rows.append(
                {
                    "customer": f"C{number:03d}",
                    "date": date,
                    "pd": pd,
                    "grade": grade(pd),
                    "hit": int(chance.random() < sigmoid(stretch * odds + shift + lasting)),
                    "rival": round(sigmoid(0.6 * odds - 1 + 0.9 * chance.gauss(0, 1)), 2),
                    "exposure": round(exp(8 + 1.1 * chance.gauss(0, 1)), 2),
                }
            )
    return {name: [row[name] for row in rows] for name in rows[0]}


SMALL = {
    "customer": ["C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8", "C9", "C10", "C11", "C12"],
    "date": [0] * 12,
    "pd": [0.01, 0.01, 0.02, 0.04, 0.04, 0.1, 0.1, 0.1, 0.2, 0.25, 0.5, 0.5],
    "hit": [0, 0, 0, 0, 1, 0, 0, 1, 0, 1, 0, 1],
    "rival": [0.05, 0.1, 0.05, 0.05, 0.1, 0.1, 0.05, 0.1, 0.2, 0.1, 0.2, 0.2],
    "exposure": [100.0, 50.0, 25.0, 400.0, 10.0, 75.0, 60.0, 90.0, 200.0, 30.0, 20.0, 40.0],
}
SAMPLES = {
    "cohort": made(5, 260, 1, digits=6, stretch=0.8, shift=0.3, level=-2.4),
    "panel": made(6, 90, 4, digits=2, stretch=1.0, shift=0.2, habit=1.5),
    "small": {**SMALL, "grade": [grade(pd) for pd in SMALL["pd"]]},
}
INITIAL = {
    "cohort": made(15, 300, 1, digits=6, stretch=1.2, shift=0.0, level=-2.6),
    "panel": made(16, 100, 3, digits=2, stretch=1.2, shift=0.0),
}
YEARS = {
    "year": [2018, 2019, 2020, 2021, 2022],
    "n_rows": [210, 260, 240, 300, 280],
    "n_defaults": [9, 8, 15, 12, 13],
    "pd_mean": [0.031, 0.034, 0.036, 0.035, 0.033],
}


def main():
    content = {"grades": GRADES, "samples": SAMPLES, "initial": INITIAL, "years": YEARS}
    Path(__file__).with_suffix(".json").write_text(json.dumps(content) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
