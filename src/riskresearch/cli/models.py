"""Commands on features and models. Argument parsing only; the work is done by the stages."""

from pathlib import Path
from typing import Annotated

import typer

from riskresearch.base.config import read_yaml
from riskresearch.cli.app import Ledger, Mapping, app, progress_bar
from riskresearch.handover.batch import score_file
from riskresearch.handover.score import verify_bundle
from riskresearch.pipeline.experiments import compare_runs
from riskresearch.pipeline.lookahead import look_ahead_of, look_ahead_text
from riskresearch.pipeline.panel import write_panel
from riskresearch.pipeline.plan import parse_date
from riskresearch.pipeline.project import PROJECT
from riskresearch.pipeline.settings import resolve
from riskresearch.pipeline.tuning import tune_run, tuned_text
from riskresearch.pipeline.validate import parse_headings, summary_text, validate_scores


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
    with progress_bar() as bar:
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
def tune(
    run: Annotated[str, typer.Option(help="Run to work on.")] = "demo",
    trials: Annotated[int, typer.Option(min=2, help="Settings of the champion tried, those of the run first.")] = 30,
) -> None:
    """Search better settings of the champion on purged folds of a run's development sample; the run stays as it is.

    Writes tuned.yaml, to give to `riskresearch run --config`, and every trial beside it.
    """
    with progress_bar() as bar:
        task = bar.add_task("tuning", total=None)
        found = tune_run(
            run,
            n_trials=trials,
            told=lambda step, done, of: bar.update(task, description=step, completed=done, total=of),
        )
    typer.echo(tuned_text(found))


@app.command()
def compare(
    first: Annotated[str, typer.Argument(help="Run, or digest of a recorded fit.")],
    second: Annotated[str, typer.Argument(help="Run or digest to compare it with.")],
    home: Annotated[
        Path, typer.Option(help="Folder that holds data/runs and data/experiments.", show_default="the project")
    ] = PROJECT,
) -> None:
    """Lay two recorded fits side by side: data, code and settings that differ, and all measures."""
    typer.echo(compare_runs(first, second, home=home.resolve()))


@app.command()
def validate(
    scores: Annotated[
        Path,
        typer.Argument(
            help="Scores of any model (.csv, .xlsx, .parquet): customer, observation date, PD and outcome; and where "
            "known model, sample, grade, exposure, sector, size, country."
        ),
    ],
    output: Annotated[
        Path | None, typer.Option(help="Folder of the pages.", show_default="reports/validation_<file>")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(help="Heading of a column, such as pd_12m=Ausfallwahrscheinlichkeit; repeatable."),
    ] = None,
    model: Annotated[str | None, typer.Option(help="Model to judge, where the file holds several.")] = None,
    rule: Annotated[str | None, typer.Option(help="Model of the file that it must beat.")] = None,
    config: Annotated[Path | None, typer.Option(help="Settings (YAML); see config/default.yaml for every key.")] = None,
    currency: Annotated[str, typer.Option(help="Currency of the exposures.")] = "EUR",
    language: Annotated[str, typer.Option(help="Language of validation.html: en or fr.")] = "en",
) -> None:
    """Judge a score, bought in or built elsewhere, by the validation battery; write a page in both languages.

    Nothing is asked of the model: the file of keys, PDs and outcomes is enough.
    """
    folder = output or PROJECT / "reports" / f"validation_{scores.name.split('.')[0]}"
    found = validate_scores(
        scores,
        folder,
        resolve(read_yaml(config) if config is not None else {}, where=str(config or "settings")),
        columns=parse_headings(column or []),
        model=model,
        rule=rule,
        currency_code=currency,
        language=language,
    )
    typer.echo(summary_text(found, folder))


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
