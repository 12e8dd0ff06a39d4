"""Executed notebooks: brought to one form that depends on cells and results alone, and shown as pages."""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import nbformat
from nbconvert import HTMLExporter
from nbconvert.preprocessors.sanitize import SanitizeHTML
from nbformat import NotebookNode

from riskresearch.report.render import environment
from riskresearch.report.translator import translator

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
SHOWN_TYPES = ("text/html", "image/png", "text/plain")
TABLE_TAGS = ("table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td", "div", "p", "span", "strong", "em", "br")
TABLE_ATTRIBUTES = ("scope", "style", "class", "colspan", "rowspan", "data-code", "border")


def normalise_notebook(notebook: NotebookNode) -> NotebookNode:
    """Return a notebook in the form that is committed: same cells and results, same bytes.

    The kernel is ``python3``, cells are named by position, executed cells count from 1, text written in
    pieces is joined; times, papermill's notes, versions and all metadata but the cells' tags go.

    Parameters
    ----------
    notebook : executed or not; it is not changed
    """
    result = deepcopy(notebook)
    counts = iter(range(1, len(result.cells) + 1))
    for place, cell in enumerate(result.cells, start=1):
        cell.id = f"cell-{place:02d}"
        tags = cell.metadata.get("tags", [])
        cell.metadata = NotebookNode({"tags": sorted(tags)} if tags else {})
        if cell.cell_type == "code":
            cell.execution_count = next(counts) if cell.execution_count is not None else None
            cell.outputs = list(_outputs(cell))
    result.metadata = NotebookNode(kernelspec=NotebookNode(KERNEL), language_info=NotebookNode(name="python"))
    result.nbformat, result.nbformat_minor = 4, 5
    return result


def notebook_html(notebook: NotebookNode | Path, *, title: str, language: str, back: str | None = None) -> str:
    """Return an executed notebook as a page of its own: texts, tables and pictures, without code.

    The page holds its style and pictures, no script and no reference to anything outside; of an
    output's HTML only tables and plain text pass.

    Parameters
    ----------
    notebook : executed notebook, or its file
    title : title of the page
    language : ``en`` or ``fr``
    back : address of the page the reader came from; None = the first page of the run
    """
    content = nbformat.read(notebook, as_version=4) if isinstance(notebook, Path) else deepcopy(notebook)
    cleaner = SanitizeHTML(  # type: ignore[no-untyped-call]
        tags=TABLE_TAGS, attributes={"*": list(TABLE_ATTRIBUTES)}, styles=["text-align"], strip=False
    )
    for cell in content.cells:
        for output in cell.get("outputs", []):
            _presentable(output, cleaner)
    exporter = HTMLExporter(  # type: ignore[no-untyped-call]
        template_name="basic",
        exclude_input=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
    )
    body, _ = exporter.from_notebook_node(content)
    page = environment().get_template("notebook.html.j2")
    return page.render(title=title, words=translator(language), body=body, back=back or f"index.{language}.html")


def _outputs(cell: NotebookNode) -> Iterator[NotebookNode]:
    """Outputs of a cell without metadata of the front end; neighbouring text of one stream as one output."""
    open_stream: NotebookNode | None = None
    for output in cell.outputs:
        if output.output_type == "stream" and open_stream is not None and open_stream.name == output.name:
            open_stream.text += output.text
            continue
        if output.output_type == "execute_result":
            output.execution_count = cell.execution_count
        open_stream = output if output.output_type == "stream" else None
        yield output


def _presentable(output: NotebookNode, cleaner: SanitizeHTML) -> None:
    """Keep what a page can show, clean its HTML, and give a picture its alternative text."""
    if "data" not in output:
        return
    output.data = NotebookNode({kind: output.data[kind] for kind in SHOWN_TYPES if kind in output.data})
    if "text/html" in output.data:
        html = output.data["text/html"]
        output.data["text/html"] = cleaner.sanitize_html_tags(html)  # type: ignore[no-untyped-call]
    picture: Any = output.metadata.get("image/png", {})
    if "alt" in picture:
        output.data["text/plain"] = picture["alt"]
