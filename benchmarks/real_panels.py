"""How well the candidates separate on real customer panels without invoices, and whether arrears ever lower a PD.

Taiwan credit cards: five folds of customers, stratified, shuffled with seed 42, in the order of the file (the split of
published figures). Financial Distress: features of a period, distress in the next one; five folds of companies, and
out of time on the last periods with an interval from resampled companies. The data lie outside of the project, in
``../shared/data``; without them nothing is measured, and the script says so.

    python benchmarks/real_panels.py [--data FOLDER] [--models lightgbm scorecard]
"""

import argparse
import csv
import gzip
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from inspect import signature
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame
from scipy.special import expit
from sklearn.metrics import brier_score_loss, log_loss
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from riskresearch.base.resampling import auc, bootstrap_auc
from riskresearch.model.candidates import CANDIDATES, Fitted
from riskresearch.model.sample import Sample
from riskresearch.pipeline.panel_run.delivery import deliver_panel
from riskresearch.pipeline.panel_run.mapping import PanelMapping, panel_mapping
from riskresearch.pipeline.panel_run.rows import panel_rows
from riskresearch.pipeline.settings import resolve

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
TAIWAN = "taiwan_credit_card/default_of_credit_card_clients.csv.gz"
DISTRESS = "financial_distress/financial_distress.csv.gz"
PAYMENT_STATUS = ("PAY_0", "PAY_2", "PAY_3", "PAY_4", "PAY_5", "PAY_6")
N_FOLDS, SEED, N_BOOTSTRAP = 5, 42, 1000


def models(asked: Sequence[str], names: Sequence[str]) -> list[str]:
    """Return the registered candidates that can be fitted on the features, or those asked for."""
    possible = [m.name for m in CANDIDATES if set(m.spec.needs) <= set(names)]
    return [name for name in possible if not asked or name in asked]


def fit(name: str, rows: DataFrame, mapping: PanelMapping) -> Fitted:
    """Return a candidate fitted on rows of a panel, with its own settings as the mapping changes them."""
    function = CANDIDATES[name].function
    settings = signature(function).parameters["settings"].annotation
    changed = {key: value for key, value in mapping.settings.get("model", {}).items() if key in settings.model_fields}
    sample = Sample.of(rows, mapping.feature_dictionary(), horizon_months=mapping.horizon_months)
    return function(sample, settings(**changed))


def figures(rows: DataFrame, scores: Mapping[int, NDArray[np.float64]]) -> dict[str, float]:
    """Return AUC (mean and standard deviation of the folds), Brier score and log loss of raw PDs on the test rows."""
    hit = rows["is_default"].to_numpy(bool)
    aucs, briers, losses = [], [], []
    for fold, odds in scores.items():
        told = hit[rows["fold"].to_numpy() == fold]
        aucs.append(auc(odds, told))
        briers.append(brier_score_loss(told, expit(odds)))
        losses.append(log_loss(told, expit(odds)))
    return {
        "auc": float(np.mean(aucs)),
        "auc_sd": float(np.std(aucs)),
        "brier": float(np.mean(briers)),
        "log_loss": float(np.mean(losses)),
    }


def over_folds(name: str, rows: DataFrame, worse: Sequence[DataFrame], mapping: PanelMapping) -> dict[str, float | str]:
    """Return the figures of one candidate over the folds, and how often a PD falls in rows that are worse."""
    scores, fallen, compared, seconds = {}, 0, 0, 0.0
    for fold in range(N_FOLDS):
        is_test = (rows["fold"] == fold).to_numpy()
        started = perf_counter()
        fitted = fit(name, rows[~is_test], mapping)
        seconds += perf_counter() - started
        scores[fold] = fitted.log_odds(rows[is_test])
        for other in worse:
            fallen += int((fitted.log_odds(other[is_test]) < scores[fold]).sum())
            compared += int(is_test.sum())
    share = fallen / compared if compared else float("nan")
    return {"model": name, **figures(rows, scores), "n_worse": compared, "fallen": share, "fit_s": seconds / N_FOLDS}


def with_folds(rows: DataFrame, splits: Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]) -> DataFrame:
    """Return the rows with the number of the fold in which each is tested."""
    fold = np.empty(len(rows), dtype=int)
    for number, (_, test) in enumerate(splits):
        fold[test] = number
    return rows.assign(fold=fold)


def taiwan(file: Path, asked: Sequence[str]) -> DataFrame:
    """Return the figures of the candidates on the credit cards."""
    mapping = panel_mapping("taiwan_credit_card")
    rows = _in_file_order(panel_rows(file, mapping)[0])
    splits = StratifiedKFold(N_FOLDS, shuffle=True, random_state=SEED).split(rows, rows["is_default"])
    rows = with_folds(rows, splits)
    worse = [_in_file_order(panel_rows(other, mapping)[0]) for other in _a_month_later(file)]
    found = [over_folds(name, rows, worse, mapping) for name in models(asked, _names(mapping))]
    return DataFrame(found)


def _in_file_order(rows: DataFrame) -> DataFrame:
    order = rows["customer_id"].astype(int).sort_values().index
    return rows.loc[order].reset_index(drop=True).assign(is_default=lambda frame: frame["state"].astype(bool))


def _names(mapping: PanelMapping) -> list[str]:
    return [feature.feature for feature in mapping.features]


def _a_month_later(file: Path) -> Iterator[Path]:
    """Files in which the arrears of one month are one month longer: not late becomes one month late."""
    with gzip.open(file, "rt", encoding="utf-8", newline="") as handle:
        header, *cells = csv.reader(handle)
    with tempfile.TemporaryDirectory() as folder:
        for column in PAYMENT_STATUS:
            place = header.index(column)
            rows = [[*row[:place], str(max(int(row[place]), 0) + 1), *row[place + 1 :]] for row in cells]
            changed = Path(folder) / f"{column}.csv"
            with changed.open("w", encoding="utf-8", newline="") as handle:
                csv.writer(handle).writerows([header, *rows])
            yield changed


def distress(file: Path, asked: Sequence[str]) -> tuple[DataFrame, DataFrame]:
    """Return the figures of the candidates on the companies: unseen companies, and later periods."""
    mapping = panel_mapping("financial_distress")
    settings = resolve(mapping.with_settings({}), where=mapping.panel)
    panel = deliver_panel(file, mapping, settings, as_of=None).tables["snapshots"]
    known = panel[panel["is_default"].notna()].reset_index(drop=True)
    known = known.assign(is_default=known["is_default"].astype(bool))
    splits = StratifiedGroupKFold(N_FOLDS, shuffle=True, random_state=SEED)
    rows = with_folds(known, splits.split(known, known["is_default"], known["customer_id"]))
    chosen = models(asked, _names(mapping))
    return DataFrame([over_folds(name, rows, (), mapping) for name in chosen]), _out_of_time(known, chosen, mapping)


def _out_of_time(known: DataFrame, chosen: Sequence[str], mapping: PanelMapping) -> DataFrame:
    train, test = (known[known["sample_code"] == code] for code in ("development", "out_of_time"))
    scores = {name: fit(name, train, mapping).log_odds(test) for name in chosen}
    hit, owners = test["is_default"], test["customer_id"]
    drawn = bootstrap_auc(scores, hit, owners, n_bootstrap=N_BOOTSTRAP, rng=np.random.default_rng(SEED))
    lines: list[dict[str, Any]] = []
    for name, odds in scores.items():
        low, high = drawn[name].quantile([0.025, 0.975])
        brier = brier_score_loss(hit, expit(odds))
        lines.append({"model": name, "auc": auc(odds, hit), "low": low, "high": high, "brier": brier})
    n = {"n_train": len(train), "bad_train": int(train["is_default"].sum()), "n_test": len(test), "bad": int(hit.sum())}
    return DataFrame(lines).assign(**n)


def main() -> None:
    """Measure and print one table per panel."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the real data")
    parser.add_argument("--models", nargs="*", default=[], help="candidates; default all that can be fitted")
    words = parser.parse_args()
    with pd.option_context("display.width", 160, "display.max_columns", 20, "display.precision", 5):
        for title, name, measure in (
            ("Taiwan credit cards, 5 folds of customers, seed 42", TAIWAN, taiwan),
            ("Financial Distress, next period: 5 folds of companies; later periods", DISTRESS, distress),
        ):
            if not (words.data / name).is_file():
                print(f"{title}: not measured, {name} is absent from the data folder")
                continue
            found = measure(words.data / name, words.models)
            print(f"\n{title}")
            for table in found if isinstance(found, tuple) else (found,):
                print(table.to_string(index=False))


if __name__ == "__main__":
    main()
