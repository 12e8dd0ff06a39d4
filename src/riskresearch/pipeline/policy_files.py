"""Policy files: read for a run, checked with the worked cases beside them, written anew to be filled in."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pandas import DataFrame

from riskresearch.base.config import read_yaml
from riskresearch.base.errors import SettingsError
from riskresearch.base.run import write_atomically
from riskresearch.insurance.alternatives import Alternative, alternative_from_mapping
from riskresearch.insurance.policy import Policy, policy_from_mapping
from riskresearch.insurance.policy_cases import CaseLine, PolicyCase, WorkedCase, policy_cases, work_out
from riskresearch.insurance.policy_skeleton import TO_FILL_IN, policy_skeleton
from riskresearch.insurance.terms import CoverTerm, Term
from riskresearch.pipeline.company_files import config_file
from riskresearch.pipeline.settings import Settings

CASES = ".cases.yaml"
FOLDER = "policies"


@dataclass(frozen=True)
class PolicyCheck:
    """A valid policy file with its worked cases.

    Parameters
    ----------
    file : the policy file
    policy : what it holds
    cases : its worked cases, none where no case file stands beside it
    """

    file: Path
    policy: Policy
    cases: tuple[WorkedCase, ...]

    @property
    def agrees(self) -> bool:
        """All figures of all cases agree."""
        return all(case.agrees for case in self.cases)


def read_policies(settings: Settings) -> tuple[Policy, ...]:
    """Return the policies and quotes named in the settings.

    Raises
    ------
    SettingsError
        A file is absent, or holds an unknown key, term or value.
    """
    return tuple(policy_at(config_file(name, FOLDER)) for name in settings.insurance.policies)


def read_alternatives(settings: Settings) -> tuple[Alternative, ...]:
    """Return the other options named in the settings.

    Raises
    ------
    SettingsError
        A file is absent, or holds an unknown key or value.
    """
    return tuple(alternative_at(name) for name in settings.insurance.alternatives)


def alternative_at(name: str) -> Alternative:
    """Return the alternative of a name in ``config/alternatives``, or of a YAML file."""
    file = config_file(name, "alternatives")
    return alternative_from_mapping(read_yaml(file), where=file.name)


def policy_at(file: Path) -> Policy:
    """Return the policy of a file; see `read_policies`."""
    if file.name.endswith(CASES):
        raise SettingsError(f"{file.name}: holds worked cases; give the policy file beside it")
    return policy_from_mapping(read_yaml(file), where=file.name)


def policy_files(folder: Path) -> list[Path]:
    """Return the policy files of a folder, without the case files beside them."""
    return [file for file in sorted(folder.glob("*.yaml")) if not file.name.endswith(CASES)]


def cases_file(file: Path) -> Path:
    """Return where the worked cases of a policy file stand: same name, ending in ``.cases.yaml``."""
    return file.with_name(f"{file.stem}{CASES}")


def check_policy(name: str) -> PolicyCheck:
    """Read a policy, and work out the cases beside it.

    Parameters
    ----------
    name : policy of the project by name, or a YAML file

    Raises
    ------
    SettingsError
        The policy or a case is not valid.
    """
    file = config_file(name, FOLDER)
    policy, cases = policy_at(file), cases_file(file)
    below = _underlying(file, policy)
    found = _cases(cases) if cases.is_file() else ()
    worked = [work_out(case, policy=policy, underlying=below) for case in found]
    return PolicyCheck(file, policy, tuple(worked))


def write_skeleton(kind: str, output: Path) -> None:
    """Write a policy file of a kind, to be filled in.

    Raises
    ------
    SettingsError
        There is no such kind, or the file is there already.
    """
    if output.exists():
        raise SettingsError(f"{output}: is there already; give another name, nothing was written")
    write_atomically(output, policy_skeleton(kind).encode())


def check_text(check: PolicyCheck, *, show_steps: bool) -> str:
    """Return a checked policy as text: its terms in the order in which they apply, then its cases.

    Parameters
    ----------
    check : from `check_policy`
    show_steps : show what every term takes of every claim, of all cases instead of those that differ
    """
    parts = ["\n".join(_head(check)), _terms(check.policy)]
    open_terms = [t.kind for t in check.policy.terms if {t.clause, t.source} & set(TO_FILL_IN.values())]
    if open_terms:
        parts.append(f"without clause or source yet: {', '.join(open_terms)}")
    return "\n\n".join([*parts, *_cases_text(check, show_steps=show_steps)])


def _underlying(file: Path, policy: Policy) -> Policy | None:
    """The policy that a top-up tops up, where its file stands beside it."""
    below = file.with_name(f"{policy.underlying_policy_id}.yaml")
    return policy_at(below) if policy.kind == "top_up" and below.is_file() else None


def _cases(file: Path) -> tuple[PolicyCase, ...]:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as cause:
        raise SettingsError(f"{file}: cannot be read as YAML: {cause}") from cause
    return policy_cases(content, where=file.name)


def _head(check: PolicyCheck) -> Iterator[str]:
    policy = check.policy
    yield f"{check.file.name} is valid: policy '{policy.policy_id}' ({policy.kind}, {policy.status}), {policy.name}"
    yield (
        f"{policy.insurer}, {policy.start_date} to {policy.end_date}, amounts in {policy.currency_code}, "
        f"order {policy.order}"
    )


def _terms(policy: Policy) -> str:
    """Terms: what is eligible and the conditions, then the cover in its order, then the price."""
    cover = list(policy.cover_terms)
    steps = {term.kind: str(step) for step, term in enumerate(cover, start=1)}
    rest = [term for term in policy.terms if not isinstance(term, CoverTerm)]
    first = [term for term in rest if not _is_price(term)]
    rows = [
        {
            "step": steps.get(term.kind, ""),
            "term": term.kind,
            "values": _values(term),
            "clause": _short(term.clause, 48),
        }
        for term in [*first, *cover, *filter(_is_price, rest)]
    ]
    return _table(rows)


def _is_price(term: Term) -> bool:
    return type(term).__module__.endswith(".price")


def _values(term: Term) -> str:
    given = term.model_dump(mode="json", exclude={"kind", "clause", "source"}, exclude_unset=True)
    return _short(", ".join(f"{name} {_shown(value)}" for name, value in given.items() if value not in ({}, [])), 90)


def _cases_text(check: PolicyCheck, *, show_steps: bool) -> Iterator[str]:
    beside = cases_file(check.file).name
    if not check.cases:
        yield f"no worked cases: write some into {beside}, beside the policy"
        return
    rows = [
        {
            "": "ok" if worked.agrees else "DIFFERS",
            "case": _short(worked.case.name, 80),
            "claims": str(len(worked.case.claims)),
            "figures": str(len(worked.lines)),
        }
        for worked in check.cases
    ]
    yield _table(rows)
    for worked in check.cases:
        yield from _details(worked, show_steps=show_steps)
    lines = [line for worked in check.cases for line in worked.lines]
    wrong = sum(not line.agrees for line in lines)
    yield f"{len(check.cases)} cases of {beside}, {len(lines)} figures, {wrong} differ"


def _details(worked: WorkedCase, *, show_steps: bool) -> Iterator[str]:
    wrong = [line for line in worked.lines if not line.agrees]
    if wrong:
        yield f"{worked.case.name}\n" + _table([_difference(line) for line in wrong])
    if len(worked.steps) and (wrong or show_steps):
        yield f"{worked.case.name}: every step\n" + steps_table(worked.steps)


def steps_table(steps: DataFrame) -> str:
    """Return the waterfall of a case as text: one column a claim, one line a step that takes something."""
    names = [name for name in steps if str(name).endswith("_amount") and steps[name].fillna(0).ne(0).any()]
    columns = [str(claim) for claim in steps["claim_id"]]
    rows = [
        {"amount": name.removesuffix("_amount")}
        | {claim: _shown(value) for claim, value in zip(columns, steps[name], strict=True)}
        | {"year": _shown(float(steps[name].sum()))}
        for name in map(str, names)
    ]
    return _table(rows, right=True)


def _difference(line: CaseLine) -> dict[str, str]:
    return {
        "": "DIFFERS",
        "claim": line.claim or "year",
        "figure": line.figure,
        "expected": _shown(line.expected),
        "found": _shown(line.found),
    }


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "(" + ", ".join(f"{name} {_shown(each)}" for name, each in value.items()) + ")"
    if isinstance(value, list):
        return "(" + "; ".join(_shown(each) for each in value) + ")"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, (int, float)):
        return "–" if value is None else str(value)
    return "–" if value != value else f"{value:,.2f}".removesuffix(".00") if abs(value) >= 1 else f"{value:.6g}"


def _short(text: str, width: int) -> str:
    """Text of a file on one line, without control characters, cut where it is long."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    return plain if len(plain) <= width else f"{plain[: width - 1]}…"


def aligned(lines: Sequence[Sequence[str]], *, right: bool = False) -> str:
    """Return cells in columns, the first to the left, the others too or to the right."""
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if right and place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _table(rows: Sequence[dict[str, str]], *, right: bool = False) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row))
    return aligned([names, *([row.get(name, "") for name in names] for row in rows)], right=right)
