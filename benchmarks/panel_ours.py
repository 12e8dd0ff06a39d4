"""The panel of customers and month ends as the project computes it: registered features, and levels beside them."""

from collections.abc import Callable
from pathlib import Path

import narwhals as nw

from panel_task import FOLDER, MONTH_ENDS, prepared
from riskresearch.features.engines import open_engine
from riskresearch.features.panel import Grid, Sources, panel
from riskresearch.features.registry import At
from riskresearch.features.snapshots import registered

FEATURES = (
    *("overdue_max_days", "n_sales_12m", "days_late_mean_3m", "days_late_mean_6m", "days_late_mean_12m"),
    *("days_late_trend_3m", "overdue_slope_6m", "dso_countback_days"),
)
LEVELS: dict[str, Callable[[At], nw.Expr]] = {
    "open_minor": lambda at: at.level("open_minor"),
    "n_open": lambda at: at.level("n_open"),
    "not_due_minor": lambda at: at.level("open_minor") - at.level("overdue_minor"),
    "overdue_1_30_minor": lambda at: at.level("overdue_minor") - at.level("overdue_30_minor"),
    "overdue_31_60_minor": lambda at: at.level("overdue_30_minor") - at.level("overdue_60_minor"),
    "overdue_61_90_minor": lambda at: at.level("overdue_60_minor") - at.level("overdue_90_minor"),
    "overdue_91_minor": lambda at: at.level("overdue_90_minor"),
    "sale_12m_minor": lambda at: at.flow("sale_minor", 12),
}
GRID = Grid(days=MONTH_ENDS, wanted=(True,) * len(MONTH_ENDS))


def by_deltas(source: Path, target: Path, *, engine: str = "duckdb", memory_limit_mb: int | None = None) -> None:
    """Compute the 16 columns of a file of acts into a Parquet file."""
    with open_engine(engine, memory_limit_mb=memory_limit_mb, spill_folder=FOLDER) as opened:
        acts = opened.frame(source, "movements")
        customers = acts.group_by("customer_code").agg(nw.col("day").min().alias("first_day"))
        columns = registered(FEATURES) | LEVELS
        opened.write(panel(opened, Sources(customers, {"movements": acts}), GRID, columns), target)


deltas = prepared(by_deltas)
