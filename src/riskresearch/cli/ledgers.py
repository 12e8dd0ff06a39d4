"""Commands on ledgers and runs. Argument parsing only; the work is done by the stages."""

from pathlib import Path
from typing import Annotated

import typer

from riskresearch.base.errors import RunError
from riskresearch.cli.app import Ledger, Mapping, app, progress_bar
from riskresearch.ledger.read import is_address, read_ledger
from riskresearch.pipeline.cases import agreement_text, check_cases
from riskresearch.pipeline.checking import check_report
from riskresearch.pipeline.customer_files import open_run, write_customer_files
from riskresearch.pipeline.demo import write_demo
from riskresearch.pipeline.documents import write_documents
from riskresearch.pipeline.editing import execute_notebooks
from riskresearch.pipeline.panel_run.told import panel_summary
from riskresearch.pipeline.parameters import parse_assignments
from riskresearch.pipeline.plan import make_panel_plan, make_plan
from riskresearch.pipeline.project import PROJECT, run_path
from riskresearch.pipeline.runner import plan_job, run_job, settings_overrides

OptionalLedger = Annotated[
    str | None,
    typer.Option(help="Ledger: CSV, Parquet, Excel or FEC file, a folder of such files, or the address of a database."),
]


@app.command()
def run(
    ledger: OptionalLedger = None,
    panel: Annotated[
        Path | None,
        typer.Option(
            help="Instead of a ledger: a customer panel without invoices (CSV, Excel, Parquet); needs --mapping, a "
            "name in config/panels or a YAML file. The run goes from stage model on."
        ),
    ] = None,
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
    """Run the whole job: read the ledger or the panel, execute the notebooks in order, write the management page.

    A run that was interrupted goes on at the first unfinished notebook. Unknown parameters are refused
    before anything runs. A failing cell ends the run with the notebook, the cell and the cause.
    """
    if (ledger is None) == (panel is None):
        raise RunError("give --ledger with your invoices, or --panel with --mapping: one of the two")
    given = parse_assignments(parameter or [])
    job = plan_job(only=only, until=until, given=given, language=language, is_panel=panel is not None)
    path, overrides = run_path(run, home=home.resolve()), settings_overrides(job)
    if panel is not None:
        plan = make_panel_plan(
            path, panel=panel.resolve(), mapping=mapping, config=config, as_of=as_of, overrides=overrides
        )
    else:
        source = str(ledger) if is_address(str(ledger)) else Path(str(ledger)).resolve()
        plan = make_plan(path, ledger=source, mapping=mapping, config=config, as_of=as_of, overrides=overrides)
    with progress_bar() as bar:
        task = bar.add_task("ledger", total=None)
        reports = run_job(
            plan,
            job,
            progress=lambda name, done, total: bar.update(task, description=name, completed=done, total=total),
        )
    if panel is not None:
        typer.echo(panel_summary(plan.folder))
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
    with progress_bar() as bar:
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
