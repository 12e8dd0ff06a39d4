"""Commands on credit policies. Argument parsing only; the work is done by the pipeline."""

from pathlib import Path
from typing import Annotated

import typer

from riskresearch.cli.app import app
from riskresearch.pipeline.limit_files import changes_text, policy_text, write_policy_page

credit_policy = typer.Typer(
    help="Check a credit policy, show it as a page, compare two versions.", no_args_is_help=True
)
app.add_typer(credit_policy, name="credit-policy")
PolicyFile = Annotated[
    str, typer.Argument(help="Credit policy: a name in config/credit_policies, or a YAML file.", metavar="NAME_OR_FILE")
]


@credit_policy.command()
def check(policy: PolicyFile) -> None:
    """Tell whether a policy file is valid: what it holds, or every line that is wrong."""
    typer.echo(policy_text(policy))


@credit_policy.command()
def show(
    policy: PolicyFile,
    language: Annotated[str, typer.Option(help="Language of the page: en or fr.")] = "en",
    out: Annotated[Path, typer.Option(help="Page to write (HTML).")] = Path("credit_policy.html"),
) -> None:
    """Write a policy file as a page for staff and auditors, every field in words."""
    write_policy_page(policy, out, language=language)
    typer.echo(str(out))


@credit_policy.command()
def compare(old: PolicyFile, new: PolicyFile) -> None:
    """List the fields in which two policy files differ, before and now."""
    typer.echo(changes_text(old, new))
