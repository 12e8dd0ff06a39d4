"""The replay against a plain day-by-day loop, and what must hold whatever the ledger."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.limits_replay import default_losses, replay
from pandas import DataFrame, Timestamp
from scipy.special import ndtr, ndtri

from riskresearch.base.errors import TableError
from riskresearch.ledger.movements import movements
from riskresearch.ledger.worked import worked_ledger
from riskresearch.limits.backtest.account import account, daily_exposure, month_ends
from riskresearch.limits.backtest.book import book
from riskresearch.limits.backtest.paths import daily_limits, first_known_review, stopped_days
from riskresearch.limits.backtest.replay import courses_of, replayed
from riskresearch.limits.backtest.risk import known_risk, shortfall_pd
from riskresearch.limits.policy.rules import Economics

FIRST, AS_OF = Timestamp("2024-01-31"), Timestamp("2024-06-30")
EPOCH = Timestamp("1970-01-01")
ECONOMICS = Economics(
    margin_ratio=0.25,
    finance_ratio=0.06,
    operating_ratio=0.0,
    capital_charge_ratio=0.15,
    asset_correlation_ratio=0.12,
    draw_down_ratio=0.0,
    relation_months=12,
    monthly_churn_ratio=0.0,
    source="test",
)
SPELLS = ["customer_id", "default_date", "trigger_code", "trigger_end_date", "performing_date"]


def _case(seed):
    """Invoices with part payments, returned payments, cash sales, prepayments, credit notes and write-offs."""
    rng = np.random.default_rng(seed)
    invoices = []
    for number in range(30):
        issued = Timestamp("2023-11-15") + pd.Timedelta(days=int(rng.integers(0, 225)))
        amount = int(rng.integers(10, 90)) * 10
        row = {"id": f"I{number:02d}", "customer": f"C{rng.integers(3)}", "date": str(issued.date()), "amount": amount}
        row["kind"] = str(rng.choice(["invoice", "deposit", "finance_charge"], p=[0.8, 0.1, 0.1]))
        row["net"] = amount * 0.8 if rng.random() < 0.7 else None
        row = {key: value for key, value in row.items() if value is not None}
        paid = issued + pd.Timedelta(days=int(rng.choice([-5, 0, 0, 3, 10, 25, 60])))
        kind = rng.choice(["paid", "parts", "credited", "written_off", "open"], p=[0.45, 0.2, 0.1, 0.1, 0.15])
        if kind == "parts":
            later = paid + pd.Timedelta(days=int(rng.integers(0, 40)))
            row["paid"] = [[str(paid.date()), amount / 2], [str(later.date()), amount / 2]]
        elif kind == "written_off":
            row["written_off"] = [[str((max(paid, issued) + pd.Timedelta(days=20)).date()), amount]]
        elif kind != "open":
            row[str(kind)] = [[str(paid.date()), amount]]
        invoices.append(row)
    return {"invoices": invoices, "as_of": str(AS_OF.date())}


def _defaults(rows=()):
    frame = DataFrame(rows, columns=["customer_id", "default_date", "performing_date"]).astype({"customer_id": "str"})
    for name in ("default_date", "performing_date"):
        frame[name] = pd.to_datetime(frame[name]).astype("datetime64[us]")
    return frame.assign(trigger_code="past_due", trigger_end_date=frame["performing_date"])[SPELLS]


def _tables(case, defaults=()):
    ledger = worked_ledger(case)
    names = ("invoices", "customers", "events", "limits")
    return {
        **{name: ledger[name] for name in names},
        "movements": movements(ledger.tables),
        "defaults": _defaults(defaults),
    }


def _path(seed, *, scale=1000.0, customers=("C0", "C1", "C2")):
    rng = np.random.default_rng(seed + 1)
    rows = []
    for customer in customers:
        for review in pd.date_range(FIRST, AS_OF, freq="ME")[int(rng.integers(0, 2)) :]:
            amount = np.inf if rng.random() < 0.1 else float(rng.integers(0, 3) * scale / 2)
            rows.append({"customer_id": customer, "review_date": review, "limit_amount": amount})
    return DataFrame(rows)


def _number(value):
    return (Timestamp(value) - EPOCH).days


def _plain(tables, path, defaults, *, delay_max_days):
    """The same in the words of the plain loop."""
    moves = tables["movements"]
    moves = moves[moves["known_date"] <= AS_OF]
    bills = [
        {
            "id": row.invoice_id,
            "customer": row.customer_id,
            "day": _number(row.invoice_date),
            "amount": int(row.base_minor),
            "is_order": row.invoice_kind_code in ("invoice", "deposit"),
        }
        for row in moves.itertuples()
        if row.movement_code == "invoice"
    ]
    acts = [
        {"invoice": row.invoice_id, "day": _number(row.effective_date), "amount": -int(row.base_minor)}
        for row in moves.itertuples()
        if row.movement_code != "invoice"
    ]
    limits, stops, fallen = {}, {}, {}
    for row in path.itertuples():
        cents = None if np.isinf(row.limit_amount) else round(row.limit_amount * 100)
        limits.setdefault(row.customer_id, []).append((_number(row.review_date), cents))
    for customer, first, after in defaults:
        stops.setdefault(customer, []).append((_number(first), _number(after or "2030-01-01")))
        fallen.setdefault(customer, []).append(_number(first))
    window = {"start": _number(FIRST), "end": _number(AS_OF)}
    sold, blocked, owed = replay(bills, acts, limits, stops, **window, delay_max_days=delay_max_days)
    return sold, blocked, owed, default_losses(bills, acts, sold, fallen, **window)


def _ours(tables, path, *, delay_max_days, stops_in_default=True):
    window = book(tables, first_review_date=FIRST, as_of=AS_OF)
    limits = daily_limits(
        window, path, stops_in_default=stops_in_default, stopped=stopped_days(window), securities=_unsecured(window)
    )
    return window, limits, replayed(window, limits, courses_of(window), delay_max_days=delay_max_days)


def _unsecured(window):
    return np.zeros((len(window.customers), window.n_days))


def _risk(window, pd_12m=0.1, lgd=1.0):
    rows = DataFrame({"customer_id": window.customers, "review_date": FIRST, "pd_12m": pd_12m, "lgd_ratio": lgd})
    return known_risk(
        window,
        rows,
        stopped=stopped_days(window),
        securities=_unsecured(window),
        asset_correlation_ratio=0.12,
        confidence_ratio=0.99,
    )


def _account(window, limits, decisions, **risk):
    return account(window, limits, decisions, _risk(window, **risk), ECONOMICS)


DEFAULTS = [("C1", "2024-03-10", "2024-04-20"), ("C1", "2024-05-20", None), ("C2", "2024-05-05", None)]


@pytest.mark.parametrize("delay_max_days", [None, 5, 30])
@pytest.mark.parametrize("seed", range(8))
def test_the_replay_is_that_of_the_plain_loop(seed, delay_max_days):
    tables = _tables(_case(seed), DEFAULTS)
    path = _path(seed)
    window, limits, decisions = _ours(tables, path, delay_max_days=delay_max_days)
    sold, blocked, owed, losses = _plain(tables, path, DEFAULTS, delay_max_days=delay_max_days)
    ids = window.bills["invoice_id"]
    found = np.where(decisions.is_sold, window.bills["issue"] + decisions.wait_days, -1)
    assert dict(zip(ids, found, strict=True)) == {
        key: -1 if value is None else value for key, value in sold.items() if key in set(ids)
    }
    assert set(ids[decisions.is_blocked]) == blocked
    exposure = daily_exposure(window, decisions)
    for (number, customer), minor in owed.items():
        assert exposure[window.customers.get_loc(customer), number - window.start] == minor
    one = _account(window, limits, decisions)
    by_default = one.losses.groupby(["customer", "day"])["amount"].sum() * 100
    for (customer, number), minor in losses.items():
        key = (window.customers.get_loc(customer), number)
        assert by_default.get(key, 0.0) == pytest.approx(minor, rel=1e-12)
    assert by_default.sum() == pytest.approx(sum(losses.values()), rel=1e-12)


def test_the_cases_reach_every_branch():
    found = {"blocked": 0, "delayed": 0, "lost": 0, "losses": 0}
    for seed in range(8):
        window, limits, decisions = _ours(_tables(_case(seed), DEFAULTS), _path(seed), delay_max_days=30)
        found["blocked"] += decisions.is_blocked.sum()
        found["delayed"] += (decisions.wait_days > 0).sum()
        found["lost"] += (~decisions.is_sold).sum()
        found["losses"] += (_account(window, limits, decisions).losses["amount"] > 0).sum()
    assert min(found.values()) >= 10


@pytest.mark.parametrize("seed", range(4))
def test_without_limits_the_replay_is_history(seed):
    tables = _tables(_case(seed), DEFAULTS)
    path = _path(seed).assign(limit_amount=np.inf)
    window, limits, decisions = _ours(tables, path, delay_max_days=30, stops_in_default=False)
    assert decisions.is_sold.all()
    assert not decisions.is_blocked.any()
    exposure = daily_exposure(window, decisions)
    moves = tables["movements"]
    moves = moves[moves["known_date"] <= AS_OF]
    effective = moves[["effective_date", "invoice_date"]].max(axis=1)
    for column in month_ends(window):
        until = EPOCH + pd.Timedelta(days=int(column) + window.start)
        open_minor = moves[effective <= until].groupby("customer_id")["base_minor"].sum()
        assert exposure[:, column].tolist() == open_minor.reindex(window.customers).fillna(0).tolist()
    one = _account(window, limits, decisions)
    orders = tables["invoices"][tables["invoices"]["invoice_date"].between(FIRST + pd.Timedelta(days=1), AS_OF)]
    orders = orders[orders["invoice_kind_code"].isin(["invoice", "deposit"])]
    cut = moves[
        moves["movement_code"].isin(["credit_note", "discount"]) & moves["invoice_id"].isin(orders["invoice_id"])
    ]
    assert one.sums["sales"].sum() == pytest.approx((orders["base_minor"].sum() + cut["base_minor"].sum()) / 100)
    assert one.sums["sales_lost"].sum() == 0
    lost = moves[(moves["movement_code"] == "write_off") & (effective > FIRST) & (effective <= AS_OF)]
    assert one.sums["written_off"].sum() == pytest.approx(-lost["base_minor"].sum() / 100)


@pytest.mark.parametrize("delay_max_days", [None, 30])
def test_with_limits_of_zero_only_cash_is_sold(delay_max_days):
    tables = _tables(_case(3))
    path = _path(3).assign(limit_amount=0.0, review_date=FIRST).drop_duplicates()
    window, limits, decisions = _ours(tables, path, delay_max_days=delay_max_days)
    orders = window.bills[window.is_order]
    sold = decisions.is_sold[window.is_order]
    assert sold.tolist() == (orders["need"] <= 0).tolist()
    one = _account(window, limits, decisions)
    unpaid = orders["need"] > 0
    assert one.sums["sales_lost"].sum() == pytest.approx(orders.loc[unpaid, "value"].sum() / 100)
    margin = orders["value"] / 100 * orders["net_ratio"] * ECONOMICS.margin_ratio
    assert one.sums["margin_lost"].sum() == pytest.approx(margin[unpaid].sum())
    assert one.sums["margin"].sum() == pytest.approx(margin[~unpaid].sum())


@given(seed=st.integers(0, 10_000), scale=st.sampled_from([200.0, 600.0, 2000.0]), delay=st.sampled_from([None, 10]))
@settings(max_examples=10, deadline=None)
def test_what_holds_for_every_ledger(seed, scale, delay):
    tables = _tables(_case(seed), DEFAULTS)
    window, limits, decisions = _ours(tables, _path(seed, scale=scale), delay_max_days=delay)
    one = _account(window, limits, decisions)
    sums = one.sums
    assert np.allclose(sums["sales"] + sums["sales_lost"], sums["orders"], rtol=1e-12)
    assert np.allclose(sums["n_orders"].sum(), window.is_order.sum())
    assert (sums[["n_blocked_mature"]].to_numpy() <= sums[["n_blocked"]].to_numpy()).all()
    assert (sums["n_false_blocks"] <= sums["n_blocked_mature"]).all()
    bills = window.bills
    assert (decisions.is_blocked | ~window.is_order | (decisions.is_sold & (decisions.wait_days == 0))).all()
    day_sold = (bills["day"] + decisions.wait_days - window.start).to_numpy()
    chosen = np.flatnonzero(window.is_order & decisions.is_sold & (bills["need"] > 0) & (day_sold < window.n_days))
    exposure = daily_exposure(window, decisions)
    for bill in chosen:
        place = bills["customer"][bill], day_sold[bill]
        assert exposure[place] <= limits.minor[place], "an order that needs room leaves the limit kept on its day"
    assert (one.exposure >= -1e-9).all() or (bills["need"] < 0).any()


@given(seed=st.integers(0, 10_000), cut=st.integers(20, 120), delay=st.sampled_from([None, 20]))
@settings(max_examples=8, deadline=None)
def test_what_happens_after_a_day_changes_nothing_before(seed, cut, delay):
    until = FIRST + pd.Timedelta(days=cut)
    case = _case(seed)
    kept = []
    for row in case["invoices"]:
        if Timestamp(row["date"]) > until:
            continue
        acts = ("paid", "credited", "written_off")
        kept.append({k: [a for a in v if Timestamp(a[0]) <= until] if k in acts else v for k, v in row.items()})
    defaults = [row for row in DEFAULTS if Timestamp(row[1]) <= until]
    path = _path(seed)
    whole = _ours(_tables(case, DEFAULTS), path, delay_max_days=delay)
    if not kept:
        return
    part = _ours(_tables(case | {"invoices": kept}, defaults), path[path["review_date"] <= until], delay_max_days=delay)
    n = cut + 1
    for name in part[0].customers:
        rows = [daily_exposure(w, d)[w.customers.get_loc(name), :n] for w, _, d in (whole, part)]
        assert rows[0].tolist() == rows[1].tolist()
    sold = [
        {
            key: (day_sold, is_blocked)
            for key, day_sold, is_blocked in zip(
                w.bills["invoice_id"],
                np.where(
                    d.is_sold & (w.bills["issue"] + d.wait_days <= w.start + cut), w.bills["issue"] + d.wait_days, -1
                ),
                d.is_blocked,
                strict=True,
            )
            if key in set(part[0].bills["invoice_id"]) & set(whole[0].bills["invoice_id"])
        }
        for w, _, d in (whole, part)
    ]
    assert sold[0] == sold[1]


def test_one_order_more_room_never_lowers_what_is_sold_to_equal_orders():
    case = {"invoices": [{"id": f"I{n}", "date": f"2024-02-{n + 1:02d}", "amount": 100} for n in range(1, 9)]}
    tables = _tables(case)
    sold = []
    for limit in range(0, 1000, 150):
        path = DataFrame({"customer_id": ["C1"], "review_date": [FIRST], "limit_amount": [float(limit)]})
        sold.append(_ours(tables, path, delay_max_days=None)[2].is_sold.sum())
    assert sold == sorted(sold)
    assert (sold[0], sold[-1]) == (0, 8)


def test_more_room_may_sell_less_where_orders_differ():
    """Whole or nothing: a large order that fits under the wider limit keeps two small ones out."""
    case = {
        "invoices": [
            {"id": "I1", "date": "2024-02-01", "amount": 600},
            {"id": "I2", "date": "2024-02-02", "amount": 450},
            {"id": "I3", "date": "2024-02-03", "amount": 100},
        ]
    }
    sold = {}
    for limit in (550.0, 600.0):
        path = DataFrame({"customer_id": ["C1"], "review_date": [FIRST], "limit_amount": [limit]})
        window, _, decisions = _ours(_tables(case), path, delay_max_days=None)
        sold[limit] = window.bills["amount"][decisions.is_sold].sum() / 100
    assert sold == {550.0: 550.0, 600.0: 600.0}
    path = DataFrame({"customer_id": ["C1"], "review_date": [FIRST], "limit_amount": [599.0]})
    assert _ours(_tables(case), path, delay_max_days=None)[2].is_sold.tolist() == [False, True, True]


def test_a_limit_holds_from_the_day_after_its_review():
    case = {"invoices": [{"id": f"I{n}", "date": f"2024-02-{n}", "amount": 100} for n in (28, 29)]}
    case["invoices"].append({"id": "I3", "date": "2024-03-01", "amount": 100})
    path = DataFrame(
        {"customer_id": "C1", "review_date": [FIRST, Timestamp("2024-02-29")], "limit_amount": [150.0, 1000.0]}
    )
    assert _ours(_tables(case), path, delay_max_days=None)[2].is_sold.tolist() == [True, False, True]


def test_orders_before_the_first_review_of_a_customer_are_not_judged():
    case = {
        "invoices": [
            {"id": "I1", "date": "2024-02-10", "amount": 100},
            {"id": "I2", "date": "2024-03-10", "amount": 100},
        ]
    }
    path = DataFrame({"customer_id": ["C1"], "review_date": [Timestamp("2024-02-29")], "limit_amount": [0.0]})
    _, limits, decisions = _ours(_tables(case), path, delay_max_days=None)
    assert decisions.is_sold.tolist() == [True, False]
    assert int(limits.is_reviewed.sum()) == (AS_OF - Timestamp("2024-02-29")).days


def test_proceedings_stop_sales_even_without_a_default():
    case = {
        "invoices": [{"id": f"I{n}", "date": f"2024-0{n}-10", "amount": 100} for n in (2, 3, 4)],
        "events": [
            {"id": "E1", "customer": "C1", "code": "insolvency", "date": "2024-03-01", "recorded": "2024-03-05"},
            {"id": "E2", "customer": "C1", "code": "insolvency_closed", "date": "2024-04-05"},
        ],
    }
    path = DataFrame({"customer_id": ["C1"], "review_date": [FIRST], "limit_amount": [1000.0]})
    window, limits, decisions = _ours(_tables(case), path, delay_max_days=None)
    assert decisions.is_sold.tolist() == [True, False, True]
    assert limits.minor[0, [_number("2024-03-04") - window.start, _number("2024-03-05") - window.start]].tolist() == [
        100_000,
        0,
    ]


def test_wrong_paths_are_refused():
    tables = _tables(_case(1))
    path = _path(1)
    for wrong, words in (
        (path.assign(limit_amount=-1.0), "empty or negative limit"),
        (pd.concat([path, path.head(1)]), "repeat a customer and day of review"),
    ):
        with pytest.raises(TableError, match=words):
            _ours(tables, wrong, delay_max_days=None)


def test_related_companies_are_left_out_and_counted():
    case = _case(2) | {"customers": [{"id": "C0", "type": "related"}]}
    tables = _tables(case)
    window = book(tables, first_review_date=FIRST, as_of=AS_OF)
    assert window.n_related == 1
    assert "C0" not in window.customers


def test_the_first_review_is_the_first_with_enough_pds():
    reviews = DataFrame(
        {
            "review_date": pd.to_datetime(["2024-01-31"] * 2 + ["2024-02-29"] * 2 + ["2024-03-31"] * 2),
            "pd_12m": [np.nan, np.nan, np.nan, 0.1, 0.1, 0.1],
        }
    )
    assert first_known_review(reviews, known_ratio=0.5) == Timestamp("2024-02-29")
    assert first_known_review(reviews, known_ratio=0.6) == Timestamp("2024-03-31")
    assert first_known_review(reviews.head(2), known_ratio=0.5) is None


def test_the_hazard_of_a_year_gives_back_the_pd():
    window = book(_tables(_case(5)), first_review_date=FIRST, as_of=AS_OF)
    risk = _risk(window, pd_12m=0.3, lgd=0.4)
    daily = risk.daily_loss[0, -1] / 0.4
    assert 1 - np.exp(-daily * 365) == pytest.approx(0.3, rel=1e-12)
    assert np.isnan(risk.daily_loss).sum() == 0


def test_the_worst_years_of_the_one_factor_model_match_a_simulation():
    rng = np.random.default_rng(3)
    factor = np.sort(rng.standard_normal(400_000))[-4000:]
    for p_default in (0.002, 0.03, 0.2):
        rates = ndtr((ndtri(p_default) + np.sqrt(0.12) * factor) / np.sqrt(0.88))
        ours = float(shortfall_pd(np.array([p_default]), 0.12, 0.99)[0])
        assert ours == pytest.approx(rates.mean(), rel=4 * rates.std() / np.sqrt(4000) / rates.mean() + 0.01)
        assert ours > p_default
