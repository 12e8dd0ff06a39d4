"""Books of customers for tests of the optimiser: named by a case, or random."""

from dataclasses import replace

import numpy as np
from pandas import DataFrame
from scipy.sparse import csr_array

from limits_optimiser import book, tight_budgets, years
from riskresearch.limits.optimise.scenarios import Scenarios

ECONOMICS = {"margin_ratio": 0.1, "finance_ratio": 0.06, "operating_ratio": 0.003, "draw_down_ratio": 0.2}


def customers_of(rows):
    """Customers of a worked case; what a row leaves out is ordinary."""
    return DataFrame(
        [
            {
                "customer_id": row["id"],
                "need_amount": row.get("need", 100.0),
                "cap_amount": row.get("cap", 100.0),
                "floor_amount": row.get("floor", 0.0),
                "current_limit_amount": row.get("current", np.nan),
                "pd_12m": row["pd"],
                "lgd_ratio": row["lgd"],
                "sales_amount_12m": row.get("sales", 400.0),
                "premium_ratio": row.get("premium", 0.0),
                "usage_ratio": row.get("usage", 1.0),
                "group_id": row.get("group", row["id"]),
                "sector_code": row.get("sector"),
                "country_code": row.get("country"),
            }
            for row in rows
        ]
    )


def scenarios_of(lines, customers):
    """Scenarios of a worked case: probability, then who defaults."""
    ids = np.array(sorted(customers["customer_id"]), dtype=object)
    defaults = np.array([[float(name in line[1:]) for name in ids] for line in lines])
    return Scenarios(ids, csr_array(defaults), np.array([line[0] for line in lines], dtype=float))


def random_book(n_customers, seed):
    """Customers with needs, caps, limits in force and PDs of very different size."""
    return book(n_customers, seed=seed)


def random_years(customers, seed, n_scenarios=600):
    """Simulated defaults of a book."""
    return years(customers, seed=seed, n_scenarios=n_scenarios)


def bounded(totals, **more):
    """Budgets that bind, given the totals of the limits without any."""
    return replace(tight_budgets(totals, confidence_ratio=0.95), **more)
