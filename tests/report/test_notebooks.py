"""Executed notebooks: one form for the same results, pages without code or script."""

from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode, v4
from pandas import DataFrame

from riskresearch.report.figures import ageing_bars, show_figure
from riskresearch.report.notebooks import normalise_notebook, notebook_html
from riskresearch.report.tables import show_table
from riskresearch.report.translator import translator

ENGLISH = translator("en")


def executed(
    tables: dict[str, DataFrame], *, count: int = 41, id_start: str = "a", pieces: bool = True
) -> NotebookNode:
    """Notebook as a kernel leaves it: counts, ids, times and text in pieces that differ from run to run."""
    table = show_table(tables["set_aside"], words=ENGLISH, caption="Set aside")
    picture = show_figure(
        ageing_bars(tables["ageing"], words=ENGLISH), alt='Aged "balance"', digest_of=tables["ageing"]
    )
    data, metadata = picture._repr_mimebundle_()
    streams = [v4.new_output("stream", name="stdout", text=text) for text in (["a\n", "b\n"] if pieces else ["a\nb\n"])]
    cells = [
        v4.new_markdown_cell("# How do customers pay?\n\nA **remark**."),
        v4.new_code_cell(
            "run = 'demo'", execution_count=count, metadata={"tags": ["parameters"], "papermill": {"x": 1}}
        ),
        v4.new_code_cell(
            "secret_source()",
            execution_count=count + 2,
            outputs=[
                *streams,
                v4.new_output(
                    "execute_result",
                    {"text/html": table._repr_html_(), "text/plain": repr(table)},
                    execution_count=count + 2,
                ),
            ],
            metadata={"execution": {"iopub.execute_input": "2026-01-01"}},
        ),
        v4.new_code_cell(
            "draw()",
            execution_count=count + 3,
            outputs=[v4.new_output("execute_result", data, metadata=metadata, execution_count=count + 3)],
        ),
        v4.new_code_cell("not_run()"),
    ]
    for place, cell in enumerate(cells):
        cell.id = f"{id_start}{place}"
    return v4.new_notebook(
        cells=cells,
        metadata={
            "kernelspec": {"name": "own", "display_name": "Own"},
            "papermill": {"duration": 1.5},
            "language_info": {"name": "python", "version": "3.11.7"},
        },
    )


def test_two_runs_with_the_same_results_give_the_same_bytes(tables: dict[str, DataFrame]) -> None:
    first = normalise_notebook(executed(tables))
    second = normalise_notebook(executed(tables, count=7, id_start="zz", pieces=False))
    assert nbformat.writes(first) == nbformat.writes(second)
    assert nbformat.writes(normalise_notebook(first)) == nbformat.writes(first)
    nbformat.validate(first)


def test_counts_ids_tags_and_kernel_take_their_one_form(tables: dict[str, DataFrame]) -> None:
    result = normalise_notebook(executed(tables))
    assert [cell.id for cell in result.cells] == [f"cell-{n:02d}" for n in range(1, 6)]
    assert [cell.get("execution_count") for cell in result.cells] == [None, 1, 2, 3, None]
    assert [dict(cell.metadata) for cell in result.cells] == [{}, {"tags": ["parameters"]}, {}, {}, {}]
    assert result.cells[2].outputs[-1].execution_count == 2
    assert [o.text for o in result.cells[2].outputs if o.output_type == "stream"] == ["a\nb\n"]
    assert result.metadata == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }


def test_results_and_sources_stay_as_they_are(tables: dict[str, DataFrame]) -> None:
    before = executed(tables)
    copy = nbformat.writes(before)
    after = normalise_notebook(before)
    assert nbformat.writes(before) == copy
    assert [cell.source for cell in after.cells] == [cell.source for cell in before.cells]
    assert after.cells[3].outputs[0].data == before.cells[3].outputs[0].data
    assert after.cells[3].outputs[0].metadata == {"image/png": {"alt": 'Aged "balance"'}}


def test_streams_of_other_names_are_not_joined() -> None:
    outputs = [v4.new_output("stream", name=name, text=name) for name in ("stdout", "stderr", "stdout")]
    notebook = v4.new_notebook(cells=[v4.new_code_cell("x", execution_count=1, outputs=outputs)])
    assert [output.text for output in normalise_notebook(notebook).cells[0].outputs] == ["stdout", "stderr", "stdout"]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_page_shows_results_without_code_or_anything_from_outside(
    tables: dict[str, DataFrame], language: str, tmp_path: Path
) -> None:
    notebook = normalise_notebook(executed(tables))
    html = notebook_html(notebook, title="01 <Payment>", language=language)
    assert f'<html lang="{language}">' in html
    assert "<title>01 &lt;Payment&gt;</title>" in html
    assert "secret_source" not in html
    assert "<script" not in html.lower()
    assert "http" not in html
    assert '<th scope="col"' in html
    assert "alt='Aged \"balance\"'" in html
    assert "[figure]" not in html
    assert "<strong>remark</strong>" in html
    file = tmp_path / "01.ipynb"
    nbformat.write(notebook, file)
    assert notebook_html(file, title="01 <Payment>", language=language) == html


def test_scripts_in_an_output_are_not_passed_on() -> None:
    bad = {
        "text/html": '<p onclick="x()">ok</p><script>alert(1)</script><img src=x onerror=alert(1)>',
        "text/plain": "p",
        "application/javascript": "alert(1)",
        "image/svg+xml": "<svg onload=alert(1)></svg>",
    }
    notebook = v4.new_notebook(
        cells=[v4.new_code_cell("x", execution_count=1, outputs=[v4.new_output("display_data", bad)])]
    )
    html = notebook_html(notebook, title="x", language="en")
    body = html[html.index("<main") :]
    assert "<p>ok</p>" in body
    assert not [sign for sign in ("<script", "<img", "<svg", 'onclick="', "<main onload") if sign in body.lower()]
