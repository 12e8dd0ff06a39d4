"""What a run leaves for readers and for IT: pages, workbook, hand-over bundle."""

from pathlib import Path

from pandas import DataFrame

from riskresearch.handover.bundle import write_bundle
from riskresearch.pipeline.insurance_files import write_insurance_files
from riskresearch.pipeline.limit_files import write_limit_files
from riskresearch.pipeline.project import report_path
from riskresearch.pipeline.session import Session
from riskresearch.pipeline.stages import STAGES
from riskresearch.report.export import write_workbook
from riskresearch.report.facts import PageFacts
from riskresearch.report.render import write_limits_pages, write_pages, write_validation_pages

WORKBOOK_TABLES = (
    "kpis",
    "ageing",
    "delays",
    "concentration",
    "customer_behaviour",
    "scored",
    "measures",
    "validation_summary",
    "comparisons",
    "reliability",
    "reasons",
    "customer_changes",
    "improvements",
    "disagreements",
    "credit_limits",
    "limit_methods",
    "limit_factors",
    "limit_backtest",
    "limit_adoption",
    "limit_rule_costs",
    "optimiser_comparison",
    "limit_reviews",
    "limit_overrides",
    "terms_advice",
    "late_fees",
    "quotes",
    "losses",
    "retention_reasons",
    "clause_costs",
    "policy_designs",
    "design_optima",
    "tornado",
    "premium_sensitivity",
    "longer_terms",
    "policy_stress",
    "indemnity_timing",
    "policy_indicators",
    "cover_by_segment",
    "insurer_decisions",
    "uncovered_causes",
    "policy_actions",
    "limit_requests",
    "dormant_limits",
    "insurance_criteria",
    "insurance_advice",
    "cut_history",
    "declaration_calendar",
    "claim_timeline",
    "simulation_checks",
    "gaps",
    "set_aside",
    "reconciliation",
)


def write_report(session: Session) -> DataFrame:
    """Write all pages, the note on insurance, the limits for the ERP, the requests to the broker, and the workbook.

    Parameters
    ----------
    session : open run

    Returns
    -------
    DataFrame ``file_name n_bytes``, one row per file.
    """
    folder = report_path(session.folder.path)
    tables = session.report_tables() | session.tables(("insurer_claims",))
    facts = page_facts(session)
    pages = [*write_pages(tables, facts, folder, session.language)]
    pages += write_validation_pages(tables, facts, folder, session.language)
    pages += write_limits_pages(tables, facts, folder, session.language)
    pages += write_limit_files(session, folder)
    pages += write_insurance_files(session, tables, facts, folder)
    write_workbook({name: tables[name] for name in WORKBOOK_TABLES}, folder / "tables.xlsx")
    return _files([*sorted(pages), folder / "tables.xlsx"])


def write_handover(session: Session) -> DataFrame:
    """Write and verify the hand-over bundle of the accepted model; no file where no model was accepted.

    Returns
    -------
    DataFrame ``file_name n_bytes``, one row per file.
    """
    names = ("model_parts", "feature_dictionary", "snapshots", "grade_scale", "measures", "model_choice")
    facts = {
        "run": session.folder.name,
        "as_of": str(session.as_of.date()),
        **session.facts,
        "settings": session.settings.model_dump(mode="json"),
        "code": session.folder.record()["code"],
        "versions": session.folder.record()["versions"],
    }
    return write_bundle(session.tables(names), facts, report_path(session.folder.path) / "bundle")


def page_facts(session: Session) -> PageFacts:
    """Return what the page says about the run besides its tables."""
    facts = session.facts
    books = tuple((stage.notebook, f"{stage.notebook}.html") for stage in STAGES if stage.name != "report")
    return PageFacts(
        run_name=session.folder.name,
        as_of=session.as_of,
        currency_code=facts["currency_code"],
        source_name=facts["source_name"],
        mapping_name=facts["mapping_name"],
        is_synthetic=facts["is_synthetic"],
        notebooks=books,
        settings=session.settings.model_dump(mode="json"),
    )


def _files(paths: list[Path]) -> DataFrame:
    return DataFrame({"file_name": [p.name for p in paths], "n_bytes": [p.stat().st_size for p in paths]})
