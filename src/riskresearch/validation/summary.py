"""From verdicts to a page: one verdict for each model and area by a written rule, and what was tested on what.

The rule. Only samples the model has not learnt from count: out of time, and the customers to score. The whole portfolio
comes before its parts. An area is

- *red* where a measure of the whole is red, or a part is red and its p-value, adjusted for the number of parts, is
  below `p_red`: among many parts some are red by chance. A red part of a measure that is no p-value is counted and
  shown, and does not decide;
- *amber* where a measure of the whole is amber;
- *green* where at least one measure of the whole gives a verdict and all that do are green;
- *information* where measures of the whole only inform; *not_computable* where none could be computed.

The area *all* applies the rule to all measures of the model: it takes the gravest of its areas.
"""

from collections.abc import Mapping, Sequence

from pandas import DataFrame

from riskresearch.base.errors import TableError, first_keys
from riskresearch.base.schema import Column, Table
from riskresearch.validation.registry import AREAS, AXES, BATTERY, Verdict
from riskresearch.validation.tables import SAMPLES

WHOLE = "all"
JUDGED_SAMPLES = ("out_of_time", "scoring")
GRAVITY = (Verdict.RED, Verdict.AMBER, Verdict.GREEN, Verdict.INFORMATION, Verdict.NOT_COMPUTABLE)
SUMMARY_REASONS = (
    "whole_red",
    "part_red",
    "whole_amber",
    "all_green",
    "information_only",
    "nothing_computable",
    "no_test_sample",
)
VALIDATION_SUMMARY = Table(
    "validation_summary",
    "validation",
    "one row per model and area; area all: the model",
    ("model_code", "area_code"),
    (
        Column("model_code", "text", "model that is judged"),
        Column("area_code", "code", "question that the measures answer", False, (*AREAS, WHOLE)),
        Column("verdict_code", "code", "verdict by the rule of the summary", False, tuple(Verdict)),
        Column("reason_code", "code", "what decides", False, SUMMARY_REASONS),
        Column("worst_measure_code", "text", "gravest measure that counts; empty where none is red or amber", True),
        Column("worst_sample_code", "code", "its sample", True, SAMPLES),
        Column("worst_axis_code", "code", "its division", True, AXES),
        Column("worst_part_code", "text", "its part", True),
        Column("n_green", "int", "measures of the whole that are green"),
        Column("n_amber", "int", "measures of the whole that are amber"),
        Column("n_red", "int", "measures of the whole that are red"),
        Column("n_information", "int", "measures of the whole that only inform"),
        Column("n_not_computable", "int", "measures of the whole that could not be computed"),
        Column("n_parts", "int", "measures of parts with a verdict: green, amber or red"),
        Column("n_parts_red", "int", "of these, red"),
        Column("n_parts_confirmed", "int", "of these, red also after adjustment for the number of parts"),
    ),
)
VALIDATION_SAMPLES = Table(
    "validation_samples",
    "validation",
    "one row per model and sample: what was tested, on what",
    ("model_code", "sample_code"),
    (
        Column("model_code", "text", "model that is judged"),
        Column("sample_code", "code", "rows it is judged on", False, SAMPLES),
        Column("n_rows", "int", "customers and dates"),
        Column("n_customers", "int", "customers"),
        Column("n_dates", "int", "observation dates"),
        Column("first_date", "date", "first observation date"),
        Column("last_date", "date", "last observation date"),
        Column("n_known_outcomes", "int", "rows whose outcome is known"),
        Column("n_defaults", "int", "rows followed by a default; empty where no outcome is known", True),
        Column("n_defaulters", "int", "customers with such a row; empty where no outcome is known", True),
        Column("n_measures", "int", "measures that were asked for, whole sample"),
        Column("n_computed", "int", "of these, computed"),
        Column("n_part_measures", "int", "measures that were asked for on parts of the sample"),
        Column("n_part_computed", "int", "of these, computed"),
    ),
)


def measure_areas() -> dict[str, str]:
    """Return the area of every measure of the battery."""
    return {member.name: member.spec.area for member in BATTERY}


def validation_summary(measures: DataFrame, *, areas: Mapping[str, str], p_red: float) -> DataFrame:
    """Return table `validation_summary`.

    Parameters
    ----------
    measures : table `measures`
    areas : area of each measure, see `measure_areas`
    p_red : adjusted p-value below which the red verdict of a part counts

    Returns
    -------
    DataFrame, see `VALIDATION_SUMMARY`: for each model the areas in which a measure was asked for, and *all*.

    Raises
    ------
    TableError
        A measure has no area.
    """
    unknown = sorted(set(measures["measure_code"]) - set(areas))
    if unknown:
        raise TableError(
            f"measures.measure_code: {len(unknown)} measures are not in the battery ({first_keys(unknown)}); "
            "make table measures anew with this version"
        )
    rows = measures.assign(
        area_code=measures["measure_code"].map(dict(areas)),
        is_whole=measures["axis_code"] == WHOLE,
        is_judged=measures["sample_code"].isin(JUDGED_SAMPLES),
    )
    is_red = (rows["verdict_code"] == Verdict.RED) & rows["is_judged"]
    rows["is_confirmed"] = is_red & ~rows["is_whole"] & (rows["p_adjusted"].astype("float64") < p_red)
    found = []
    for model, of_model in rows.groupby("model_code", sort=True):
        named = [(area, part) for area in AREAS if len(part := of_model[of_model["area_code"] == area])]
        found += [{"model_code": model, "area_code": area, **_area(part)} for area, part in named]
        found.append({"model_code": model, "area_code": WHOLE, **_area(of_model)})
    return DataFrame(found, columns=VALIDATION_SUMMARY.names)


def validation_samples(ratings: DataFrame, measures: DataFrame) -> DataFrame:
    """Return table `validation_samples`: what the battery was run on, by model and sample.

    Parameters
    ----------
    ratings : ``model_code sample_code customer_id observation_date is_default`` (empty where not known)
    measures : table `measures`

    Returns
    -------
    DataFrame, see `VALIDATION_SAMPLES`: the samples of the battery that hold a row.
    """
    rows = ratings[ratings["sample_code"].isin(SAMPLES)]
    hit = rows["is_default"].astype("boolean")
    is_hit = hit.fillna(False).astype(bool)
    counted = rows.assign(is_known=hit.notna(), is_hit=is_hit, defaulter=rows["customer_id"].where(is_hit))
    keys = ["model_code", "sample_code"]
    table = counted.groupby(keys).agg(
        n_rows=("customer_id", "size"),
        n_customers=("customer_id", "nunique"),
        n_dates=("observation_date", "nunique"),
        first_date=("observation_date", "min"),
        last_date=("observation_date", "max"),
        n_known_outcomes=("is_known", "sum"),
        n_defaults=("is_hit", "sum"),
        n_defaulters=("defaulter", "nunique"),
    )
    unknown = table["n_known_outcomes"] == 0
    for name in ("n_defaults", "n_defaulters"):
        table[name] = table[name].astype("Int64").mask(unknown)
    whole, computed = measures["axis_code"] == WHOLE, measures["value"].notna()
    flags = {
        "n_measures": whole,
        "n_computed": whole & computed,
        "n_part_measures": ~whole,
        "n_part_computed": ~whole & computed,
    }
    counts = measures[keys].assign(**flags).groupby(keys)[list(flags)].sum()
    return table.join(counts.reindex(table.index, fill_value=0)).reset_index()[VALIDATION_SAMPLES.names]


def _area(rows: DataFrame) -> dict[str, object]:
    """Verdict, reason, gravest measure and counts of the measures of one area."""
    judged = rows[rows["is_judged"]]
    whole, parts = judged[judged["is_whole"]], judged[~judged["is_whole"]]
    counts = {code: int((whole["verdict_code"] == code).sum()) for code in GRAVITY}
    confirmed = parts[parts["is_confirmed"]]
    verdict, reason = _verdict(counts, has_confirmed=len(confirmed) > 0, has_rows=len(judged) > 0)
    counting = confirmed if reason == "part_red" else whole[whole["verdict_code"] == verdict]
    return {
        "verdict_code": str(verdict),
        "reason_code": reason,
        **_worst(counting if verdict in (Verdict.RED, Verdict.AMBER) else counting.iloc[:0]),
        **{f"n_{code}": number for code, number in counts.items()},
        "n_parts": int(parts["verdict_code"].isin([Verdict.RED, Verdict.AMBER, Verdict.GREEN]).sum()),
        "n_parts_red": int((parts["verdict_code"] == Verdict.RED).sum()),
        "n_parts_confirmed": len(confirmed),
    }


def _verdict(counts: Mapping[Verdict, int], *, has_confirmed: bool, has_rows: bool) -> tuple[Verdict, str]:
    rules = (
        (not has_rows, Verdict.NOT_COMPUTABLE, "no_test_sample"),
        (counts[Verdict.RED] > 0, Verdict.RED, "whole_red"),
        (has_confirmed, Verdict.RED, "part_red"),
        (counts[Verdict.AMBER] > 0, Verdict.AMBER, "whole_amber"),
        (counts[Verdict.GREEN] > 0, Verdict.GREEN, "all_green"),
        (counts[Verdict.INFORMATION] > 0, Verdict.INFORMATION, "information_only"),
    )
    return next(
        ((verdict, reason) for holds, verdict, reason in rules if holds), (Verdict.NOT_COMPUTABLE, "nothing_computable")
    )


def _worst(counting: DataFrame) -> dict[str, str | None]:
    """First of the rows that decide: smallest adjusted p-value, then out of time first, then by name."""
    names = ("measure", "sample", "axis", "part")
    if counting.empty:
        return {f"worst_{name}_code": None for name in names}
    order: Sequence[str] = ["p_adjusted", "sample_code", "measure_code", "axis_code", "part_code"]
    first = counting.sort_values(list(order), na_position="last", kind="stable").iloc[0]
    return {f"worst_{name}_code": str(first[f"{name}_code"]) for name in names}
