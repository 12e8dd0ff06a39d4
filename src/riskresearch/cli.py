"""The command line: `riskresearch --help`. Argument parsing only; the work is done by the stages."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from riskresearch.base.errors import RiskResearchError
from riskresearch.handover.batch import score_file
from riskresearch.handover.score import verify_bundle
from riskresearch.ledger.read import is_address, read_ledger
from riskresearch.pipeline.cases import agreement_text, check_cases
from riskresearch.pipeline.checking import check_report
from riskresearch.pipeline.customer_files import open_run, write_customer_files
from riskresearch.pipeline.demo import write_demo
from riskresearch.pipeline.documents import write_documents
from riskresearch.pipeline.editing import execute_notebooks
from riskresearch.pipeline.lookahead import look_ahead_of, look_ahead_text
from riskresearch.pipeline.panel import write_panel
from riskresearch.pipeline.parameters import parse_assignments
from riskresearch.pipeline.plan import make_plan, parse_date
from riskresearch.pipeline.project import PROJECT, run_path
from riskresearch.pipeline.runner import plan_job, run_job, settings_overrides

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


@app.command()
def run(
    ledger: Ledger,
    mapping: Mapping = None,
    config: Annotated[Path | None, typer.Option(help="Settings (YAML); see config/default.yaml for every key.")] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            help="Last day that counts, YYYY-MM-DD. Default: the last day on which "
            "both invoices and receipts are recorded."
        ),
    ] = None,
    language: Annotated[str, typer.Option(help="Language of notebooks and first page: en or fr.")] = "en",
    run: Annotated[
        str, typer.Option(help="Name of the run: tables go to data/runs/NAME, pages to reports/NAME.")
    ] = "run",
    only: Annotated[str | None, typer.Option(help="Execute this stage only (what it needs is computed).")] = None,
    until: Annotated[str | None, typer.Option(help="Stop after this stage.")] = None,
    parameter: Annotated[
        list[str] | None, typer.Option("-p", help="Notebook parameter name=value; repeatable.")
    ] = None,
    home: Annotated[
        Path, typer.Option(help="Folder that gets data/runs and reports.", show_default="the project")
    ] = PROJECT,
) -> None:
    """Run the whole job: read the ledger, execute the notebooks in order, write the management page.

    A run that was interrupted goes on at the first unfinished notebook. Unknown parameters are refused
    before anything runs. A failing cell ends the run with the notebook, the cell and the cause.
    """
    job = plan_job(only=only, until=until, given=parse_assignments(parameter or []), language=language)
    plan = make_plan(
        run_path(run, home=home.resolve()),
        ledger=ledger if is_address(ledger) else Path(ledger).resolve(),
        mapping=mapping,
        config=config,
        as_of=as_of,
        overrides=settings_overrides(job),
    )
    with _bar() as bar:
        task = bar.add_task("ledger", total=None)
        reports = run_job(
            plan,
            job,
            progress=lambda name, done, total: bar.update(task, description=name, completed=done, total=total),
        )
    page = reports / "index.html"
    typer.echo(page if page.is_file() else reports)


@app.command()
def check(ledger: Ledger, mapping: Mapping = None) -> None:
    """Read, validate and reconcile a ledger without running anything.

    Shows counts and amounts read, kept and set aside and why, and what the source cannot tell. Without
    a fitting mapping it proposes one from the file's headers.
    """
    typer.echo(check_report(read_ledger(ledger, mapping=mapping)))


@app.command()
def customers(
    names: Annotated[list[str] | None, typer.Argument(help="Accounts; none = those with the largest overdue.")] = None,
    run: Annotated[str, typer.Option(help="Run to work on.")] = "demo",
    top: Annotated[int, typer.Option(min=1, help="Number of customers where none are named.")] = 10,
    language: Annotated[str, typer.Option(help="Language of the pages: en or fr.")] = "en",
) -> None:
    """Write one page per customer, and an index over them, from a finished run."""
    with _bar() as bar:
        task = bar.add_task("customers", total=None)
        page = write_customer_files(
            open_run(run, language),
            names or [],
            top=top,
            progress=lambda name, done, total: bar.update(task, description=name, completed=done, total=total),
        )
    typer.echo(page)


@app.command()
def cases(path: Annotated[Path, typer.Argument(help="Case file (YAML), or folder of such files.")]) -> None:
    """Work cases out and show expected and found figures side by side; exit code 1 where they differ.

    A case names a ledger, a date and the figures you expect; tests/cases/behaviour shows the form.
    """
    lines = check_cases(path)
    typer.echo(agreement_text(lines))
    if not all(line.agrees for line in lines):
        raise typer.Exit(1)


@app.command()
def lookahead(
    ledger: Ledger,
    mapping: Mapping = None,
    config: Annotated[Path | None, typer.Option(help="Settings (YAML); see config/default.yaml for every key.")] = None,
    as_of: Annotated[str | None, typer.Option(help="Last date to compare, YYYY-MM-DD. Default: as for a run.")] = None,
    feature: Annotated[
        list[str] | None, typer.Option(help="Registered feature; repeatable. Default: all of them.")
    ] = None,
    python: Annotated[
        str | None,
        typer.Option(
            help="Function of your own, file.py:function: it is given tables and dates and returns customer_id, "
            "observation_date and one column per feature. The file is executed."
        ),
    ] = None,
    dates: Annotated[int, typer.Option(min=1, help="Number of dates to compare, spread over the ledger.")] = 6,
) -> None:
    """Tell whether features use what was not known yet; exit code 1 where one does.

    Each feature is computed from the whole ledger and from the ledger as it was known on each date.
    """
    found = look_ahead_of(
        ledger, mapping=mapping, config=config, as_of=as_of, features=feature or [], python=python, n_dates=dates
    )
    typer.echo(look_ahead_text(found))
    if not found["is_clean"].all():
        raise typer.Exit(1)


@app.command()
def panel(
    ledger: Annotated[
        Path, typer.Argument(help="Folder of canonical tables as Parquet files, such as that of a run.", exists=True)
    ],
    output: Annotated[Path, typer.Argument(help="Panel to write or to bring up to date: a folder of dates.")],
    as_of: Annotated[str, typer.Option(help="Last day that counts, and last date of the panel, YYYY-MM-DD.")],
    config: Annotated[Path | None, typer.Option(help="Settings (YAML); see config/default.yaml for every key.")] = None,
    block: Annotated[int, typer.Option(min=1, help="Customers read at a time; fewer need less memory.")] = 20_000,
) -> None:
    """Write the customer × date panel of a ledger of any size, one partition per month; later months are added.

    Dates that are there are never touched. Setting features.memory_limit_mb bounds the memory of the engine.
    """
    with _bar() as bar:
        task = bar.add_task("acts", total=None)
        added = write_panel(
            ledger,
            output,
            as_of=parse_date(as_of),
            config=config,
            customers_per_block=block,
            told=lambda step, done, of: bar.update(task, description=step, completed=done, total=of),
        )
    typer.echo(f"{len(added)} dates added to {output}")


@app.command()
def demo(
    output: Annotated[Path, typer.Option(help="Folder to write the ledger to.")],
    customers: Annotated[int, typer.Option(min=1, help="Number of customers.")] = 350,
    months: Annotated[int, typer.Option(min=6, help="Number of months.")] = 48,
    seed: Annotated[int, typer.Option(min=0, help="Seed; same seed, same bytes.")] = 1,
    default_rate: Annotated[float, typer.Option(min=0.001, max=0.5, help="Yearly default rate aimed at.")] = 0.035,
    invoices_per_month: Annotated[float, typer.Option(min=0.2, max=20, help="Invoices per customer and month.")] = 2.3,
) -> None:
    """Write a synthetic ledger with its hidden truth (true PD and LGD per customer and month)."""
    write_demo(
        output,
        n_customers=customers,
        n_months=months,
        seed=seed,
        default_rate_ratio=default_rate,
        invoices_per_month=invoices_per_month,
    )
    typer.echo(output)


@app.command()
def verify(bundle: Annotated[Path, typer.Argument(help="Folder of a hand-over bundle.")]) -> None:
    """Check a hand-over bundle: files unaltered, golden rows scored again, PDs, grades and reasons equal."""
    found = verify_bundle(bundle)
    typer.echo(f"{found['n_rows']} golden rows reproduced, largest difference of a PD {found['max_error']:.1e}")


@app.command()
def score(
    bundle: Annotated[Path, typer.Argument(help="Folder of a hand-over bundle.")],
    rows: Annotated[Path, typer.Argument(help="Rows to score (.csv or .parquet): an id and the contract's columns.")],
    output: Annotated[Path, typer.Argument(help="File of scores to write (.csv or .parquet).")],
    id_column: Annotated[str, typer.Option(help="Column that names a row.")] = "row_id",
) -> None:
    """Score a file with a hand-over bundle: PD, grade and reasons of each row.

    A row that breaks the contract gets no score but, in the column `refused`, the reason.
    """
    found = score_file(bundle, rows, output, id_column=id_column)
    typer.echo(f"{output}: {found['n_rows'] - found['n_refused']} rows scored, {found['n_refused']} refused")


@app.command()
def docs(check: Annotated[bool, typer.Option(help="Only tell whether the files are up to date.")] = False) -> None:
    """Write config/default.yaml and the dictionaries in docs/ from the declarations in the code."""
    stale = write_documents(PROJECT, check=check)
    typer.echo("\n".join(stale) if stale else "up to date")
    if stale and check:
        raise typer.Exit(1)


@app.command()
def notebooks(names: Annotated[list[str] | None, typer.Argument(help="Notebooks, default all.")] = None) -> None:
    """Execute the notebooks of the project in place, on the demo, and normalise them for committing."""
    for name in execute_notebooks(names or []):
        typer.echo(name)


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description:<12}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
        TextColumn("remaining"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


def main() -> None:
    """Run the command line; errors meant for the user end in one message and exit code 1."""
    try:
        app()
    except RiskResearchError as error:
        Console(stderr=True, soft_wrap=True, highlight=False).print(f"Error: {error}", markup=False)
        sys.exit(1)
