"""Notebook parameters: known names and types only, refused before anything runs."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import yaml

from riskresearch.base.errors import ParameterError

_TYPES: Mapping[str, tuple[type, ...]] = {"int": (int,), "float": (int, float), "str": (str,), "bool": (bool,)}


@dataclass(frozen=True)
class Parameter:
    """One parameter of a notebook: name, type, default, meaning."""

    name: str
    kind: str
    default: Any
    meaning: str

    @property
    def is_optional(self) -> bool:
        """Tell whether the parameter may be left empty."""
        return self.kind.startswith("Optional[")


def notebook_parameters(path: Path) -> dict[str, Parameter]:
    """Return the parameters that a notebook declares in its cell tagged ``parameters``.

    Each is a line ``name: type = default  # meaning``.

    Raises
    ------
    ParameterError
        The notebook has no such cell, or a line is written otherwise.
    """
    notebook = nbformat.read(path, as_version=4)
    cells = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", [])]
    if len(cells) != 1:
        raise ParameterError(f"{path.name}: {len(cells)} cells are tagged 'parameters'; there must be one")
    lines = cells[0].source.splitlines()
    found = {}
    for node in ast.parse(cells[0].source).body:
        if isinstance(node, ast.ImportFrom):
            continue
        if not (isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None):
            raise ParameterError(f"{path.name}: parameters are written 'name: type = default  # meaning'")
        comment = lines[node.lineno - 1].partition("#")[2].strip()
        name, kind = node.target.id, ast.unparse(node.annotation)
        found[name] = Parameter(name, kind, ast.literal_eval(node.value), comment)
    return found


def parse_assignments(words: list[str]) -> dict[str, Any]:
    """Return ``["n_trees=300", "run=a"]`` as ``{"n_trees": 300, "run": "a"}``; YAML tells the types.

    Raises
    ------
    ParameterError
        A word is not of the form name=value.

    Examples
    --------
    >>> parse_assignments(["n_trees=300", "note=01", "day=2025-12-31"])
    {'n_trees': 300, 'note': '01', 'day': '2025-12-31'}
    """
    values = {}
    for word in words:
        name, sign, text = word.partition("=")
        if not sign or not name.isidentifier():
            raise ParameterError(f"-p {word!r}: write name=value, for instance -p n_trees=300")
        value = yaml.safe_load(text) if text else ""
        is_plain = isinstance(value, bool | int | float) and not (
            text.startswith("0") and text.isdigit() and text != "0"
        )
        values[name] = value if is_plain and text.lower() not in ("yes", "no", "on", "off") else text
    return values


def check_parameters(given: Mapping[str, Any], notebooks: Mapping[str, Mapping[str, Parameter]]) -> None:
    """Refuse parameters that no notebook declares, and values of the wrong type.

    Parameters
    ----------
    given : values by name
    notebooks : declared parameters by notebook

    Raises
    ------
    ParameterError
        Names the parameter and lists what is allowed.
    """
    known = {name for declared in notebooks.values() for name in declared}
    unknown = sorted(set(given) - known)
    if unknown:
        listed = "; ".join(f"{book}: {', '.join(declared)}" for book, declared in notebooks.items())
        raise ParameterError(f"unknown parameter {', '.join(unknown)}: no notebook of this run declares it ({listed})")
    for name, value in given.items():
        for book, declared in notebooks.items():
            if name in declared:
                _check_type(declared[name], value, book)


def _check_type(parameter: Parameter, value: Any, notebook: str) -> None:
    kind = parameter.kind.removeprefix("Optional[").removesuffix("]")
    allowed = _TYPES.get(kind)
    if value is None and parameter.is_optional:
        return
    wrong = allowed is not None and (
        not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed)
    )
    if wrong:
        raise ParameterError(f"parameter {parameter.name} of {notebook}: {value!r} is not {kind} ({parameter.meaning})")
