"""What changed since the last time: the change of every customer's log-odds taken apart, to the last digit.

Two comparisons: with the observation date before, by the model of today; and with an earlier run, where the model may
have changed too. The change of the log-odds of the PD in use is the sum of four components: what changed in the data
(by feature), what changed in the model, what floors add, and the whole change where it cannot be taken apart.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from pandas import DataFrame, Index, Series

from riskresearch.base.errors import TableError, first_keys
from riskresearch.base.schema import Column, Table, conform, empty
from riskresearch.explanation.grading import grade_codes, grade_numbers
from riskresearch.explanation.model import ExplainedModel
from riskresearch.explanation.parts import TOLERANCE, ExpertLevel
from riskresearch.explanation.sides import Earlier, Pair, earlier_date, earlier_run

COMPARISONS = ("previous_date", "previous_run")
COMPONENTS = ("feature", "model", "floor", "whole")
STATUSES = (
    "compared",
    "other_source",
    "not_separable",
    "no_rating_before",
    "no_longer_rated",
    "into_default",
    "out_of_default",
    "stays_in_default",
)
SMALLEST = 1e-6
"""A feature whose contribution changed less is no main feature of a change."""
CUSTOMER = Column("customer_id", "text", "customer account")
COMPARISON = Column("comparison_code", "code", "what the date of the run is compared with", False, COMPARISONS)
SCORE_CHANGES = Table(
    "score_changes",
    "explanation",
    "one row per customer, comparison and part of the change of its log-odds that is not 0",
    ("customer_id", "comparison_code", "component_code", "feature_code"),
    (
        CUSTOMER,
        COMPARISON,
        Column("component_code", "code", "feature: what changed in the data; model: what changed in the model for the "
               "same data; floor: what floors add; whole: a change that cannot be taken apart", False, COMPONENTS),
        Column("feature_code", "text", "feature or source of the expert rating; else the component"),
        Column("value_before", "float", "value then; empty = missing, or no value", True),
        Column("value_after", "float", "value now", True),
        Column("contribution_before", "float", "contribution of the value then, by the model of now", True),
        Column("contribution_after", "float", "contribution now", True),
        Column("log_odds_change", "float", "part of the change of the log-odds; + is riskier"),
    ),
)  # fmt: skip
CUSTOMER_CHANGES = Table(
    "customer_changes",
    "explanation",
    "one row per customer and comparison, customers rated or in default then or now",
    ("customer_id", "comparison_code"),
    (
        CUSTOMER,
        COMPARISON,
        Column("change_status_code", "code", "whether and how the change is taken apart", False, STATUSES),
        Column("date_before", "date", "observation date compared with"),
        Column("date_after", "date", "observation date of the run"),
        Column("source_before_code", "code", "what gave the PD then", True),
        Column("source_after_code", "code", "what gives the PD now", True),
        Column("pd_before", "float", "PD then", True),
        Column("pd_after", "float", "PD now", True),
        Column("score_before", "float", "log-odds then, before the floor", True),
        Column("score_after", "float", "log-odds now, before the floor", True),
        Column("grade_before", "text", "grade of the PD then on the scale of now; X in default", True),
        Column("grade_after", "text", "grade now", True),
        Column("n_notches", "int", "grades moved, + is worse; empty where one of the two is in default", True),
        Column("log_odds_change", "float", "change of the log-odds of the PD; the four parts add up to it", True),
        Column("data_part", "float", "of which: changed data", True),
        Column("model_part", "float", "of which: changed model", True),
        Column("floor_part", "float", "of which: floors", True),
        Column("whole_part", "float", "of which: not taken apart", True),
        Column("up_feature_code", "text", "feature that raised the log-odds most", True),
        Column("up_change", "float", "by how much", True),
        Column("down_feature_code", "text", "feature that lowered the log-odds most", True),
        Column("down_change", "float", "by how much", True),
    ),
)  # fmt: skip
CHANGE_TABLES = (SCORE_CHANGES, CUSTOMER_CHANGES)


def changes(
    tables: Mapping[str, DataFrame], *, model: ExplainedModel | None, level: ExpertLevel, earlier: Earlier | None = None
) -> dict[str, DataFrame]:
    """Return tables `score_changes` and `customer_changes`.

    Since the observation date before (same run, same model): φ(x now) − φ(x then) for every feature; a simple rule
    changes by its one feature. Since an earlier run: data part φ_new(x_new) − φ_new(x_old) for every feature, model
    part score_new(x_old) − score_old(x_old), the move to another long-run level among it; a feature that the earlier
    run did not hold is taken from this run's panel on the earlier date. An expert rating changes by its sources, and
    by its prior rate (model part). What a provider's default grade holds up counts as a floor; on the date before the
    floor is that of now where the grade was given until then.

    Parameters
    ----------
    tables : ``scored snapshots model_choice expert_ratings external_ratings rating_history grade_scale``
    model : the accepted model; None where there is none
    level : of the expert rating
    earlier : an earlier run; None = only the comparison with the date before

    Raises
    ------
    TableError
        Parts do not add up to the change to 1e-9: model, scores and snapshots are not of one run.
    """
    pairs = {
        COMPARISONS[0]: earlier_date(tables, model),
        COMPARISONS[1]: earlier_run(tables, model, level, earlier) if earlier else None,
    }
    made = [_tables(code, pair, tables["grade_scale"]) for code, pair in pairs.items() if pair is not None]
    if not made:
        return {table.name: empty(table) for table in CHANGE_TABLES}
    return {
        table.name: conform(pd.concat([frames[place] for frames in made], ignore_index=True), table)
        for place, table in enumerate(CHANGE_TABLES)
    }


def _tables(code: str, pair: Pair, grade_scale: DataFrame) -> tuple[DataFrame, DataFrame]:
    """Both tables of one comparison."""
    sides = pair.before.add_suffix("_before").join(pair.after.add_suffix("_after"), how="outer").sort_index()
    status = _status(sides, pair)
    parts = _parts(sides, status, pair)
    _assert_complete(parts, sides, status)
    told = parts[parts["log_odds_change"] != 0].assign(comparison_code=code)
    made = sides.rename(columns=SHOWN)
    made = made.assign(
        comparison_code=code,
        change_status_code=status,
        date_before=pair.date_before,
        date_after=pair.date_after,
        **_grades(sides, grade_scale),
        **_sums(parts, sides.index, status),
        **_main(parts, sides.index),
    )
    return told, made.rename_axis("customer_id").reset_index()[CUSTOMER_CHANGES.names]


SHOWN = {
    "pd_12m_before": "pd_before",
    "pd_12m_after": "pd_after",
    "pd_source_code_before": "source_before_code",
    "pd_source_code_after": "source_after_code",
}


def _status(sides: DataFrame, pair: Pair) -> Series:
    was, now = sides["pd_12m_before"], sides["pd_12m_after"]
    was_bad, is_bad = sides["score_before"].isna() & was.notna(), sides["score_after"].isna() & now.notna()
    is_same = sides["pd_source_code_before"] == sides["pd_source_code_after"]
    conditions = [
        was_bad & is_bad,
        is_bad,
        now.isna(),
        was_bad,
        was.isna(),
        ~is_same,
        ~sides.index.isin(pair.separable),
    ]
    codes = [STATUSES[7], STATUSES[5], STATUSES[4], STATUSES[6], STATUSES[3], STATUSES[1], STATUSES[2]]
    return Series(np.select(conditions, codes, STATUSES[0]), index=sides.index, dtype="str")


def _parts(sides: DataFrame, status: Series, pair: Pair) -> DataFrame:
    """All parts of the changes of customers that were rated then and are now."""
    compared, whole = status.index[status == STATUSES[0]], status.index[status.isin(STATUSES[1:3])]
    features = pair.features[pair.features["customer_id"].isin(compared)]
    features = features.assign(
        component_code="feature", log_odds_change=features["contribution_after"] - features["contribution_before"]
    )
    both = sides.loc[compared.append(whole)]
    floor = both["floor_after"] - both["floor_before"]
    unknown = (sides["score_after"] - sides["score_before"])[whole]
    single = {"model": pair.model_part.reindex(compared), "floor": floor, "whole": unknown}
    others = [
        DataFrame({"customer_id": change.index, "log_odds_change": change.to_numpy(float)}).assign(
            component_code=name, feature_code=name
        )
        for name, change in single.items()
    ]
    frames = [frame for frame in (features, *others) if len(frame)]
    return pd.concat(frames, ignore_index=True) if frames else empty(SCORE_CHANGES)


def _assert_complete(parts: DataFrame, sides: DataFrame, status: Series) -> None:
    total = _log_odds_change(sides)[status.isin(STATUSES[:3])]
    gap = (parts.groupby("customer_id")["log_odds_change"].sum().reindex(total.index) - total).abs()
    wrong = ~(gap < TOLERANCE)
    if wrong.any():
        raise TableError(
            f"score_changes: the parts of {int(wrong.sum())} customers ({first_keys(gap.index[wrong])}) do not add up "
            f"to the change of their log-odds (largest gap {gap.max():.2e}); take model, scores and snapshots of one "
            "run on either side"
        )


def _log_odds_change(sides: DataFrame) -> Series:
    after, before = (sides[f"score_{side}"] + sides[f"floor_{side}"] for side in ("after", "before"))
    return after - before


def _sums(parts: DataFrame, customers: Index, status: Series) -> dict[str, Series]:
    """Change and its four parts by customer; empty where there is no change to speak of."""
    table = parts.pivot_table(index="customer_id", columns="component_code", values="log_odds_change", aggfunc="sum")
    table = table.reindex(index=customers, columns=list(COMPONENTS)).astype(float).fillna(0.0)
    table = table.where(status.isin(STATUSES[:3]))
    names = {"feature": "data_part", "model": "model_part", "floor": "floor_part", "whole": "whole_part"}
    return {"log_odds_change": table.sum(axis=1, min_count=1)} | {new: table[name] for name, new in names.items()}


def _grades(sides: DataFrame, grade_scale: DataFrame) -> dict[str, Series]:
    """Grades of both PDs on the scale of now, and the grades between them."""
    numbers, codes = {}, {}
    bad = grade_scale.loc[grade_scale["pd_low"] >= grade_scale["pd_high"], "grade_code"].item()
    for side in ("before", "after"):
        pds, score = sides[f"pd_12m_{side}"], sides[f"score_{side}"]
        is_graded = (pds.notna() & score.notna()).to_numpy()
        number = np.full(len(pds), np.nan)
        number[is_graded] = grade_numbers(pds.to_numpy(float)[is_graded], grade_scale)
        code = Series(np.where(pds.notna(), bad, None), index=sides.index, dtype="str")
        code[is_graded] = grade_codes(number[is_graded].astype(np.int64), grade_scale)
        numbers[side], codes[f"grade_{side}"] = number, code
    moved = Series(numbers["after"] - numbers["before"], index=sides.index).astype("Int64")
    return codes | {"n_notches": moved}


def _main(parts: DataFrame, customers: Index) -> dict[str, Series]:
    """The feature that raised and the one that lowered the log-odds of each customer most."""
    rows = parts[parts["component_code"] == "feature"].sort_values(["customer_id", "feature_code"])
    made: dict[str, Series] = {}
    for way, sign in (("up", 1.0), ("down", -1.0)):
        moved = rows[sign * rows["log_odds_change"] > SMALLEST]
        order = (sign * moved["log_odds_change"]).sort_values(ascending=False, kind="stable").index
        first = moved.loc[order].drop_duplicates("customer_id").set_index("customer_id").reindex(customers)
        made |= {f"{way}_feature_code": first["feature_code"], f"{way}_change": first["log_odds_change"]}
    return made
