"""Names of the parts of a sample, and the order they stand in."""

from riskresearch.report.translator import Translator


def part_name(axis_code: str, part_code: str, words: Translator) -> str:
    """Return the name of a part: quarter, grade or segment of customers.

    Parameters
    ----------
    axis_code : what the sample is divided by
    part_code : part
    words : language

    Examples
    --------
    >>> from riskresearch.report.translator import translator
    >>> part_name("quarter", "2024Q3", translator("fr")), part_name("size", "micro", translator("en"))
    ('T3 2024', 'micro')
    """
    if axis_code == "quarter":
        year, _, number = part_code.partition("Q")
        return f"{words.t('unit.quarter', n=number)} {year}"
    return words.label("grade" if axis_code == "grade" else "segment", part_code)
