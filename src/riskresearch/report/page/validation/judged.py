"""The model that the validation page is about, and its measures."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from pandas import DataFrame, Series

from riskresearch.report.figures.style import USUAL_CONFIDENCE
from riskresearch.report.page.context import Context
from riskresearch.report.translator import Translator

WHOLE = "all"
TEST_SAMPLES = ("out_of_time", "development")
QUESTIONS = ("discrimination", "comparison", "calibration", "accuracy", "grades", "stability", "use")
NO_MEASURES = DataFrame({name: [] for name in ("model_code", "sample_code", "axis_code", "part_code", "measure_code")})


@dataclass(frozen=True)
class Judged:
    """A model under judgement.

    Parameters
    ----------
    context : tables, facts and words of the page
    model : code of the model; None where nothing was judged
    rule : code of the simple rule that it must beat; None where there is none
    """

    context: Context
    model: str | None
    rule: str | None = None

    @property
    def words(self) -> Translator:
        """Words of the page."""
        return self.context.words

    @property
    def is_file(self) -> bool:
        """Tell whether the scores were delivered in a file: no candidates were chosen from, no notebook was run."""
        facts = self.context.facts
        return facts.judged_model is not None or (self.context.table("model_choice") is None and not facts.notebooks)

    @property
    def confidence(self) -> float:
        """Confidence of the intervals, from the settings behind the tables."""
        return float(self.context.facts.setting("validation", "confidence_ratio") or USUAL_CONFIDENCE)

    @cached_property
    def sample(self) -> str:
        """Sample the page judges on: later dates; the rows of development where there are no others."""
        found = set(self.measures["sample_code"])
        return next((code for code in TEST_SAMPLES if code in found), TEST_SAMPLES[0])

    @cached_property
    def measures(self) -> DataFrame:
        """All measures of the model."""
        measures = self.context.tables.get("measures", NO_MEASURES)
        return measures[measures["model_code"] == self.model]

    @cached_property
    def dictionary(self) -> DataFrame:
        """What each measure is, by its code; empty where the tables do not tell."""
        table = self.context.table("measure_dictionary")
        return DataFrame({"area_code": []}) if table is None else table.set_index("measure_code")

    def rows(self, *, axis: str = WHOLE, sample: str | None = None) -> DataFrame:
        """Return the measures of the model on a sample, divided by an axis; the whole where none is named."""
        rows = self.measures
        return rows[(rows["axis_code"] == axis) & (rows["sample_code"] == (sample or self.sample))]

    def measure(self, code: str | None, *, sample: str | None = None) -> Series | None:
        """Return one measure of the whole; None where it was not asked for."""
        rows = self.rows(sample=sample)
        rows = rows[rows["measure_code"] == code]
        return rows.iloc[0] if len(rows) else None

    def of_area(self, area: str, *, sample: str | None = None) -> list[str]:
        """Return the measures of an area that were asked for on the whole of a sample, in the order of their codes."""
        asked = set(self.rows(sample=sample)["measure_code"])
        areas = self.dictionary["area_code"]
        return [str(code) for code in areas.index[areas == area] if code in asked]

    def of_model(self, table: str) -> DataFrame | None:
        """Return the rows of a table that are of the model; None where there are none."""
        frame = self.context.table(table)
        rows = None if frame is None else frame[frame["model_code"] == self.model]
        return rows if rows is not None and len(rows) else None

    def samples(self, code: str | None = None) -> Series | None:
        """Return what a sample of the model holds, of table `validation_samples`; None where it has none."""
        rows = self.of_model("validation_samples")
        rows = None if rows is None else rows[rows["sample_code"] == (code or self.sample)]
        return rows.iloc[0] if rows is not None and len(rows) else None

    def name(self, model: str | None = None) -> str:
        """Return the name of a model, of the judged one where none is named."""
        return self.words.label("model", model or self.model)


def judged(context: Context) -> Judged:
    """Return the model that is judged: as the facts say, else the one in use, else the one judged on most parts.

    Its rule is the one the facts or the choice of the run name, else the model that curves are drawn of beside it.
    """
    measures, choice = context.table("measures"), context.table("model_choice")
    if measures is None:
        return Judged(context, None)
    facts, chosen = context.facts, context.chosen_model()
    known = measures["model_code"].value_counts().sort_index(kind="stable").sort_values(ascending=False, kind="stable")
    model = facts.judged_model or (str(chosen["model_code"]) if chosen is not None else str(known.index[0]))
    rules = _rules(context, model) if choice is None else list(choice.loc[choice["is_rule"].eq(True), "model_code"])
    rule = facts.rule_model or (str(rules[0]) if rules else None)
    return Judged(context, model if model in known.index else None, rule if rule in known.index else None)


def _rules(context: Context, model: str) -> list[str]:
    """The model whose curves are drawn beside those of the judged one."""
    curves = context.table("curves")
    return [] if curves is None else sorted(set(curves["model_code"]) - {model})


def in_question_order(areas: Sequence[str]) -> list[str]:
    """Return the areas once each, from what a model is for to what it is worth; others last."""
    found = dict.fromkeys(areas)
    return [code for code in QUESTIONS if code in found] + [code for code in found if code not in QUESTIONS]
