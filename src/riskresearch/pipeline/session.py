"""What a notebook opens: the run, its stages on demand, and the ways to show results."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

from matplotlib.figure import Figure
from pandas import DataFrame, Timestamp

from riskresearch.base.config import merged, nested
from riskresearch.base.errors import ParameterError, RunError, SettingsError
from riskresearch.base.run import RunFolder, digest_bytes, digest_json, write_atomically
from riskresearch.insurance.alternatives import Alternative
from riskresearch.insurance.policy import Policy
from riskresearch.limits.policy.policy import CreditPolicy
from riskresearch.model.stage import Knowledge
from riskresearch.pipeline.company_files import knowledge_of, read_credit_policy, with_rating_orders
from riskresearch.pipeline.experiments import record_experiment
from riskresearch.pipeline.panel_run.delivery import PANEL_STAGES
from riskresearch.pipeline.plan import Plan, folder_at, ingest, make_plan, parse_date, read_plan
from riskresearch.pipeline.policy_files import read_alternatives, read_policies
from riskresearch.pipeline.previous import PREVIOUS_READS, previous_folder, previous_run
from riskresearch.pipeline.project import DEMO_CONFIG, DEMO_LEDGER, DEMO_RUN, code_digest, run_path
from riskresearch.pipeline.settings import Settings, resolve
from riskresearch.pipeline.stages import PRODUCERS, Inputs, Stage, stage_named
from riskresearch.report.figures import FigureView, show_figure
from riskresearch.report.tables import TableView, show_table
from riskresearch.report.translator import Translator, translator


@dataclass(frozen=True)
class Session:
    """An open run.

    Parameters
    ----------
    folder : run folder
    settings : resolved settings
    as_of : last day that counts
    language : ``en`` or ``fr``
    facts : source, mapping, currency, whether the data are synthetic
    fresh : stages found or made up to date by this session
    """

    folder: RunFolder
    settings: Settings
    as_of: Timestamp
    language: str
    facts: Mapping[str, Any]
    fresh: set[str] = field(default_factory=set)

    def make(self, stage_name: str) -> SimpleNamespace:
        """Return the tables of a stage by name, computing what is missing or out of date before it.

        A stage is up to date when its code, settings, date and input tables are those it was made
        with; then its tables are read, not computed.
        """
        stage = stage_named(stage_name)
        self._ensure(stage)
        return SimpleNamespace(**{table.name: self.folder.read(table.name) for table in stage.writes})

    def table(self, name: str) -> DataFrame:
        """Return one table, computing the stage that makes it where needed."""
        self._ensure_makers((name,))
        return self.folder.read(name)

    def tables(self, names: tuple[str, ...]) -> dict[str, DataFrame]:
        """Return several tables by name."""
        return {name: self.table(name) for name in names}

    def report_tables(self) -> dict[str, DataFrame]:
        """Return every table the report may show."""
        return self.tables(stage_named("report").reads)

    @property
    def words(self) -> Translator:
        """Words, labels and number formats of the language."""
        return translator(self.language, self.folder.read("labels"), currency_code=self.facts["currency_code"])

    def show(
        self, frame: DataFrame, caption: str, columns: Sequence[str] | None = None, rows: int | None = 20
    ) -> TableView:
        """Return a table to end a cell with; `caption` is a message of the section ``notebook``."""
        text = self.words.t(f"notebook.{caption}") + self._synthetic()
        return show_table(frame, words=self.words, caption=text, columns=columns, max_rows=rows)

    def draw(self, picture: Callable[..., Figure], *frames: DataFrame, **options: Any) -> FigureView:
        """Return a picture of tables to end a cell with, with alternative text."""
        figure = picture(*frames, words=self.words, **options)
        alt = self.words.t(f"notebook.{picture.__name__}") + self._synthetic()
        return show_figure(figure, alt=alt, digest_of=frames[0])

    def record(self, notebook: str, **findings: float | int | str | None) -> TableView:
        """Record findings by name, for the run's record and later notebooks, and show them."""
        named = {name: _plain(value) for name, value in findings.items()}
        text = json.dumps(named, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        write_atomically(self.folder.path / "findings" / f"{notebook}.json", text.encode())
        frame = DataFrame({"finding": list(named), "finding_value": [_shown(value) for value in named.values()]})
        return self.show(frame, "findings", rows=None)

    def _synthetic(self) -> str:
        return f" — {self.words.t('notebook.synthetic')}" if self.facts["is_synthetic"] else ""

    def _ensure(self, stage: Stage) -> None:
        """Make a stage's tables unless they are up to date; each stage is looked at once per session."""
        if stage.name in self.fresh:
            return
        if self.facts.get("is_panel") and stage.name not in PANEL_STAGES:
            raise RunError(
                f"run '{self.folder.name}' is of a customer panel: stage {stage.name} needs invoices; a panel goes "
                f"through {', '.join(PANEL_STAGES)}"
            )
        self._ensure_makers(stage.reads)
        digest = self._digest(stage)
        done = self.folder.record()["stages"].get(stage.name, {})
        if done.get("digest") != digest or not self._intact(done["tables"]):
            self._compute(stage, digest)
        self.fresh.add(stage.name)

    def _ensure_makers(self, names: tuple[str, ...]) -> None:
        """Make the stages of the tables that the ledger or the panel did not bring."""
        given = self.folder.record()["ledger_tables"]
        for name in names:
            if name in PRODUCERS and name not in given:
                self._ensure(PRODUCERS[name])

    def _compute(self, stage: Stage, digest: str) -> None:
        inputs = {name: self.folder.read(name) for name in stage.reads}
        is_insurance = stage.name == "insurance"
        policies, alternatives = (self.policies(), self.alternatives()) if is_insurance else ((), ())
        currency, knowledge = self.facts["currency_code"], self._knowledge(stage)
        before = self._previous_folder(stage)
        previous = previous_run(before) if before else None
        credit = self._credit_policy(stage)
        made = stage.make(
            Inputs(inputs, self.settings, self.as_of, currency, policies, knowledge, previous, credit, alternatives)
        )
        for table in stage.writes:
            self.folder.write(table.name, made[table.name])
        if stage.name == "model":
            record_experiment(self.folder, self.settings)
        written = {table.name: self._file_digest(table.name) for table in stage.writes}
        stages = self.folder.record()["stages"] | {stage.name: {"digest": digest, "tables": written}}
        self.folder.update_record(stages=stages)

    def _digest(self, stage: Stage) -> str:
        used = {name: getattr(self.settings, name).model_dump(mode="json") for name in stage.settings_names}
        offered = (*self.policies(), *self.alternatives()) if stage.name == "insurance" else ()
        policies = [option.model_dump(mode="json") for option in offered]
        inputs = {name: self._file_digest(name) for name in stage.reads}
        return digest_json([stage.name, used, policies, self._laid_down(stage), inputs, str(self.as_of), code_digest()])

    def _knowledge(self, stage: Stage) -> Knowledge | None:
        return knowledge_of(self.settings, as_of=self.as_of) if stage.name == "model" else None

    def _credit_policy(self, stage: Stage) -> CreditPolicy | None:
        return self.credit_policy() if stage.name == "limits" else None

    def _laid_down(self, stage: Stage) -> list[Any]:
        """Content of the company's files and of the previous run that the stage is given, for its digest."""
        knowledge = self._knowledge(stage)
        credit = self._credit_policy(stage)
        files = (knowledge.questionnaire, knowledge.scales) if knowledge else (credit,) if credit else ()
        before = self._previous_folder(stage)
        digests = [digest_bytes(before.file(name).read_bytes()) for name in PREVIOUS_READS] if before else []
        return [*(file.model_dump(mode="json") for file in files), *digests]

    def _previous_folder(self, stage: Stage) -> RunFolder | None:
        """The run that the explanations are compared with, where one is named."""
        name = self.settings.explanation.previous_run
        return previous_folder(name, self.folder, self.as_of) if stage.name == "explanation" and name else None

    def _file_digest(self, table: str) -> str:
        return digest_bytes(self.folder.file(table).read_bytes())

    def _intact(self, written: Mapping[str, str]) -> bool:
        return all(self.folder.has(name) and self._file_digest(name) == digest for name, digest in written.items())

    def credit_policy(self) -> CreditPolicy:
        """Return the credit policy, read from its file.

        Raises
        ------
        SettingsError
            The file is not valid, or the policy is in another currency than the run.
        """
        policy = read_credit_policy(self.settings)
        if policy.currency_code not in (None, self.facts["currency_code"]):
            raise SettingsError(
                f"credit policy '{policy.policy_id}' is in {policy.currency_code}, the run in "
                f"{self.facts['currency_code']}: copy the file, convert its amounts, name it in limits.policy"
            )
        return policy

    def policies(self) -> tuple[Policy, ...]:
        """Return the policies and quotes to compare, read from their files."""
        return read_policies(self.settings)

    def alternatives(self) -> tuple[Alternative, ...]:
        """Return the other options to compare, read from their files."""
        return read_alternatives(self.settings)


def _plain(value: Any) -> float | int | str | None:
    """Value as JSON knows it: numbers of NumPy as Python's, missing as none, six significant digits."""
    if value is None or value != value:
        return None
    if isinstance(value, str):
        return value
    number = value.item() if hasattr(value, "item") else value
    return float(f"{number:.6g}") if isinstance(number, float) else number


def _shown(value: float | int | str | None) -> str:
    return "–" if value is None else str(value)


def open_session(run: str, as_of: str, language: str, settings: Mapping[str, Any] | None = None) -> Session:
    """Open a run for a notebook; the demo run is made from the embedded ledger where it is missing.

    Parameters
    ----------
    run : name of the run, or path of its folder
    as_of : last day that counts, YYYY-MM-DD; must be the date of the run
    language : ``en`` or ``fr``
    settings : ``{"stage.field": value}`` to change for this run; None values change nothing

    Raises
    ------
    ParameterError
        The language is unknown, or the date is not the run's.
    RunError
        The run does not exist.
    """
    if language not in ("en", "fr"):
        raise ParameterError(f"language {language!r}: choose 'en' or 'fr'")
    folder = folder_at(run_path(run))
    changes = nested({name: value for name, value in (settings or {}).items() if value is not None})
    plan = _plan(folder, as_of)
    if changes:
        content = merged(plan.settings.model_dump(mode="json"), changes)
        plan = replace(plan, settings=resolve(content, where="notebook parameters"))
    ingest(plan)
    folder, record = plan.folder, plan.folder.record()
    if record["as_of"] != str(parse_date(as_of).date()):
        raise ParameterError(
            f"as_of {as_of}: run '{folder.name}' is of {record['as_of']}; give that date, or make "
            f"another run with `riskresearch run --as-of {as_of} --run NAME`"
        )
    resolved = with_rating_orders(plan.settings, as_of=parse_date(as_of))
    return Session(folder, resolved, parse_date(as_of), language, record["facts"])


def _plan(folder: RunFolder, as_of: str) -> Plan:
    is_demo, record = folder.path == run_path(DEMO_RUN), folder.record()
    if is_demo and (record.get("as_of"), record.get("code")) != (as_of, code_digest()):
        return make_plan(folder.path, ledger=DEMO_LEDGER, mapping=None, config=DEMO_CONFIG, as_of=as_of)
    return read_plan(folder)
