"""Text of customers is untrusted: what a spreadsheet may take for a formula is told apart."""

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def safe_text(text: str) -> str:
    """Return text that a spreadsheet shows and never computes: an apostrophe before what would start a formula.

    Examples
    --------
    >>> safe_text("=HYPERLINK(1)"), safe_text("Dupont & fils")
    ("'=HYPERLINK(1)", 'Dupont & fils')
    """
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
