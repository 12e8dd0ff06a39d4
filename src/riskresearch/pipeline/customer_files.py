"""One page per customer: the notebook customer_file fanned out over chosen customers, with an index."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from pandas import DataFrame

from riskresearch.base.errors import ParameterError, first_keys
from riskresearch.base.run import digest_bytes, write_atomically
from riskresearch.pipeline.books import Book, fixed_parameters
from riskresearch.pipeline.plan import folder_at, read_plan
from riskresearch.pipeline.project import NOTEBOOKS, report_path, run_path
from riskresearch.pipeline.session import Session, open_session
from riskresearch.report.customers import customer_index

NOTEBOOK = "customer_file"


def write_customer_files(
    session: Session, customers: Sequence[str], *, top: int, progress: Callable[[str, int, int], None]
) -> Path:
    """Execute the customer file for chosen customers and write the index page over all of them.

    A file that is up to date is left as it is, so a stopped fan-out goes on where it was.

    Parameters
    ----------
    session : open run
    customers : accounts; empty = the `top` customers with the largest overdue, then open amount
    top : number of customers where none are named
    progress : called with the account about to start, its number and the number of accounts

    Returns
    -------
    the index page, ``reports/<run>/customers/index.html``

    Raises
    ------
    ParameterError
        The run knows no customer of that account.
    """
    chosen = _chosen(session, customers, top)
    folder = report_path(session.folder.path) / "customers"
    plan = read_plan(session.folder)
    fixed = fixed_parameters(plan, session.language)
    for number, customer in enumerate(chosen["customer_id"]):
        progress(customer, number, len(chosen))
        values = fixed | {"customer_id": customer}
        made = Book(
            NOTEBOOKS / f"{NOTEBOOK}.ipynb", folder, file_name(customer), values, session.language, back="index.html"
        )
        _execute(session, made)
    progress("index", len(chosen), len(chosen))
    page = customer_index(
        chosen.assign(page_name=[f"{file_name(c)}.html" for c in chosen["customer_id"]]),
        words=session.words,
        is_synthetic=session.facts["is_synthetic"],
    )
    write_atomically(folder / "index.html", page.encode())
    return folder / "index.html"


def file_name(customer: str) -> str:
    """Return the name of a customer's file: readable, unique, and fit for every system of files.

    Examples
    --------
    >>> file_name("C/00 17")
    'C-00-17-80f2abc515c1'
    """
    readable = re.sub(r"[^A-Za-z0-9]+", "-", customer).strip("-")[:40]
    return f"{readable}-{digest_bytes(customer.encode())[:12]}"


def _chosen(session: Session, customers: Sequence[str], top: int) -> DataFrame:
    known = session.table("customer_behaviour").merge(
        session.table("scored")[["customer_id", "grade_code", "segment_code"]], on="customer_id", how="left"
    )
    missing = sorted(set(customers) - set(known["customer_id"]))
    if missing:
        raise ParameterError(
            f"{len(missing)} of the customers asked for are not in run '{session.folder.name}': {first_keys(missing)}; "
            "give accounts as they stand in the ledger, with leading zeros"
        )
    ranked = known.sort_values(
        ["overdue_amount", "open_amount", "customer_id"], ascending=[False, False, True], ignore_index=True
    )
    return ranked[ranked["customer_id"].isin(customers)] if customers else ranked.head(top)


def _execute(session: Session, made: Book) -> None:
    record = session.folder.record()
    digest = made.digest(record)
    if made.is_done(digest, record.get("customer_files", {}).get(made.name, {})):
        return
    finished = {"digest": digest, **made.execute()}
    files = session.folder.record().get("customer_files", {}) | {made.name: finished}
    session.folder.update_record(customer_files=files)


def open_run(run: str, language: str) -> Session:
    """Open a run at the date it was made for.

    Raises
    ------
    RunError
        There is no such run.
    """
    folder = folder_at(run_path(run))
    read_plan(folder)
    return open_session(run, folder.record()["as_of"], language)
