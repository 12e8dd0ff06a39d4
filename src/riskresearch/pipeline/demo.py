"""Writing a synthetic ledger."""

from pathlib import Path

from riskresearch.ledger.synthetic import synthetic_ledger, write_ledger_csv


def write_demo(
    folder: Path, *, n_customers: int, n_months: int, seed: int, default_rate_ratio: float, invoices_per_month: float
) -> None:
    """Write a synthetic ledger and its truth as CSV files.

    Parameters
    ----------
    folder : folder to write to, made where missing
    n_customers, n_months, seed : size and seed
    default_rate_ratio : yearly default rate aimed at
    invoices_per_month : mean number of invoices per customer and month
    """
    ledger, truth = synthetic_ledger(
        n_customers=n_customers,
        n_months=n_months,
        seed=seed,
        default_rate_ratio=default_rate_ratio,
        invoices_per_month=invoices_per_month,
    )
    write_ledger_csv(ledger, truth, folder)
