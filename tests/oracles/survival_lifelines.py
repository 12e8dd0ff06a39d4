"""Makes survival_lifelines.json: curves of a small data set by lifelines 0.30.3, in an environment of its own.

Run: python -m pip install lifelines==0.30.3 && python tests/oracles/survival_lifelines.py
lifelines counts an item as at risk on its entry day, riskresearch from the day after: entries are shifted by half a
day, which is the same convention for whole days.
"""

import json
from pathlib import Path

import numpy as np
from lifelines import KaplanMeierFitter

rng = np.random.default_rng(20_250_131)
N = 80
exit_day = rng.integers(0, 40, N) - 5
end = rng.choice([-1, 0, 0, 0, 1, 2], N)
entry = np.where(rng.random(N) < 0.25, exit_day - rng.integers(1, 15, N), -1000)
weight = rng.integers(1, 50, N)
ages = list(range(-5, 35, 4))

curves = {}
for name, weights, entries in (
    ("plain", None, None),
    ("late_entry", None, entry + 0.5),
    ("weighted", weight, None),
    ("weighted_late_entry", weight, entry + 0.5),
):
    fitter = KaplanMeierFitter().fit(exit_day, end >= 0, entry=entries, weights=weights)
    interval = fitter.confidence_interval_survival_function_
    curves[name] = {
        "open": [float(fitter.predict(age)) for age in ages],
        "low": [float(interval.iloc[:, 0][interval.index <= age].iloc[-1]) for age in ages],
        "high": [float(interval.iloc[:, 1][interval.index <= age].iloc[-1]) for age in ages],
    }
data = {"exit": exit_day.tolist(), "end": end.tolist(), "entry": entry.tolist(), "weight": weight.tolist()}
target = Path(__file__).with_name("survival_lifelines.json")
target.write_text(json.dumps({"data": data, "ages": ages, "curves": curves}) + "\n", encoding="utf-8")
