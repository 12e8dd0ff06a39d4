"""A file of scores of any model, bought in or built elsewhere, as the validation battery takes them."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from riskresearch.base.errors import LedgerError, first_keys
from riskresearch.ledger.reading.cells import booleans, clean_text, dates, floats
from riskresearch.ledger.reading.delivery import RawFile, RawRows, read_rows
from riskresearch.ledger.reading.formats import NULLS, Format, date_format
from riskresearch.ledger.reading.guess import guess_dates
from riskresearch.ledger.reading.headings import HEADINGS, find_heading
from riskresearch.model.grades import grade_scale, graded
from riskresearch.model.settings import ModelSettings

NEEDED = ("customer_id", "observation_date", "pd_12m", "is_default")
HEADERS: Mapping[str, tuple[str, ...]] = {
    "customer_id": HEADINGS["customer_id"],
    "observation_date": ("observation_date", "Observation date", "Date d'observation", "Scoring date", "Date", "as_of"),
    "pd_12m": ("pd_12m", "PD", "Probability of default", "Probabilité de défaut", "p_default"),
    "is_default": ("is_default", "Default", "Défaut", "Defaulted", "Outcome", "Target", "Cible"),
    "model_code": ("model_code", "Model", "Modèle"),
    "sample_code": ("sample_code", "Sample", "Échantillon"),
    "grade_code": ("grade_code", "Grade", "Note", "Classe de risque"),
    "exposure_amount": ("exposure_amount", "Exposure", "Exposition", "Encours"),
    "sector": ("sector", "Sector", "Secteur"),
    "size": ("size", "Size", "Taille"),
    "country": ("country", "Country", "Pays"),
}
AXES = ("sector", "size", "country")
SAMPLE_WORDS = {
    **dict.fromkeys(("development", "train", "training", "developpement", "développement"), "development"),
    **dict.fromkeys(("out_of_time", "oot", "test", "hors période", "validation"), "out_of_time"),
    "scoring": "scoring",
}
MODEL = "score"
KEYS = ["model_code", "customer_id", "observation_date"]
MAX_GRADES = 30


def read_scores(path: Path, columns: Mapping[str, str], settings: ModelSettings) -> DataFrame:
    """Return the scores of a file.

    Parameters
    ----------
    path : CSV, Excel or Parquet file, also packed by gzip; separator, decimal mark and dates are recognised
    columns : heading of a column by what it holds, where the heading alone does not tell; see `HEADERS`
    settings : bounds of the master scale, for scores without grades

    Returns
    -------
    DataFrame : ``model_code customer_id observation_date sample_code pd_12m grade_code is_default exposure_amount`` and
    of ``sector size country`` what the file holds. Without a sample, rows with an outcome came after the model was
    built (*out_of_time*). Rows of the newest date whose outcome is not known are *scoring*, earlier ones *immature*.

    Raises
    ------
    LedgerError
        A column is missing, a cell is no number between 0 and 1, date, outcome or sample, or a customer has two rows on
        one date.
    """
    if not path.is_file():
        raise LedgerError(f"{path}: no such file; give the file that holds customer, date, PD and outcome")
    raw = read_rows(RawFile(path.name, path.read_bytes()), Format())
    text = _text(raw, _headings(raw, columns))
    if text.empty:
        raise LedgerError(f"{raw.name}: the file holds a header and no row; deliver keys, PD and outcome")
    made = DataFrame({"customer_id": text["customer_id"]})
    _refuse(raw, "customer_id", raw.lines.astype(str), made["customer_id"].isna(), "the customer is empty")
    made["observation_date"] = _days(raw, text)
    made["pd_12m"] = _shares(raw, text)
    made["is_default"] = _outcomes(raw, text)
    made["model_code"] = text["model_code"].fillna(MODEL) if "model_code" in text else MODEL
    made["exposure_amount"] = _amounts(raw, text) if "exposure_amount" in text else np.nan
    made["sample_code"] = _samples(raw, text, made)
    made["grade_code"] = _grades(raw, text, made, settings)
    made = made.assign(**{axis: text[axis] for axis in AXES if axis in text})
    _refuse(raw, "customer_id", made["customer_id"], made.duplicated(KEYS), "the customer has two rows on one date")
    return made.sort_values(KEYS, ignore_index=True)


def _headings(raw: RawRows, columns: Mapping[str, str]) -> dict[str, str]:
    """Heading of each column that is there, the stated ones first."""
    unknown = sorted(set(columns) - set(HEADERS))
    absent = sorted(set(columns.values()) - set(raw.header))
    if unknown or absent:
        wrong = f"columns {unknown}: known are {list(HEADERS)}" if unknown else f"no column is headed {absent}"
        raise LedgerError(f"{raw.name}: {wrong}; the file has {first_keys(raw.header, 12)}; correct --column")
    free = [name for name in raw.header if name not in columns.values()]
    found = {target: columns.get(target) or find_heading(free, names) for target, names in HEADERS.items()}
    if lacking := [target for target in NEEDED if not found[target]]:
        raise LedgerError(
            f"{raw.name}: no column holds {', '.join(lacking)}; the file has {first_keys(raw.header, 12)}; tell it by "
            f"--column {lacking[0]}=HEADING"
        )
    return {target: heading for target, heading in found.items() if heading}


def _text(raw: RawRows, headings: Mapping[str, str]) -> DataFrame:
    if raw.malformed:
        raise LedgerError(
            f"{raw.name}: {len(raw.malformed)} lines ({first_keys(raw.malformed)}) do not have the "
            f"{len(raw.header)} fields of the header; correct the file"
        )
    cells = {t: clean_text(raw.cells.iloc[:, raw.header.index(name)].astype("str")) for t, name in headings.items()}
    return DataFrame({target: column.mask(column.isin(list(NULLS))) for target, column in cells.items()})


def _refuse(raw: RawRows, column: str, keys: Series, wrong: Series, rule: str) -> None:
    if wrong.any():
        raise LedgerError(
            f"{raw.name}, {column}: {int(wrong.sum())} rows ({first_keys(keys[wrong])}): {rule}; correct the file"
        )


def _days(raw: RawRows, text: DataFrame) -> Series:
    forms = [date_format(form) for form in guess_dates([text["observation_date"]]).values["dates"]]
    days, wrong = dates(text["observation_date"], forms)
    _refuse(raw, "observation_date", text["customer_id"], wrong | days.isna(), "no date such as 2025-12-31")
    return days.astype("datetime64[us]")


def _numbers(cells: Series) -> tuple[Series, Series]:
    """Numbers with a point or a comma, blanks between thousands; a per cent sign divides by 100."""
    percent = cells.str.endswith("%").fillna(False).astype(bool)
    plain = cells.str.removesuffix("%").str.replace(r"[\s\u00a0\u202f]", "", regex=True)
    comma = ~plain.str.contains(".", regex=False, na=False).any()
    numbers, wrong = floats(plain, Format(decimal="," if comma else "."))
    return numbers.where(~percent, numbers / 100), wrong


def _shares(raw: RawRows, text: DataFrame) -> Series:
    shares, wrong = _numbers(text["pd_12m"])
    bad = wrong | shares.isna() | ~shares.between(0, 1)
    _refuse(raw, "pd_12m", text["customer_id"], bad, "no PD between 0 and 1 (write 2.5 % as 0.025 or with the sign %)")
    return shares


def _outcomes(raw: RawRows, text: DataFrame) -> Series:
    outcome, wrong = booleans(text["is_default"])
    _refuse(raw, "is_default", text["customer_id"], wrong, "no outcome: write 1 or 0, empty while not known")
    return outcome


def _amounts(raw: RawRows, text: DataFrame) -> Series:
    cells = text["exposure_amount"].dropna()
    marked = cells[cells.str.contains(r"[.,]", regex=True)]
    thousands = marked.str.fullmatch(r"\d{1,3}(?:[.,]\d{3})+")
    is_unclear = bool(len(marked)) and bool(thousands.all())
    rule = "the mark may be of thousands or decimals: write 1000 or 1000.00"
    unclear = text.index.isin(marked.index) & is_unclear
    _refuse(raw, "exposure_amount", text["customer_id"], Series(unclear, index=text.index), rule)
    amounts, wrong = _numbers(text["exposure_amount"])
    _refuse(raw, "exposure_amount", text["customer_id"], wrong | (amounts < 0), "no amount from 0 on")
    return amounts


def _samples(raw: RawRows, text: DataFrame, made: DataFrame) -> Series:
    """Sample of each row; what has no outcome yet is of today or not mature."""
    is_newest = made["observation_date"] == made["observation_date"].max()
    open_rows = Series(np.where(is_newest, "scoring", "immature"), index=made.index)
    if "sample_code" not in text:
        return Series("out_of_time", index=made.index).where(made["is_default"].notna(), open_rows)
    words = text["sample_code"].str.casefold()
    told = words.map(SAMPLE_WORDS)
    wrong = told.isna() & (words.notna() | made["is_default"].notna())
    _refuse(raw, "sample_code", text["customer_id"], wrong, "write development, out_of_time or scoring")
    return told.where(made["is_default"].notna(), open_rows)


def _grades(raw: RawRows, text: DataFrame, made: DataFrame, settings: ModelSettings) -> Series:
    """Delivered grades, or those of the master scale."""
    if "grade_code" not in text:
        scale = grade_scale(
            settings.grade_bounds, reliable_up_to=settings.reliable_up_to, to_watch_up_to=settings.to_watch_up_to
        )
        return graded(made["pd_12m"], scale)["grade_code"]
    grades = text["grade_code"]
    _refuse(raw, "grade_code", text["customer_id"], grades.isna(), "the grade is empty")
    if grades.nunique() > MAX_GRADES:
        raise LedgerError(f"{raw.name}: {grades.nunique()} grades; a scale has at most {MAX_GRADES}; is it the grade?")
    return grades


def grade_order(scores: DataFrame) -> tuple[str, ...]:
    """Return the grades best first, by their mean PD.

    Examples
    --------
    >>> grade_order(DataFrame({"grade_code": ["B", "A", "B"], "pd_12m": [0.04, 0.01, 0.06]}))
    ('A', 'B')
    """
    means = scores.groupby("grade_code")["pd_12m"].mean()
    return tuple(pd.Series(means).sort_values(kind="stable").index)
