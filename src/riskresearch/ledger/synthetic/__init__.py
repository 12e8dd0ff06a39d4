"""Generated ledgers with known truth: seeded, calibrated to published figures, hard as in life."""

from riskresearch.ledger.synthetic.export import write_ledger_csv
from riskresearch.ledger.synthetic.generator import synthetic_ledger

__all__ = ["synthetic_ledger", "write_ledger_csv"]
