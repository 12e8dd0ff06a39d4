"""The panel of customers and month ends as hand-written DuckDB SQL.

`by_deltas` is what the project's own panel is measured against, `by_definition` says what is right.
"""

from pathlib import Path

import duckdb

from panel_task import MONTH_ENDS, prepared

QUERIES = Path(__file__).parent
CALENDAR = """
create table ends as select row_number() over (order by day)::integer - 1 as k, day from (select unnest($1) as day);
create table calendar as
select day, (select min(k) from ends where ends.day >= days.day) as k
from range((select min(day) - 31 from ends), (select max(day) + 1 from ends)) as days(day);
"""


def by_deltas(source: Path, target: Path, *, memory_limit_mb: int | None = None) -> None:
    """Compute the panel of a file of acts into a Parquet file, as fast as SQL does."""
    _write("panel_by_deltas.sql", source, target, memory_limit_mb)


def by_definition(source: Path, target: Path, *, memory_limit_mb: int | None = None) -> None:
    """Compute the panel of a file of acts into a Parquet file, by joining each act with each month end."""
    _write("panel_by_definition.sql", source, target, memory_limit_mb)


deltas, definition = prepared(by_deltas), prepared(by_definition)


def _write(query: str, source: Path, target: Path, memory_limit_mb: int | None) -> None:
    with duckdb.connect() as connection:
        connection.execute("set preserve_insertion_order = false")
        if memory_limit_mb is not None:
            connection.execute(f"set memory_limit = '{memory_limit_mb}MiB'")
            connection.execute(f"set temp_directory = '{target}.spill'")
        create_ends, create_calendar, _ = CALENDAR.split(";")
        connection.execute(create_ends, [list(MONTH_ENDS)])
        connection.execute(create_calendar)
        connection.read_parquet(str(source)).create_view("acts")
        panel = connection.sql((QUERIES / query).read_text(encoding="utf-8"))
        panel.write_parquet(str(target), compression="zstd")
