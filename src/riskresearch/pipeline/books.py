"""One notebook executed by papermill into a folder: whole or not at all, the same bytes for the same inputs."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import papermill
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from riskresearch.base.errors import NotebookFailure
from riskresearch.base.files import TEMPORARY
from riskresearch.base.run import digest_bytes, digest_json, write_atomically
from riskresearch.pipeline.plan import Plan
from riskresearch.pipeline.project import PROJECT, code_digest, run_path
from riskresearch.report.notebooks import normalise_notebook, notebook_html

CELL_TIMEOUT_SECONDS = 1800
KERNEL = Config(KernelManager={"transport_encryption": "auto"})


@dataclass(frozen=True)
class Book:
    """A notebook to execute.

    Parameters
    ----------
    source : notebook of the project
    folder : where the executed notebook and its page go
    name : name of both files, without ending
    values : parameters
    language : ``en`` or ``fr``
    back : address of the page the reader came from; None = the first page beside it
    """

    source: Path
    folder: Path
    name: str
    values: Mapping[str, Any]
    language: str
    back: str | None = None

    @property
    def files(self) -> tuple[Path, Path]:
        """Executed notebook and page."""
        return self.folder / f"{self.name}.ipynb", self.folder / f"{self.name}.html"

    def digest(self, record: Mapping[str, Any]) -> str:
        """Return the digest of everything that decides the result."""
        inputs = [digest_bytes(self.source.read_bytes()), dict(self.values), code_digest()]
        return digest_json([*inputs, record["ledger_stage"], record["settings"]])

    def is_done(self, digest: str, done: Mapping[str, str]) -> bool:
        """Tell whether the files on disk are those made from the same inputs."""
        return done.get("digest") == digest and all(
            file.is_file() and digest_bytes(file.read_bytes()) == done.get(file.suffix) for file in self.files
        )

    def execute(self) -> dict[str, str]:
        """Execute the notebook, write it and its page, and return the digests of both files.

        Raises
        ------
        NotebookFailure
            A cell failed; the partly executed notebook is kept beside the others.
        """
        notebook = normalise_notebook(self._papermill())
        text = nbformat.writes(notebook).encode()
        html = notebook_html(notebook, title=self.name, language=self.language, back=self.back).encode()
        for file, content in zip(self.files, (text, html), strict=True):
            write_atomically(file, content)
        return {".ipynb": digest_bytes(text), ".html": digest_bytes(html)}

    def _papermill(self) -> nbformat.NotebookNode:
        self.folder.mkdir(parents=True, exist_ok=True)
        failed = self.folder / f"{self.name}.failed.ipynb"
        partial = self.folder / f".{self.name}{TEMPORARY}.ipynb"
        logging.getLogger("papermill").setLevel(logging.ERROR)
        try:
            notebook = papermill.execute_notebook(
                str(self.source),
                str(partial),
                parameters=dict(self.values),
                kernel_name="python3",
                progress_bar=False,
                cwd=str(PROJECT),
                execution_timeout=CELL_TIMEOUT_SECONDS,
                log_output=False,
                config=KERNEL,
                extra_arguments=["--log-level=CRITICAL"],
            )
        except (PapermillExecutionError, CellTimeoutError, DeadKernelError) as cause:
            partial.replace(failed)
            raise NotebookFailure(
                f"notebook {self.name}{_where(cause)} — the partly executed notebook is kept at {failed}"
            ) from cause
        finally:
            partial.unlink(missing_ok=True)
        failed.unlink(missing_ok=True)
        return notebook


def _where(cause: Exception) -> str:
    if isinstance(cause, PapermillExecutionError):
        return f", cell {cause.cell_index}: {cause.ename}: {cause.evalue}"
    return f": the kernel died or a cell took more than {CELL_TIMEOUT_SECONDS} s; often memory is short"


def fixed_parameters(plan: Plan, language: str) -> dict[str, Any]:
    """Return the three parameters that every notebook has."""
    folder = plan.folder
    name = folder.name if folder.path == run_path(folder.name) else folder.path.as_posix()
    return {"run": name, "as_of": folder.record()["as_of"], "language": language}
