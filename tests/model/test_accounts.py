"""Score of annual accounts: worked cases, publication dates, age, monotone ratios, settings."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from model.accounts_cases import financials, tables_of
from pandas import DataFrame, Timestamp

from riskresearch.base.config import validated
from riskresearch.base.errors import SettingsError
from riskresearch.base.schema import check
from riskresearch.ledger.knowledge import FINANCIALS
from riskresearch.model.expert.accounts import ACCOUNTS_SCORES, RATIOS, AccountsSettings, accounts_pd

CASES = yaml.safe_load((Path(__file__).parents[1] / "cases" / "model" / "accounts.yaml").read_text(encoding="utf-8"))
MADE = {"flag": "accounts_flag_code", "score": "accounts_score", "weight": "accounts_weight_ratio"}
AS_OF = "2025-12-31"


def row_of(tables, as_of=AS_OF, **changes):
    found = accounts_pd(tables, AccountsSettings(**changes), as_of=Timestamp(as_of))
    return check(found, ACCOUNTS_SCORES).set_index("customer_id").loc["C1"]


def filed(closed="2024-12-31", published="2025-07-15", **amounts):
    return {"closed": closed, "published": published, "revenue": 1000, "net_worth": 200, "debt": 200} | amounts


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_worked_case(case):
    found = row_of(tables_of(case), case["as_of"])
    aged = case["expected"]["flag"] == "stale"  # 28 months are 851 days: half way within a hundredth
    for name, expected in case["expected"].items():
        near = expected if isinstance(expected, str) else pytest.approx(expected, abs=0.01 if aged else 1e-9)
        assert found[MADE.get(name, name)] == near, name
    has_score = case["expected"]["flag"] in ("used", "stale")
    assert found[["accounts_score", "pd_accounts"]].notna().all() == has_score
    assert found[["accounts_score", "pd_accounts"]].isna().all() != has_score


def test_pd_runs_straight_in_log_odds_from_worst_to_best():
    worst = filed(net_worth=-100, debt=500, net_income=-200)
    best = filed(net_worth=600, debt=0, net_income=200)
    pds = [row_of(tables_of({"accounts": [row]}))["pd_accounts"] for row in (worst, best)]
    assert pds == pytest.approx([0.20, 0.002])
    middle = row_of(
        tables_of({"accounts": [filed(net_income=40, net_worth=250, debt=250)]}),
        accounts_points=dict.fromkeys(RATIOS, ((0.0, 0.5), (1.0, 0.5))),
    )
    odds = np.sqrt(0.20 / 0.80 * 0.002 / 0.998)
    assert middle["pd_accounts"] == pytest.approx(odds / (1 + odds))  # 2.2 %


def random_accounts(seed, n=400):
    """One closing of many customers: amounts around 0, some figures missing."""
    rng = np.random.default_rng(seed)
    amounts = rng.integers(-400, 900, (n, 4)) * rng.choice([0, 1, 1, 1], (n, 4)) * 100
    frame = DataFrame(amounts, columns=["revenue_minor", "net_worth_minor", "debt_minor", "net_income_minor"])
    frame["debt_minor"] = frame["debt_minor"].abs()
    frame = frame.astype("Int64").mask(rng.random((n, 4)) < 0.1)
    dates = {"period_end_date": Timestamp("2024-12-31"), "published_date": Timestamp("2025-07-15")}
    return check(frame.assign(customer_id=[f"C{k:03}" for k in range(n)], **dates), FINANCIALS)


def scores_of(table, as_of=AS_OF):
    tables = {"customers": table[["customer_id"]], "financials": table}
    return accounts_pd(tables, AccountsSettings(accounts_min_ratios=1), as_of=Timestamp(as_of))


@pytest.mark.parametrize(("name", "sign"), [("debt_minor", 1), ("net_worth_minor", -1), ("net_income_minor", -1)])
def test_more_debt_less_worth_or_less_income_never_lowers_the_pd(name, sign):
    table = random_accounts(seed=4)
    worse = table.assign(**{name: table[name] + sign * np.random.default_rng(5).integers(1, 30_000, len(table))})
    before, after = scores_of(table)["pd_accounts"], scores_of(worse)["pd_accounts"]
    assert not (before.notna() & after.isna()).any()
    assert (after - before).min() >= -1e-12
    assert ((after - before) > 1e-6).mean() > 0.1


def test_age_never_lowers_the_pd_and_ends_in_none():
    table = random_accounts(seed=6)
    days = [196, 300, 608, 609, 800, 1000, 1095, 1096]
    found = [scores_of(table, Timestamp("2024-12-31") + pd.Timedelta(days=k)) for k in days]
    pds = DataFrame([rows["pd_accounts"] for rows in found], index=days)
    assert (pds.loc[:1095].diff().iloc[1:].min() >= -1e-12)[pds.loc[196].notna()].all()
    assert pds.loc[608].equals(pds.loc[196].rename(608))
    assert (pds.loc[1095] > pds.loc[196] + 1e-6).mean() > 0.2
    assert set(found[-2]["accounts_flag_code"]) == {"stale", "no_figure"}
    assert set(found[-1]["accounts_flag_code"]) == {"withheld"}
    assert pds.loc[1096].isna().all()


def test_accounts_published_after_the_day_change_nothing_whatever_their_closing_date():
    old, new = filed(closed="2023-12-31", published="2024-07-01"), filed(net_worth=-900, debt=900, net_income=-900)
    early = row_of(tables_of({"accounts": [old, new]}), "2025-07-14")
    assert early.equals(row_of(tables_of({"accounts": [old]}), "2025-07-14"))
    assert row_of(tables_of({"accounts": [old, new]}), "2025-07-15")["pd_accounts"] > early["pd_accounts"]


def test_every_customer_has_a_row_in_the_order_of_customers_whatever_the_order_of_accounts():
    rows = pd.concat(
        [
            financials(
                [
                    filed(closed=f"{y}-12-31", published=f"{y + 1}-07-01", net_worth=y - 1900)
                    for y in (2022, 2023, 2024)
                ],
                customer=name,
            )
            for name in ("C2", "C1")
        ]
    )
    customers = DataFrame({"customer_id": ["C3", "C2", "C1"]})
    found, again = (
        accounts_pd({"customers": customers, "financials": table}, AccountsSettings(), as_of=Timestamp(AS_OF))
        for table in (rows, rows.iloc[::-1])
    )
    assert found.equals(again)
    assert found["customer_id"].tolist() == ["C1", "C2", "C3"]
    assert found["accounts_flag_code"].tolist() == ["used", "used", "none"]
    assert found.loc[0, "pd_accounts"] == found.loc[1, "pd_accounts"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"accounts_weights": dict.fromkeys(RATIOS, 0.3)}, "add up to 1.2, must add up to 1"),
        ({"accounts_weights": {"debt_ratio": 1.0}}, "give one weight of 0 or more to each of debt_ratio"),
        ({"accounts_points": {"debt_ratio": ((0, 1), (1, 0))}}, "give points to each of debt_ratio"),
        ({"accounts_points": AccountsSettings().accounts_points | {"debt_ratio": ((0, 0), (1, 1))}}, "that fall"),
        ({"accounts_points": AccountsSettings().accounts_points | {"net_margin_ratio": ((0, 1), (1, 0))}}, "that rise"),
        (
            {"accounts_points": AccountsSettings().accounts_points | {"net_margin_ratio": ((1, 0), (0, 1))}},
            "rising values",
        ),
        (
            {"accounts_points": AccountsSettings().accounts_points | {"net_margin_ratio": ((0, 0), (1, 2))}},
            "from 0 to 1",
        ),
        ({"accounts_points": AccountsSettings().accounts_points | {"net_margin_ratio": ()}}, "net_margin_ratio: give"),
        ({"accounts_fresh_months": 36}, "must be less than accounts_max_age_months"),
        ({"accounts_pd_best": 0.2}, "must be less than accounts_pd_worst"),
    ],
)
def test_settings_that_make_no_score_are_refused(changes, said):
    with pytest.raises(SettingsError, match=said):
        validated(AccountsSettings, changes, where="model")
