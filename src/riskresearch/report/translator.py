"""Words and numbers of one language: messages, labels of codes, amounts, ratios, days and dates."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import pandas as pd
from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.numbers import format_compact_currency, format_currency, format_decimal, format_percent
from pandas import DataFrame

from riskresearch.base.errors import ParameterError

LOCALES: Mapping[str, str] = {"en": "en_GB", "fr": "fr_FR"}
COMPACT_STEPS = (1e9, 1e6, 1e3)
NARROW_SPACE, HARD_SPACE = "\u202f", "\u00a0"
PAIRED_FAMILIES = ("axis", "segment")
SMALLEST_P, P_DECIMALS = 0.001, 3


@dataclass(frozen=True)
class Translator:
    """Messages by id and labels by family and code, with the number formats of the language.

    A missing number is never an empty cell: it reads "not computable", with its reason where known.

    Parameters
    ----------
    language : ``en`` or ``fr``
    messages : text by message id; labels under ``label.<family>.<code>``
    currency_code : ISO 4217 currency of the amounts
    """

    language: str
    messages: Mapping[str, str]
    currency_code: str = "EUR"

    @property
    def locale(self) -> str:
        """Locale of the number formats."""
        return LOCALES[self.language]

    def t(self, message_id: str, **values: object) -> str:
        """Return a message with its placeholders filled."""
        return self.messages[message_id].format(**values)

    def n(self, message_id: str, count: int, **values: object) -> str:
        """Return the form of a message that agrees with a count: ``zero`` where there is one, ``one`` or ``other``."""
        if count == 0 and f"{message_id}.zero" in self.messages:
            return self.t(f"{message_id}.zero", n=self.count(count), **values)
        form = "one" if Locale.parse(self.locale).plural_form(count) == "one" else "other"
        return self.t(f"{message_id}.{form}", n=self.count(count), **values)

    def label(self, family: str, code: object) -> str:
        """Return the label of a code; an unknown code stands for itself, in words.

        Segmentations and segments that are pairs, written ``a*b``, are named by both parts.
        """
        text = str(code)
        if family in PAIRED_FAMILIES and "*" in text:
            return " × ".join(self.label(family, part) for part in text.split("*"))
        return self.messages.get(f"label.{family}.{text}", text.replace("_", " "))

    def has(self, family: str, code: object) -> bool:
        """Tell whether a code has a label."""
        return f"label.{family}.{code}" in self.messages

    def missing(self, reason: Any = None) -> str:
        """Return the words for a number that is not there."""
        if reason is None or pd.isna(reason):
            return self.t("missing.plain")
        return self.t("missing.reason", reason=self.label("reason", reason))

    def number(self, value: Any, decimals: int = 0) -> str:
        """Return a plain number with the thousands grouping of the language."""
        if pd.isna(value):
            return self.missing()
        pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
        return format_decimal(_rounded(value, decimals), format=pattern, locale=self.locale)

    def signed(self, value: Any, decimals: int = 1) -> str:
        """Return a change: a plain number with its sign, also where it rises."""
        shown = self.number(value, decimals)
        return f"+{shown}" if pd.notna(value) and _rounded(value, decimals) > 0 else shown

    def count(self, value: Any) -> str:
        """Return a number of things."""
        return self.number(value, 0)

    def amount(self, value: Any, decimals: int | None = None) -> str:
        """Return an amount with its currency; cents are shown below 1,000 unless `decimals` says otherwise."""
        if pd.isna(value):
            return self.missing()
        shown = amount_decimals(abs(float(value))) if decimals is None else decimals
        pattern = Locale.parse(self.locale).currency_formats["standard"].pattern
        pattern = pattern.replace("0.00", "0." + "0" * shown if shown else "0")
        return format_currency(
            _rounded(value, shown), self.currency_code, format=pattern, locale=self.locale, currency_digits=False
        )

    def compact(self, value: Any) -> str:
        """Return an amount in thousands, millions or billions, to about three digits."""
        if pd.isna(value):
            return self.missing()
        number = float(value)
        step = next((step for step in COMPACT_STEPS if abs(number) >= step), 1.0)
        decimals = 0 if step == 1.0 or abs(number) / step >= 99.95 else 1
        return format_compact_currency(
            _rounded(number / step, decimals) * step, self.currency_code, locale=self.locale, fraction_digits=decimals
        )

    def ratio(self, value: Any, decimals: int = 1) -> str:
        """Return a ratio as a percentage."""
        if pd.isna(value):
            return self.missing()
        pattern = Locale.parse(self.locale).percent_formats[None].pattern
        shown = pattern.replace("0", "0." + "0" * decimals) if decimals else pattern
        shown = shown.replace("##0.", "##0.")
        return format_percent(_rounded(value, decimals + 2), format=shown, locale=self.locale)

    def probability(self, value: Any) -> str:
        """Return a probability as a percentage: two decimals below 1 %, one above."""
        return self.missing() if pd.isna(value) else self.ratio(value, 2 if round(float(value), 4) < 0.01 else 1)

    def p_value(self, value: Any) -> str:
        """Return a p-value with three decimals; what would read as 0 is told as below the smallest shown."""
        if pd.isna(value):
            return self.missing()
        smallest = self.number(SMALLEST_P, P_DECIMALS)
        return self.t("unit.below", n=smallest) if float(value) < SMALLEST_P else self.number(value, P_DECIMALS)

    def days(self, value: Any) -> str:
        """Return a number of days with its unit."""
        return self._measured("unit.days", value, 1)

    def months(self, value: Any, decimals: int = 0) -> str:
        """Return a number of months with its unit."""
        return self._measured("unit.months", value, decimals)

    def _measured(self, message_id: str, value: Any, decimals: int) -> str:
        """A number with its unit, in the form that agrees with the number as it is shown."""
        if pd.isna(value):
            return self.missing()
        size = abs(_rounded(value, decimals))
        form = "one" if Locale.parse(self.locale).plural_form(size) == "one" else "other"
        return self.t(f"{message_id}.{form}", n=self.number(value, decimals))

    def threshold_days(self, value: Any) -> str:
        """Return a threshold in days, without decimals where it is whole."""
        return self.n("unit.days", int(value)) if float(value).is_integer() else self.days(value)

    def listed(self, parts: Iterable[str]) -> str:
        """Return parts as one list."""
        return self.t("unit.separator").join(parts)

    def date(self, value: Any, style: str = "long") -> str:
        """Return a date in words (``long``) or short (``medium``)."""
        return (
            self.missing()
            if pd.isna(value)
            else str(format_date(pd.Timestamp(value).date(), style, locale=self.locale))
        )

    def day_month(self, value: Any) -> str:
        """Return day and month."""
        return str(format_skeleton("MMMd", pd.Timestamp(value).to_pydatetime(), locale=self.locale))

    def month(self, value: Any) -> str:
        """Return month and year."""
        return str(format_date(pd.Timestamp(value).date(), "MMM yyyy", locale=self.locale))


def translator(language: str, labels: DataFrame | None = None, *, currency_code: str = "EUR") -> Translator:
    """Return the translator of a language.

    Parameters
    ----------
    language : ``en`` or ``fr``
    labels : table `labels` (``family_code code label_en label_fr``); its labels are added to those of the text files
    currency_code : ISO 4217 currency of the amounts

    Raises
    ------
    ParameterError
        There is no text file of that language.

    Examples
    --------
    >>> words = translator("en")
    >>> words.amount(1234567.8), words.compact(1234567.8), words.ratio(0.1234), words.probability(0.0042)
    ('€1,234,568', '€1.2M', '12.3%', '0.42%')
    >>> words.label("bucket", "not_due"), words.label("gap", "some_new_code")
    ('not due', 'some new code')
    """
    if language not in LOCALES:
        raise ParameterError(f"language {language!r}: choose one of {list(LOCALES)}")
    messages = dict(messages_of(language))
    if labels is not None and len(labels):
        spoken = labels[f"label_{language}"]
        messages |= {
            f"label.{family}.{code}": str(text)
            for family, code, text in zip(labels["family_code"], labels["code"], spoken, strict=True)
        }
    return Translator(language, messages, currency_code)


def messages_of(language: str) -> dict[str, str]:
    """Return the messages of a text file, flat: ``{"page.title": …}``."""
    content = files("riskresearch.report").joinpath("text", f"{language}.toml").read_text(encoding="utf-8")
    spaced = _french_spaces if language == "fr" else str
    return {name: spaced(text) for name, text in _flat(tomllib.loads(content))}


def amount_decimals(largest: float) -> int:
    """Return the decimals amounts are shown with: none from 1,000 on."""
    return 0 if largest >= 1000 or largest == 0 else 2


def _flat(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _french_spaces(text: str) -> str:
    """Set the unbreakable spaces of French typography: narrow before ; ? ! and full before : % and inside « »."""
    text = re.sub(r" ([;?!])", NARROW_SPACE + r"\1", text)
    text = re.sub(r" ([:%»])", HARD_SPACE + r"\1", text)
    return text.replace("« ", "«" + HARD_SPACE)


def _rounded(value: Any, decimals: int) -> float:
    """Round half to even on the shown decimals; a rounded zero has no sign."""
    return round(float(value), decimals) + 0.0
