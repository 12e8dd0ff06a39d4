"""What the stage limits leaves for staff, auditors and the ERP: the policy as a page, limits as CSV and workbook."""

from pathlib import Path

from pandas import DataFrame

from riskresearch.base.run import write_atomically
from riskresearch.limits.credit import limit_changes
from riskresearch.limits.overrides import second_approver_needed
from riskresearch.limits.policy.changes import policy_changes
from riskresearch.limits.policy.policy import CreditPolicy
from riskresearch.limits.policy.rows import policy_rows
from riskresearch.pipeline.company_files import config_file, credit_policy_at
from riskresearch.pipeline.session import Session
from riskresearch.pipeline.stages import labels
from riskresearch.report.limit_sheet import SheetFacts, limit_sheet, limits_csv, limits_workbook
from riskresearch.report.page.policy.page import credit_policy_page, write_credit_policy_pages

READS = ("credit_limits", "limit_exposures", "limit_figures")


def write_limit_files(session: Session, folder: Path) -> list[Path]:
    """Write the policy page in both languages, ``limits.csv`` and ``limits.xlsx`` of a run.

    Parameters
    ----------
    session : open run
    folder : folder of the report

    Returns
    -------
    the files written
    """
    policy, words, tables = session.credit_policy(), session.words, session.tables(READS)
    facts = _facts(session, policy)
    limits = tables["credit_limits"]
    credit = limits.assign(is_second_approver_needed=second_approver_needed(limits["limit_amount"], policy))
    sheet = limit_sheet(credit, tables["limit_exposures"], tables["limit_figures"], facts=facts, words=words)
    made = {
        folder / "limits.csv": limits_csv(sheet),
        folder / "limits.xlsx": limits_workbook(sheet, limit_changes(limits), facts=facts, words=words),
    }
    for path, content in made.items():
        write_atomically(path, content)
    pages = write_credit_policy_pages(
        policy_rows(policy), folder, labels=labels(), currency_code=facts.currency_code, language=session.language
    )
    return [*pages, *made]


def write_policy_page(policy: str, output: Path, *, language: str) -> None:
    """Write the page of a policy file, alone, in one language.

    Parameters
    ----------
    policy : name of a credit policy of the project, or a YAML file
    output : HTML file to write
    language : ``en`` or ``fr``

    Raises
    ------
    SettingsError
        The file is not a valid policy.
    """
    page = credit_policy_page(policy_rows(_policy(policy)), language, labels=labels())
    write_atomically(output, page.encode())


def policy_text(name: str) -> str:
    """Return in a few lines what a valid policy file holds.

    Raises
    ------
    SettingsError
        One line per wrong key.
    """
    policy = _policy(name)
    signed = f"signed by {policy.approved_by}" if policy.approved_by else "a draft, nobody has signed it"
    methods = [name for _, question in policy.methods for name in question.methods]
    approvers = [level.approver_code for level in policy.overrides.levels]
    return "\n".join(
        [
            f"{name} is valid: policy '{policy.policy_id}', version {policy.version}, {signed}",
            f"holds from {policy.valid_from}, amounts in {policy.currency_code or 'the currency of the run'}",
            f"{len(policy.segments)} segments, {len(methods)} methods, {len(policy.countries)} lines of countries, "
            f"{len(policy.currencies)} of currencies, {len(policy.exceptions)} exceptions",
            f"levels of approval: {', '.join(approvers)}",
        ]
    )


def changes_text(old: str, new: str) -> str:
    """Return what differs between two policy files, one field a line."""
    changes = policy_changes(_policy(old), _policy(new))
    if changes.empty:
        return f"{old} and {new} say the same"
    told = "1 field differs" if len(changes) == 1 else f"{len(changes)} fields differ"
    return f"{told}\n" + "\n".join(_changed(changes))


def _policy(name: str) -> CreditPolicy:
    """The policy of a name or file."""
    return credit_policy_at(config_file(name, "credit_policies"))


def _changed(changes: DataFrame) -> list[str]:
    """Field, before, now."""
    filled = changes.fillna("(none)")
    width = filled["path"].str.len().max()
    rows = zip(filled["path"], filled["old_value"], filled["new_value"], strict=True)
    return [f"{path.ljust(width)}  {old} -> {new}" for path, old, new in rows]


def _facts(session: Session, policy: CreditPolicy) -> SheetFacts:
    return SheetFacts(
        policy_id=policy.policy_id,
        policy_version=policy.version,
        policy_name=getattr(policy, f"name_{session.language}"),
        approved_by=policy.approved_by,
        currency_code=session.facts["currency_code"],
        as_of=session.as_of,
        is_synthetic=session.facts["is_synthetic"],
    )
