"""How a delivered file is written: separator, encoding, marks, dates, empty values."""

import re
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

NULLS = ("NULL", "NaN", "nan", "None", "NaT", "<NA>", "#N/A", "00000000", "0000-00-00", "00.00.0000", "00/00/0000")
_FRENCH = str.maketrans({"A": "Y", "J": "D"})
_TOKENS = (("YYYY", "%Y"), ("YY", "%y"), ("MM", "%m"), ("M", "%m"), ("DD", "%d"), ("D", "%d"))


class Frozen(BaseModel):
    """Immutable model that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def date_format(text: str) -> str:
    """Return the strptime form of a date format written in letters.

    Examples
    --------
    >>> date_format("JJ/MM/AAAA"), date_format("YYYYMMDD"), date_format("%d.%m.%y")
    ('%d/%m/%Y', '%Y%m%d', '%d.%m.%y')
    """
    if "%" not in text:
        text = text.translate(_FRENCH)
        for token, code in _TOKENS:
            text = re.sub(rf"(?<!%){token}(?![a-z])", code, text)
    if not re.fullmatch(r"%[Ymdy][-/. ]?%[Ymd][-/. ]?%[Ymdy]", text):
        raise ValueError(f"{text!r} is not a date format; write e.g. DD/MM/YYYY, YYYYMMDD or M/D/YYYY")
    return text


DateFormat = Annotated[str, BeforeValidator(date_format)]


class Format(Frozen):
    """How a file is written; what is left out is recognised (separator, encoding) or has its default."""

    separator: str | None = Field(default=None, description="one character, or the word tab")
    encoding: str | None = None
    decimal: Literal[".", ","] = "."
    thousands: Literal["", " ", ".", ",", "'"] = ""
    dates: tuple[DateFormat, ...] = ("%Y-%m-%d",)
    nulls: tuple[str, ...] = NULLS
    quotes: bool = Field(default=True, description="cells may stand in double quotes")
    skip_rows: int = Field(default=0, ge=0, le=100, description="rows above the header")
    sheet: str | None = None
    round_amounts: bool = Field(default=False, description="round amounts with more than two decimals, half up")

    @model_validator(mode="after")
    def _unambiguous(self) -> "Format":
        if self.decimal == self.thousands:
            raise ValueError("decimal and thousands must be different marks")
        if self.separator not in (None, "tab") and len(self.separator or "") != 1:
            raise ValueError("separator must be one character or the word tab")
        one_day_first(self.dates)
        return self


def one_day_first(dates: tuple[str, ...]) -> None:
    """Refuse a list of formats in which 03/04/2024 could be read both ways."""
    marks: dict[str, str] = {}
    for form in dates:
        order = "".join(re.findall("[Yymd]", form)).lower()
        mark = re.sub("%[Yymd]", "", form)
        if marks.setdefault(mark, order) != order and {marks[mark], order} == {"dmy", "mdy"}:
            raise ValueError(f"dates {list(dates)} read 03/04/2024 in two ways; keep one of them")
