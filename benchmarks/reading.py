"""What a checked, reconciled ledger costs above merely parsing the same files."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from riskresearch.ledger.read import NEVER_READ, read_ledger

DEMO = Path(__file__).parents[1] / "data" / "demo"


def checked_ledger() -> Callable[[], float]:
    """Read the demo as every run does: mapped, checked, amounts in cents, reconciled; returns invoices."""
    return lambda: len(read_ledger(DEMO)["invoices"])


def parsed_files() -> Callable[[], float]:
    """Parse the same files with pandas and nothing more; returns invoices."""
    files = sorted(file for file in DEMO.glob("*.csv*") if file.name not in NEVER_READ)

    def parse() -> float:
        tables = {file.name.split(".")[0]: pd.read_csv(file) for file in files}
        return len(tables["invoices"])

    return parse
