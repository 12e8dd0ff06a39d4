"""Commands on insurance policies. Argument parsing only; the work is done by the pipeline."""

from pathlib import Path
from typing import Annotated

import typer

from riskresearch.cli.app import app
from riskresearch.pipeline.policy_files import check_policy, check_text, write_skeleton
from riskresearch.pipeline.policy_prices import price_policies, price_text, write_prices

policy = typer.Typer(
    help="Check insurance policies with their worked cases, compare quotes on a run, start a policy file.",
    no_args_is_help=True,
)
app.add_typer(policy, name="policy")


@policy.command()
def check(
    files: Annotated[
        list[str], typer.Argument(help="Policies: names in config/policies, or YAML files.", metavar="NAME_OR_FILE...")
    ],
    steps: Annotated[bool, typer.Option("--steps", help="Show what every term takes of every claim.")] = False,
) -> None:
    """Tell whether policy files are valid, and work out the cases beside them; exit code 1 where one differs.

    The cases of POLICY.yaml stand in POLICY.cases.yaml: claims of a year in the order of their dates, and what
    is expected of them. docs/credit_insurance.md shows the form.
    """
    checks = [check_policy(name) for name in files]
    for number, found in enumerate(checks):
        typer.echo(("\n" if number else "") + check_text(found, show_steps=steps))
    if not all(found.agrees for found in checks):
        raise typer.Exit(1)


@policy.command()
def price(
    files: Annotated[
        list[str], typer.Argument(help="Quotes: names in config/policies, or YAML files.", metavar="NAME_OR_FILE...")
    ],
    run: Annotated[str, typer.Option(help="Run whose customers are to be insured.")] = "demo",
    as_of: Annotated[str | None, typer.Option(help="Date of the run, YYYY-MM-DD. Default: that of the run.")] = None,
    alternative: Annotated[
        list[str] | None, typer.Option(help="Other option: a name in config/alternatives, or a YAML file; repeatable.")
    ] = None,
    years: Annotated[int | None, typer.Option(help="Simulated years, a multiple of 1,000. Default: the run's.")] = None,
    out: Annotated[Path, typer.Option(help="Table to write (CSV), one line per option.")] = Path("policy_prices.csv"),
) -> None:
    """Compare quotes on the customers of a run: what each costs, pays and leaves, beside self-insurance.

    All options are settled on the same simulated years. The run stays as it is.
    """
    prices = price_policies(files, run=run, as_of=as_of, alternatives=alternative or [], n_years=years)
    typer.echo(price_text(prices))
    write_prices(prices, out)
    typer.echo(f"\n{out}")


@policy.command()
def new(
    kind: Annotated[str, typer.Argument(help="whole_turnover, named_buyers, top_up or excess_of_loss.")],
    out: Annotated[Path, typer.Option(help="Policy file to write (YAML); must not be there yet.")],
) -> None:
    """Write a policy file to fill in: every term with its meaning, those the kind usually lacks switched off."""
    write_skeleton(kind, out)
    typer.echo(f"{out}: enter the terms of your contract, then `riskresearch policy check {out}`")
