"""Executing the project's own notebooks in place, for committing them with outputs."""

from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from riskresearch.base.errors import NotebookFailure, ParameterError
from riskresearch.base.run import write_atomically
from riskresearch.pipeline.books import KERNEL
from riskresearch.pipeline.project import NOTEBOOKS
from riskresearch.report.notebooks import normalise_notebook


def execute_notebooks(names: Sequence[str]) -> list[str]:
    """Execute notebooks of the project in place with their defaults, normalise and store them.

    Parameters
    ----------
    names : file names with or without ``.ipynb``; none = all

    Returns
    -------
    list of the names executed.

    Raises
    ------
    ParameterError
        There is no such notebook.
    NotebookFailure
        A cell failed; the stored notebook is unchanged.
    """
    files = sorted(NOTEBOOKS.glob("*.ipynb"))
    wanted = {name.removesuffix(".ipynb") for name in names}
    unknown = wanted - {file.stem for file in files}
    if unknown:
        raise ParameterError(f"no notebook {', '.join(sorted(unknown))}; there are {', '.join(f.stem for f in files)}")
    chosen = [file for file in files if not wanted or file.stem in wanted]
    for file in chosen:
        _execute(file)
    return [file.stem for file in chosen]


def _execute(file: Path) -> None:
    notebook = nbformat.read(file, as_version=4)
    client = NotebookClient(
        notebook, kernel_name="python3", timeout=600, config=KERNEL, resources={"metadata": {"path": str(file.parent)}}
    )
    try:
        client.execute()
    except Exception as cause:
        raise NotebookFailure(f"notebook {file.name}: {cause}") from cause
    write_atomically(file, nbformat.writes(normalise_notebook(notebook)).encode())
