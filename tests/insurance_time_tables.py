"""Small tables of when indemnities arrive, of deadlines and of the steps of a claim."""

import pandas as pd
from pandas import DataFrame


def timing_tables(customers: list[str]) -> dict[str, DataFrame]:
    figures = {"paid_amount": 65_000.0, "wait_days": 75.0, "paid_after_year_ratio": 0.2}
    figures |= {"price_factor_ratio": 0.965, "financing_amount": 500.0}
    errors = {f"{name}_se": value / 100 for name, value in figures.items()}
    months = DataFrame({"policy_id": "whole_turnover", "month_number": range(1, 16), "paid_amount": 1_000.0})
    return {
        "indemnity_timing": DataFrame(
            [{"policy_id": "whole_turnover", **figures, **errors, "financing_rate_ratio": 0.05}]
        ),
        "indemnity_months": months.assign(paid_to_date_ratio=months["month_number"] / 15),
        "declaration_calendar": calendar(customers),
        "claim_timeline": timeline(customers),
    }


def calendar(customers: list[str]) -> DataFrame:
    return DataFrame(
        {
            "policy_id": "whole_turnover",
            "customer_id": customers[:4],
            "invoice_id": ["I1", "I2", "I3", "I4"],
            "item_id": ["I1/1", "I2/1", "I3/1", "I4/1"],
            "due_date": pd.to_datetime(["2025-10-31", "2025-11-15", "2026-01-31", "2025-12-31"]),
            "declare_by_date": pd.to_datetime(["2025-12-30", "2026-01-05", "2026-04-01", None]),
            "claim_by_date": pd.to_datetime(["2026-04-29", "2026-05-14", "2026-07-30", None]),
            "declaration_status_code": ["missed", "due", "planned", "none"],
            "claim_status_code": ["planned", "planned", "planned", "none"],
            "open_amount": [10_000.0, 20_000.0, 30_000.0, 40_000.0],
            "insured_amount": [9_000.0, 18_000.0, 27_000.0, 0.0],
            "lapse_risk_amount": [9_000.0, 18_000.0, 0.0, 0.0],
        }
    )


def timeline(customers: list[str]) -> DataFrame:
    return DataFrame(
        {
            "policy_id": "whole_turnover",
            "claim_id": ["C1"] * 4,
            "customer_id": customers[1],
            "is_declared": True,
            "step_number": range(1, 5),
            "step_code": ["first_unpaid", "stop_of_deliveries", "declaration", "claim_file"],
            "planned_date": pd.to_datetime([None, "2025-12-01", "2025-12-20", "2026-02-18"]),
            "actual_date": pd.to_datetime(["2025-10-01", "2025-12-01", "2025-12-22", None]),
            "status_code": ["done", "done", "done_late", "expected"],
            "late_days": [None, 0, 2, None],
            "amount": [12_000.0, None, None, None],
        }
    )
