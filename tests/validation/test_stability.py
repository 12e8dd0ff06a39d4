"""AUC against the initial one, stability of grades and of characteristics, with their levels under no change."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2, norm
from validation.grade_evidence import SETTINGS, evidence

from riskresearch.base.errors import TableError
from riskresearch.base.schema import check
from riskresearch.base.shifts import bin_counts, decile_edges, shift
from riskresearch.validation.characteristics import STABILITY_INDEX, stability_index
from riskresearch.validation.measures.stability import auc_against_initial, psi
from riskresearch.validation.registry import Verdict


def _pairs(grades, outcome):
    """AUC and its DeLong variance by counting every pair."""
    score = np.array(["ABCDEFGH".index(g) for g in grades])
    hit = np.asarray(outcome, bool)
    wins = (score[hit][:, None] > score[~hit][None, :]) + 0.5 * (score[hit][:, None] == score[~hit][None, :])
    return wins.mean(), wins.mean(axis=1).var(ddof=1) / hit.sum() + wins.mean(axis=0).var(ddof=1) / (~hit).sum()


def test_auc_against_initial_counts_pairs():
    rng = np.random.default_rng(2)
    now, before = ("".join("ABCD"[i] for i in rng.integers(0, 4, 60)) for _ in range(2))
    chance = {"A": 0.1, "B": 0.2, "C": 0.4, "D": 0.6}
    hit, hit0 = (np.array([rng.random() < chance[grade] for grade in sample]) for sample in (now, before))
    current, variance = _pairs(now, hit)
    initial, _ = _pairs(before, hit0)
    found = auc_against_initial(evidence(now, "ABCD", outcome=hit, initial=evidence(before, "ABCD", outcome=hit0)))
    assert found.value == pytest.approx(norm.sf((initial - current) / np.sqrt(variance)), rel=1e-9)


def test_auc_against_itself_is_one_half_and_a_lost_order_is_red():
    grades, hit = "AAABBBCCC", [0, 0, 0, 0, 0, 1, 0, 1, 1]
    same = evidence(grades, outcome=hit)
    assert auc_against_initial(evidence(grades, outcome=hit, initial=same)).value == pytest.approx(0.5)
    upside_down = evidence(grades * 5, outcome=hit[::-1] * 5, initial=same)
    assert auc_against_initial(upside_down).value < 0.001


def test_auc_without_sampling_error():
    apart = evidence("AAACCC", outcome=[0, 0, 0, 1, 1, 1])
    mixed = evidence("AAACCC", outcome=[0, 0, 1, 0, 1, 1])
    assert auc_against_initial(evidence("AACC", outcome=[0, 0, 1, 1], initial=apart)).value == 0.5
    assert auc_against_initial(evidence("AACC", outcome=[0, 0, 1, 1], initial=mixed)).value == 1.0
    assert auc_against_initial(evidence("AACC", outcome=[1, 1, 0, 0], initial=mixed)).value == 0.0


def test_auc_reasons():
    whole = evidence("AABC", outcome=[0, 0, 1, 1])
    assert auc_against_initial(evidence("AABC", outcome=[0, 0, 1, 1])).reason == "no_initial"
    assert auc_against_initial(evidence("AB", outcome=[0, 1], initial=evidence("AB"))).reason == "no_initial"
    assert auc_against_initial(evidence("AB", initial=whole)).reason == "no_default"
    assert auc_against_initial(evidence("AABC", outcome=[0, 0, 0, 1], initial=whole)).reason == "too_few_defaults"
    assert auc_against_initial(evidence("AB", "A", outcome=[0, 1], initial=whole)).reason == "one_grade"


def test_psi_by_hand():
    before, now = evidence("A" * 50 + "B" * 30 + "C" * 20), evidence("A" * 20 + "B" * 20 + "C" * 10)
    shares = np.array([[50.5, 30.5, 20.5], [20.5, 20.5, 10.5]]) / [[101.5], [51.5]]
    found = psi(evidence("A" * 20 + "B" * 20 + "C" * 10, initial=before))
    assert found.value == pytest.approx(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum(), rel=1e-12)
    assert found.verdict == Verdict.GREEN
    assert len(now.rows) == 50


def test_psi_verdict_follows_the_critical_value_not_a_rule_of_thumb():
    few = psi(evidence("A" * 9 + "B" * 16 + "C" * 5, initial=evidence("A" * 15 + "B" * 10 + "C" * 5)))
    many = psi(evidence("A" * 950 + "B" * 1050 + "C" * 500, initial=evidence("A" * 1200 + "B" * 800 + "C" * 500)))
    assert few.value > 0.10 > many.value  # the customary border would say the opposite
    assert (few.verdict, many.verdict) == (Verdict.GREEN, Verdict.RED)


def test_rows_of_one_customer_are_one_customer():
    before = evidence("A" * 60 + "B" * 40)
    once = psi(evidence("A" * 11 + "B" * 19, initial=before))
    often = psi(evidence(("A" * 11 + "B" * 19) * 12, customer=[f"C{i}" for i in range(30)] * 12, initial=before))
    assert often.verdict == once.verdict == Verdict.AMBER
    alone = psi(evidence(("A" * 11 + "B" * 19) * 12, initial=before))
    assert alone.verdict == Verdict.RED


def test_psi_reasons():
    assert psi(evidence("AAB")).reason == "no_initial"
    assert psi(evidence("", initial=evidence("AB"))).reason == "no_rows"
    assert psi(evidence("AAA", initial=evidence("AA"))).reason == "one_grade"
    assert psi(evidence("AAA", "A", initial=evidence("AA", "A"))).reason == "one_grade"


def test_index_keeps_its_level_where_nothing_moves():
    rng = np.random.default_rng(4)
    share = [0.05, 0.2, 0.3, 0.25, 0.15, 0.05]
    p = np.array(
        [
            shift(rng.multinomial(800, share), rng.multinomial(250, share), n_before=800, n_now=250).p_value
            for _ in range(600)
        ]
    )
    assert np.mean(p < 0.05) == pytest.approx(0.05, abs=0.027)  # 3 standard errors of 600 draws


def test_critical_value_and_p_value_agree():
    found = shift([10, 20, 30, 0], [12, 12, 12, 0], n_before=60, n_now=36)
    assert found.n_bins == 3
    assert found.critical_value(1 - found.p_value) == pytest.approx(found.value, rel=1e-9)
    assert found.critical_value(0.95) == pytest.approx(chi2.ppf(0.95, 2) * (1 / 60 + 1 / 36), rel=1e-12)
    assert shift([5, 0], [3, 0], n_before=5, n_now=3) is None
    assert shift([5, 4], [0, 0], n_before=9, n_now=1) is None


def _snapshots(n=200, seed=3):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "customer_id": [f"C{i}" for i in range(n)] * 3,
            "sample_code": np.repeat(["development", "out_of_time", "scoring"], n),
            "steady": rng.normal(size=3 * n),
            "moved": rng.normal(size=3 * n) + np.repeat([0.0, 0.0, 2.0], n),
            "lost": np.where(np.arange(3 * n) < 2 * n, rng.normal(size=3 * n), np.nan),
            "constant": 1.0,
        }
    )
    return frame


def test_stability_index_by_feature_and_sample():
    features = ["steady", "moved", "lost", "constant"]
    table = check(stability_index(_snapshots(), features, SETTINGS), STABILITY_INDEX)
    verdict = table.set_index(["comparison_code", "feature_code"])["verdict_code"]
    assert verdict["out_of_time"].to_dict() == {
        "constant": "not_computable", "lost": "green", "moved": "green", "steady": "green",
    }  # fmt: skip
    assert verdict["scoring"].to_dict() == {
        "constant": "not_computable", "lost": "red", "moved": "red", "steady": "green",
    }  # fmt: skip
    lost = table[(table["feature_code"] == "lost") & (table["comparison_code"] == "scoring")].iloc[0]
    assert (lost["missing_initial_ratio"], lost["missing_current_ratio"], lost["n_bins"]) == (0.0, 1.0, 11)
    assert set(table.loc[table["feature_code"] == "constant", "reason_code"]) == {"one_bin"}
    assert (table["value"].isna() == table["reason_code"].notna()).all()
    tested = table[table["value"].notna()]
    assert ((tested["p_value"] < 0.05) == (tested["value"] > tested["critical_value_95"])).all()
    assert (tested["p_adjusted"] >= tested["p_value"]).all()


def test_stability_index_by_hand():
    frame = pd.DataFrame(
        {
            "customer_id": [f"C{i}" for i in range(80)],
            "sample_code": ["development"] * 40 + ["scoring"] * 40,
            "flag": [0.0] * 30 + [1.0] * 10 + [0.0] * 20 + [1.0] * 15 + [np.nan] * 5,
        }
    )
    row = stability_index(frame, ["flag"], SETTINGS).set_index("comparison_code").loc["scoring"]
    before, now = np.array([30.5, 10.5, 0.5]) / 41.5, np.array([20.5, 15.5, 5.5]) / 41.5
    assert row["value"] == pytest.approx(((now - before) * np.log(now / before)).sum(), rel=1e-12)
    assert row["critical_value_95"] == pytest.approx(chi2.ppf(0.95, 2) / 20, rel=1e-12)
    assert stability_index(frame, ["flag"], SETTINGS)["reason_code"].tolist() == ["no_rows", None]


def test_stability_index_reasons():
    few = _snapshots(n=20)
    assert set(stability_index(few, ["steady"], SETTINGS)["reason_code"]) == {"too_few_customers"}
    later = _snapshots()[lambda f: f["sample_code"] != "development"]
    assert set(stability_index(later, ["steady"], SETTINGS)["reason_code"]) == {"no_initial"}
    with pytest.raises(TableError, match=r"1 features have no column \(absent\)"):
        stability_index(few, ["absent"], SETTINGS)
    assert check(stability_index(few, [], SETTINGS), STABILITY_INDEX).empty


def test_bins_end_with_their_border():
    edges = decile_edges(np.array([0.0] * 90 + [1.0] * 9 + [5.0, np.nan]))
    counts = bin_counts(np.array([0.0, 0.5, 1.0, 7.0, np.nan]), edges)
    assert counts.sum() == 5
    assert counts[-1] == 1
    assert counts[0] == 1  # only what is 0 or below
