"""The command line: `riskresearch --help`."""

import sys

from rich.console import Console

from riskresearch.base.errors import RiskResearchError
from riskresearch.cli import ledgers, limits, models, policy
from riskresearch.cli.app import app

__all__ = ["app", "ledgers", "limits", "main", "models", "policy"]


def main() -> None:
    """Run the command line; errors meant for the user end in one message and exit code 1."""
    try:
        app()
    except RiskResearchError as error:
        Console(stderr=True, soft_wrap=True, highlight=False).print(f"Error: {error}", markup=False)
        sys.exit(1)
