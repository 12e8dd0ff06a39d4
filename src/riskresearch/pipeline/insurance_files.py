"""What the stage insurance leaves for management and the broker: the note, and the list of requests."""

from collections.abc import Mapping
from pathlib import Path

from pandas import DataFrame

from riskresearch.base.run import write_atomically
from riskresearch.pipeline.session import Session
from riskresearch.report.facts import PageFacts
from riskresearch.report.insurance_sheet import RequestFacts, insurance_requests, requests_csv, requests_workbook
from riskresearch.report.page.insurance_note.page import write_insurance_notes
from riskresearch.report.render import write_insurance_pages


def write_insurance_files(
    session: Session, tables: Mapping[str, DataFrame], facts: PageFacts, folder: Path, *, show_names: bool = False
) -> list[Path]:
    """Write the page and the note in both languages, ``insurance_requests.csv`` and ``insurance_requests.xlsx``.

    Parameters
    ----------
    session : open run
    tables : those of the pages
    facts : what the pages say about the run
    folder : folder of the report
    show_names : show names of customers in the list of requests, hidden otherwise

    Returns
    -------
    the files written
    """
    pages = write_insurance_pages(tables, facts, folder, session.language)
    notes = write_insurance_notes(tables, facts, folder, session.language)
    words = session.words
    about = RequestFacts(facts.currency_code, facts.as_of, facts.is_synthetic)
    names = session.table("customers").set_index("customer_id")["customer_name"] if show_names else None
    sheet = insurance_requests(tables, facts=about, words=words, names=names)
    made = {
        folder / "insurance_requests.csv": requests_csv(sheet, show_names=show_names),
        folder / "insurance_requests.xlsx": requests_workbook(sheet, facts=about, words=words, show_names=show_names),
    }
    for path, content in made.items():
        write_atomically(path, content)
    return [*pages, *notes, *made]
