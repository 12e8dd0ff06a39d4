"""Scoring on Spark: the same scores as on a laptop, row by row, wherever the rows lie.

The bundle travels to the workers as text, so they need no access to its folder; they need lightgbm, numpy and this
package, of which only the scorer is imported there.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pandas import DataFrame, Series

from riskresearch.handover.batch import check_columns
from riskresearch.handover.score import SCORES, Scorer, make_scorer, read_bundle, score_columns

if TYPE_CHECKING:
    from pyspark.sql import DataFrame as SparkFrame


def score_on_spark(rows: "SparkFrame", bundle: Path, *, id_column: str = "row_id") -> "SparkFrame":
    """Score the rows of a Spark frame with a hand-over bundle.

    Each partition loads the model once; a row's score does not depend on the partition it is in.

    Parameters
    ----------
    rows : one row per customer, with the id and the columns of the contract; other columns are not used
    bundle : folder of the bundle, read where this is called
    id_column : column that names a row

    Returns
    -------
    Spark frame: the id, ``pd_12m``, ``grade_code``, ``reasons`` (joined by ``;``) and ``refused``, the reason why a row
    that breaks the contract has no score; null where it does not apply.

    Raises
    ------
    BundleError
        The bundle was altered, or the rows lack the id or a column of the contract.
    """
    from pyspark.sql.functions import col
    from pyspark.sql.types import DoubleType, StringType, StructField, StructType

    texts = read_bundle(bundle)
    names = make_scorer(texts).names
    check_columns("rows to score", rows.columns, [id_column, *names])
    kinds = {name: DoubleType() if name == "pd_12m" else StringType() for name in (id_column, *SCORES)}

    def score(batches: Iterator[DataFrame]) -> Iterator[DataFrame]:
        scorer = make_scorer(texts)
        for batch in batches:
            yield score_frame(scorer, batch, id_column=id_column)

    key = col(_quoted(id_column))  # as text, since pandas makes fractions of whole numbers where one is missing
    wanted = rows.select(key.cast("string").alias(id_column), *(col(_quoted(name)) for name in names))
    scored = wanted.mapInPandas(score, StructType([StructField(name, kind) for name, kind in kinds.items()]))
    return scored.withColumn(id_column, key.cast(rows.schema[id_column].dataType))


def score_frame(scorer: Scorer, rows: DataFrame, *, id_column: str = "row_id", threads: int = 1) -> DataFrame:
    """Score the rows of a pandas frame: the id and ``pd_12m grade_code reasons refused``; see `score_columns`."""
    ids = rows[id_column].astype(object).where(rows[id_column].notna(), None).tolist()
    columns = {name: _plain(rows[name]) for name in scorer.names}
    scores: Mapping[str, list[Any]] = score_columns(scorer, ids, columns, threads=threads)
    frame = DataFrame({id_column: rows[id_column].to_numpy()})
    for name in SCORES:
        frame[name] = Series(scores[name], dtype="float64" if name == "pd_12m" else "object")
    return frame


def _plain(values: Series) -> Any:
    """Numbers as numbers, everything else as objects, missing as None."""
    if values.dtype.kind in "fiub" and not values.hasnans:
        return values.to_numpy()
    if values.dtype.kind in "fiu":
        return values.to_numpy(dtype=float, na_value=float("nan"))
    return values.astype(object).where(values.notna(), None).tolist()


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
