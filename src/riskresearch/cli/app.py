"""What all commands share: the application, its options, its progress bar."""

from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

app = typer.Typer(
    help="Study, predict, limit and insure the credit risk of the customers you sell to on account.",
    epilog="First steps: `riskresearch check --ledger FILE`, then `riskresearch run --ledger FILE --run NAME`.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
Ledger = Annotated[
    str,
    typer.Option(
        help="Ledger: CSV, Parquet, Excel or FEC file, a folder of such files, or the address of a database "
        "(postgresql+psycopg://user@host/books)."
    ),
]
Mapping = Annotated[
    str | None,
    typer.Option(
        help="Column map: a name in config/mappings, `fec`, or a YAML file. Recognised from the file where left out."
    ),
]


def progress_bar() -> Progress:
    """Return a bar that shows the step, what is done, and the remaining time, on the error stream."""
    return Progress(
        TextColumn("{task.description:<12}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
        TextColumn("remaining"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
