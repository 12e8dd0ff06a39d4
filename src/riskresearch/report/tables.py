"""Tables for readers: accessible HTML for pages, HTML and stable text for notebooks."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from pandas import DataFrame

from riskresearch.report.cells import Grid, grid
from riskresearch.report.translator import Translator

RIGHT = ' style="text-align:right"'
LEFT = ' style="text-align:left"'


@dataclass(frozen=True)
class TableView:
    """A table for a notebook: HTML where it can be shown, else text with fixed widths."""

    caption: str
    content: Grid
    more: str = ""

    def _repr_html_(self) -> str:
        return grid_html(self.content, caption=self.caption, more=self.more)

    def __repr__(self) -> str:
        """Return the table as text: same cells, same bytes for the same frame."""
        return grid_text(self.content, caption=self.caption, more=self.more)


def show_table(
    frame: DataFrame,
    *,
    words: Translator,
    caption: str,
    columns: Sequence[str] | None = None,
    max_rows: int | None = 20,
    show_names: bool = False,
) -> TableView:
    """Return a table to end a notebook cell with.

    Parameters
    ----------
    frame : any table of the project
    words : language and currency
    caption : what the table shows
    columns : columns to show, in order; None = all
    max_rows : rows shown, the rest is counted; None = all
    show_names : show names of customers, hidden otherwise

    Examples
    --------
    >>> from riskresearch.report.translator import translator
    >>> frame = DataFrame({"bucket_code": ["not_due", "1_30"], "open_amount": [1250.0, 80.5]})
    >>> show_table(frame, words=translator("en"), caption="Aged balance")
    Aged balance
    Days past due  Open amount (EUR)
    not due                    1,250
    1–30 days                     80
    """
    content = grid(frame, words, columns=columns, max_rows=max_rows, show_names=show_names)
    return TableView(caption, content, words.n("table.more", content.n_more) if content.n_more else "")


def table_html(
    frame: DataFrame,
    *,
    words: Translator,
    caption: str,
    columns: Sequence[str] | None = None,
    max_rows: int | None = None,
    show_names: bool = False,
) -> str:
    """Return a frame as an HTML table with caption, scoped headings and escaped text; see `show_table`."""
    return show_table(
        frame, words=words, caption=caption, columns=columns, max_rows=max_rows, show_names=show_names
    )._repr_html_()


def grid_html(content: Grid, *, caption: str, more: str = "") -> str:
    """Return a grid as an HTML table; the first column heads its row."""
    heads = "".join(
        f'<th scope="col"{_side(number)}>{escape(text)}</th>'
        for text, number in zip(content.headers, content.is_number, strict=True)
    )
    marks = content.marks or tuple((None,) * len(content.headers) for _ in content.rows)
    body = "\n".join(_row(row, mark, content.is_number) for row, mark in zip(content.rows, marks, strict=True))
    foot = f'\n<tfoot><tr><td colspan="{len(content.headers)}">{escape(more)}</td></tr></tfoot>' if more else ""
    return (
        f"<table>\n<caption>{escape(caption)}</caption>\n<thead><tr>{heads}</tr></thead>\n"
        f"<tbody>\n{body}\n</tbody>{foot}\n</table>"
    )


def grid_text(content: Grid, *, caption: str, more: str = "") -> str:
    """Return a grid as text in columns of fixed width."""
    columns = list(zip(content.headers, *content.rows, strict=True))
    padded = []
    for cells, number in zip(columns, content.is_number, strict=True):
        width = max(len(cell) for cell in cells)
        padded.append([cell.rjust(width) if number else cell.ljust(width) for cell in cells])
    lines = ["  ".join(row).rstrip() for row in zip(*padded, strict=True)]
    return "\n".join([caption, *lines, *([more] if more else [])])


def _row(row: tuple[str, ...], marks: tuple[str | None, ...], is_number: tuple[bool, ...]) -> str:
    cells = []
    for place, (text, mark, number) in enumerate(zip(row, marks, is_number, strict=True)):
        opening, closing = ('<th scope="row"', "</th>") if place == 0 else ("<td", "</td>")
        coloured = f' data-code="{escape(str(mark))}"' if mark is not None else ""
        cells.append(f"{opening}{_side(number)}{coloured}>{escape(text)}{closing}")
    return f"<tr>{''.join(cells)}</tr>"


def _side(is_number: bool) -> str:
    return RIGHT if is_number else LEFT
