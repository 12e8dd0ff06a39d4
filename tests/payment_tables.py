"""Example tables of the payment chapter, small enough to read, by hand."""

import pandas as pd
from pandas import DataFrame, Timestamp

NOW, YEAR_AGO = Timestamp("2025-12-31"), Timestamp("2024-12-31")
CUSTOMERS = ("007", "<script>alert(1)</script>", '=HYPERLINK("http://bad.example")', "C004", "C005")
DELAY = "days_beyond_terms_floored"


def payment_tables() -> dict[str, DataFrame]:
    """Return the tables of the payment chapter beside kpis, ageing, delays and concentration."""
    return {
        "segment_values": segment_values(),
        "lorenz": lorenz(),
        "largest_customer": largest_customer(),
        "transitions": transitions(),
        "absorption": absorption(),
        "transition_tests": transition_tests(),
        "vintages": vintages(),
        "dso_changes": dso_changes(),
        "level_changes": level_changes(),
        "customer_moves": customer_moves(),
        **survival(),
        **forecast(),
        **warnings(),
    }


def segment_values() -> DataFrame:
    """Two indicators over two segmentations and their pair; one cell rests on two customers."""
    cells = [
        ("size", "micro", 40, 14.0),
        ("size", "large", 8, 8.5),
        ("sector", "trade", 30, 12.4),
        ("sector", "transport", 18, 9.9),
        ("sector*size", "trade*micro", 28, 15.5),
        ("sector*size", "trade*large", 2, 31.0),
        ("sector*size", "transport*micro", 12, 9.0),
        ("sector*size", "transport*large", 6, 2.5),
        ("sector*size", "other", 3, 4.0),
    ]
    rows = []
    for axis, segment, n, days in cells:
        rows.append((DELAY, axis, segment, n, days, days - 3, days + 3, days + 0.5, "days", None, None))
        rows.append(("open_amount", axis, segment, n, 1e5 * n, None, None, None, "amount", None, "not_a_ratio"))
    rows.append((DELAY, "size", "small", 1, 20.0, None, None, 13.0, "days", None, "one_customer"))
    rows.append((DELAY, "size", "medium", 0, None, None, None, None, "days", "no_receipts_in_window", None))
    columns = ["indicator_code", "axis_code", "segment_code", "n_customers", "value", "interval_low", "interval_high"]
    columns += ["value_shrunk", "unit_code", "reason_code", "interval_reason_code"]
    frame = DataFrame(rows, columns=columns)
    return frame.assign(observation_date=NOW, n_items=10 * frame["n_customers"], base_amount=1e5)


def lorenz() -> DataFrame:
    """Five customers: the largest holds 60 % of the receivables and 50 % of the sales."""
    curves = {"exposure": (0.0, 0.02, 0.08, 0.2, 0.4, 1.0), "sales_12m": (0.0, 0.05, 0.12, 0.25, 0.5, 1.0)}
    rows = [
        (base, "customer", point, point / 5, amount)
        for base, amounts in curves.items()
        for point, amount in enumerate(amounts)
    ]
    return DataFrame(rows, columns=["base_code", "axis_code", "point_number", "member_ratio", "amount_ratio"])


def largest_customer() -> DataFrame:
    """What remains without the customer that owes most."""
    rows = [
        ("exposure", "007", 1, "sales_12m_amount", 1e7, 8e6, -2e6, "amount", None),
        ("exposure", "007", 1, "dso_simple_days", 72.4, 60.2, -12.2, "days", None),
        ("exposure", "007", 1, "overdue_ratio", 0.25, None, None, "ratio", "nothing_open"),
    ]
    columns = ["base_code", "member_id", "n_customers", "measure_code", "before_value", "after_value"]
    return DataFrame(rows, columns=[*columns, "change_value", "unit_code", "reason_code"])


def transitions() -> DataFrame:
    """A matrix whose rows add up to 1; nothing was without a due date."""
    shares = {
        "not_due": {"not_due": 0.4, "1_30": 0.2, "paid": 0.39, "credited": 0.01},
        "1_30": {"31_60": 0.25, "paid": 0.75},
        "31_60": {"61_90": 0.4, "paid": 0.6},
        "61_90": {"over_90": 0.37, "paid": 0.59, "lost": 0.04},
        "over_90": {"over_90": 0.93, "paid": 0.02, "lost": 0.05},
        "no_due_date": {},
    }
    states = (*shares, "paid", "credited", "lost")
    rows = [
        (source, target, 1e5 * row.get(target, 0.0), row.get(target, 0.0) if row else None, 12 if row else 0)
        for source, row in shares.items()
        for target in states
    ]
    frame = DataFrame(rows, columns=["from_code", "to_code", "moved_amount", "ratio", "n_items"])
    reason = ["never_in_state" if source == "no_due_date" else None for source in frame["from_code"]]
    return frame.assign(n_customers=40, reason_code=reason)


def absorption() -> DataFrame:
    """Where the open amount ends: 3.5 % of it is lost."""
    rows = [
        ("all", "paid", 0.955, 0.94, 0.97),
        ("all", "credited", 0.01, 0.0, 0.02),
        ("all", "lost", 0.035, 0.02, 0.05),
    ]
    frame = DataFrame(rows, columns=["from_code", "to_code", "ratio", "interval_low", "interval_high"])
    return frame.assign(
        months_to_end=2.6, open_amount=1_234_567.89, expected_amount=frame["ratio"] * 1_234_567.89, reason_code=None
    )


def transition_tests() -> DataFrame:
    """The test over two months fails."""
    rows = [("chapman_kolmogorov", "all", 6.6, 19.0, 1e-9, "fails"), ("stationarity", "all", 40.0, 45.0, 0.7, "holds")]
    frame = DataFrame(rows, columns=["test_code", "from_code", "statistic", "n_df", "p_value", "verdict_code"])
    return frame.assign(max_deviation_ratio=0.09, n_customers=40, caveat_code=None)


def vintages() -> DataFrame:
    """Fourteen months; the latest have not reached their days."""
    rows = []
    for number, month in enumerate(pd.date_range("2024-10-01", periods=14, freq="MS")):
        for days, ratio, seen in ((0, 0.5, 14), (30, 0.2, 12), (60, 0.02, 11), (90, 0.01, 10)):
            known = number < seen
            unpaid = ratio + number / 1000 if known else None
            rows.append(("due_date", month, days, unpaid, None if known else "not_yet_observed"))
    columns = ["basis_code", "issue_month_date", "after_days", "unpaid_ratio", "reason_code"]
    return DataFrame(rows, columns=columns).assign(n_items=80, net_amount=1e5, left_out_amount=0.0)


def dso_changes() -> DataFrame:
    """From 61.0 to 72.4 days: 2.4 mix, 4.0 terms, 5.0 lateness."""
    parts = {"trade": (1.4, 1.5, 4.6), "transport": (1.0, 2.5, 0.4), "all": (2.4, 4.0, 5.0)}
    rows = [
        ("sector", segment, effect, days)
        for segment, sizes in parts.items()
        for effect, days in zip(("mix", "terms", "lateness", "no_due_date"), (*sizes, 0.0), strict=True)
    ]
    frame = DataFrame(rows, columns=["axis_code", "segment_code", "effect_code", "change_days"])
    return frame.assign(
        start_date=YEAR_AGO,
        end_date=NOW,
        dso_start_days=61.0,
        dso_end_days=72.4,
        sales_ratio_start=0.5,
        sales_ratio_end=0.5,
        reason_code=None,
    )


def level_changes() -> DataFrame:
    """One change of the DSO level."""
    return DataFrame(
        {
            "series_code": ["dso_count_back_days"],
            "change_date": [Timestamp("2025-11-30")],
            "level_before": [58.5],
            "level_after": [67.1],
            "change_size": [8.6],
            "least_size": [4.0],
            "n_before": [6],
            "n_after": [2],
            "is_last": [True],
        }
    )


def customer_moves() -> DataFrame:
    """Two slower, one faster, one that owes more overdue."""
    return DataFrame(
        {
            "customer_id": list(CUSTOMERS[:4]),
            "compared_date": Timestamp("2025-09-30"),
            "days_beyond_terms": [41.0, 12.0, 5.0, None],
            "days_beyond_terms_before": [9.0, 4.0, 15.0, None],
            "days_beyond_terms_change": [32.0, 8.0, -10.0, None],
            "overdue_amount": [50_000.0, 1_000.0, 0.0, 20_000.0],
            "overdue_amount_change": [40_000.0, 0.0, -3_000.0, 20_000.0],
            "cost_days_amount": [80_000.0, 2_000.0, -9_000.0, None],
            "move_code": ["slower", "slower", "faster", "overdue_up"],
        }
    )


def survival() -> dict[str, DataFrame]:
    """Half of the items settled 7 days after the due date; two sizes."""
    days = (-30, 0, 15, 30, 60, 90)
    curves = {
        ("portfolio", "all", "count"): (0.97, 0.55, 0.4, 0.2, 0.05, 0.02),
        ("portfolio", "all", "amount"): (0.96, 0.6, 0.45, 0.25, 0.06, 0.03),
        ("size", "micro", "amount"): (0.95, 0.5, 0.35, 0.2, 0.05, 0.02),
        ("size", "large", "amount"): (0.97, 0.7, 0.5, 0.3, 0.07, 0.04),
    }
    rows = [
        (*place, day, share, share - 0.01, share + 0.01)
        for place, shares in curves.items()
        for day, share in zip(days, shares, strict=True)
    ]
    names = ["axis_code", "segment_code", "weight_code", "days", "probability", "low", "high"]
    summary = DataFrame(
        {
            "axis_code": "portfolio",
            "segment_code": "all",
            "origin_code": "due",
            "weight_code": ["count", "amount"],
            "n_items": 300,
            "n_open": 20,
            "median_days": [7.0, 12.0],
            "median_low_days": [0.0, 3.0],
            "median_high_days": [12.0, None],
            "settled_median_days": [5.0, 5.0],
            "reason_code": None,
        }
    )
    shares = {0: 0.6, 15: 0.45, 30: 0.25, 60: 0.06, 90: 0.03}
    return {
        "survival": DataFrame(rows, columns=names).assign(origin_code="due", end_code="open", n_at_risk=100),
        "time_to_pay": summary.assign(**{f"open_ratio_{day}d": share for day, share in shares.items()}),
    }


def forecast() -> dict[str, DataFrame]:
    """A model that beat the best rule, with five weeks ahead."""
    weeks, outcomes, errors = [], [], []
    for method, scale in (("due_date", 1.5), ("last_delay", 1.2), ("hazard", 1.0)):
        for week in range(1, 6):
            start, expected = NOW + pd.Timedelta(days=1 + 7 * (week - 1)), scale * 40_000.0 * week
            levels = [expected * factor for factor in (0.6, 1.5, 0.3, 2.0)]
            weeks.append((method, start, week, expected, *(levels if method == "hazard" else [None] * 4)))
        for outcome, amount in (("received_in_weeks", 6e5), ("received_later", 5e5), ("lost", 43_000.0)):
            outcomes.append((method, outcome, amount, amount / 10))
        errors += [(method, scope, n, scale * 0.4) for scope in ("week", "first_weeks") for n in (1, 2, 4)]
    choice = DataFrame(
        {
            "chosen_method_code": ["hazard"],
            "reason_code": ["model_beats_rule"],
            "rule_code": ["last_delay"],
            "model_code": ["hazard"],
            "rule_wape_ratio": [0.48],
            "model_wape_ratio": [0.4],
            "difference_ratio": [-0.08],
            "difference_low_ratio": [-0.12],
            "difference_high_ratio": [-0.03],
            "n_origins": [12],
        }
    )
    columns = ["method_code", "week_start_date", "horizon_weeks", "expected_amount"]
    backtest = DataFrame(errors, columns=["method_code", "scope_code", "horizon_weeks", "wape_ratio"])
    coverage = {"coverage_80_ratio": 0.77, "coverage_95_ratio": 0.92, "pinball_ratio": 0.1, "bias_ratio": 0.05}
    return {
        "receipts_forecast": DataFrame(weeks, columns=[*columns, "low_80", "high_80", "low_95", "high_95"]),
        "receipts_outcomes": DataFrame(
            outcomes, columns=["method_code", "outcome_code", "expected_amount", "overdue_amount"]
        ),
        "forecast_backtest": backtest.assign(n_origins=12, actual_amount=1e6, n_intervals=12, **coverage),
        "forecast_choice": choice,
    }


def warnings() -> dict[str, DataFrame]:
    """Three customers with warnings, and what such warnings were worth."""
    signals = [
        (CUSTOMERS[0], "oldest_open_item", "behaviour", "high", 120.0, 90.0, "days"),
        (CUSTOMERS[0], "drift_cusum", "behaviour", "medium", 6.2, 5.0, "sigmas"),
        (CUSTOMERS[0], "rating_to_check", "external", "low", 1.0, 0.0, "count"),
        (CUSTOMERS[0], "legal_event", "external", "high", None, 0.0, "count"),
        (CUSTOMERS[1], "limit_used", "field", "medium", 0.97, 0.95, "ratio"),
        (CUSTOMERS[3], "drift_cusum", "behaviour", "low", 5.4, 5.0, "sigmas"),
    ]
    columns = ["customer_id", "signal_code", "family_code", "severity_code", "value", "threshold", "unit_code"]
    quality = [
        ("ranked_list", "precision_ratio", 0.31, 0.22, 0.41, None),
        ("past_due_list", "precision_ratio", 0.18, 0.12, 0.25, None),
        ("every_customer", "precision_ratio", 0.036, 0.026, 0.05, None),
        ("ranked_list", "lead_median_days", 71.0, 30.0, 146.0, None),
        ("ranked_list", "recall_ratio", 0.9, 0.7, 0.96, None),
        ("drift_cusum", "false_alarms_per_customer_year", 0.034, 0.029, 0.04, None),
        ("drift_ewma", "false_alarms_per_customer_year", None, None, None, "too_few_customers"),
    ]
    names = ["signal_code", "measure_code", "value", "value_low", "value_high", "reason_code"]
    return {
        "warnings": DataFrame(signals, columns=columns).assign(signal_date=NOW, evidence="{}"),
        "signal_families": DataFrame(
            {
                "customer_id": list(CUSTOMERS),
                "n_behaviour": [2, 0, 0, 1, 0],
                "n_field": [0, 1, 0, 0, 0],
                "n_external": [2, 0, 0, 0, 0],
                "families_code": ["behaviour_external", "field", "none", "behaviour", "none"],
                "severity_code": ["high", "medium", None, "low", None],
                "points": [11.0, 2.0, 0.0, 1.0, 0.0],
                "rank_number": [1, 2, None, 3, None],
                "first_signal_date": [NOW, NOW, None, NOW, None],
                "open_amount": 1000.0,
            }
        ),
        "alert_quality": DataFrame(quality, columns=names).assign(n_cases=40),
        "incidents": DataFrame(
            {
                "customer_id": [CUSTOMERS[0], CUSTOMERS[3], CUSTOMERS[3]],
                "incident_code": ["late_item", "dispute", "dispute"],
                "reference_id": ["I1", "D1", "D2"],
                "invoice_id": ["I1", "I2", None],
                "incident_date": [NOW, YEAR_AGO, YEAR_AGO],
                "known_date": [NOW, YEAR_AGO, YEAR_AGO],
                "amount": [1500.0, 200.0, None],
                "state_code": ["open", "open", "closed"],
                "closed_date": [None, None, NOW],
                "detail_code": None,
            }
        ),
    }
