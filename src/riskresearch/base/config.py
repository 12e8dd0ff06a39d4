"""Settings as frozen typed models: unknown keys are refused, errors name the path, YAML is generated."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from riskresearch.base.errors import SettingsError

Model = TypeVar("Model", bound=BaseModel)


class StageSettings(BaseModel):
    """Base of the settings of a stage: frozen, unknown keys refused, bounds checked."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the mapping held by a YAML file.

    Raises
    ------
    SettingsError
        The file is absent, is not YAML, or does not hold keys and values.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as cause:
        raise SettingsError(f"{path}: file not found; give the path of a YAML file") from cause
    except (yaml.YAMLError, UnicodeDecodeError) as cause:
        raise SettingsError(f"{path}: is not a readable YAML file: {cause}") from cause
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise SettingsError(f"{path}: must hold 'key: value' lines, not a {type(content).__name__}")
    return content


def validated(model: type[Model], content: Mapping[str, Any], *, where: str) -> Model:
    """Return the settings model filled with the content.

    Parameters
    ----------
    model : settings class
    content : keys and values, for instance from a YAML file
    where : name of the source, used in the error message

    Raises
    ------
    SettingsError
        One line per wrong key: its path, the value given and what is allowed.
    """
    try:
        return model.model_validate(dict(content))
    except ValidationError as cause:
        lines = [
            f"{'.'.join(str(part) for part in error['loc'])}: {error['msg']} (given: {error.get('input')!r:.60})"
            for error in cause.errors()
        ]
        allowed = f"; keys here are {', '.join(model.model_fields)}" if model.model_fields else ""
        raise SettingsError(f"{where}: {len(lines)} setting(s) refused: " + "; ".join(lines) + allowed) from cause


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return nested keys of `base` with those of `over` laid on top.

    Examples
    --------
    >>> merged({"model": {"seed": 1, "n_trees": 9}}, {"model": {"seed": 2}})
    {'model': {'seed': 2, 'n_trees': 9}}
    """
    result = dict(base)
    for key, value in over.items():
        below = result.get(key)
        both = isinstance(value, Mapping) and isinstance(below, Mapping)
        result[key] = merged(below, value) if both and isinstance(below, Mapping) else value
    return result


def nested(dotted: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``{"model.seed": 1}`` as ``{"model": {"seed": 1}}``.

    Examples
    --------
    >>> nested({"model.seed": 1, "model.n_trees": 9})
    {'model': {'seed': 1, 'n_trees': 9}}
    """
    result: dict[str, Any] = {}
    for name, value in dotted.items():
        *path, last = name.split(".")
        level: dict[str, Any] = {}
        level[last] = value
        for part in reversed(path):
            level = {part: level}
        result = merged(result, level)
    return result


def settings_yaml(settings: BaseModel) -> str:
    """Return settings as YAML with the meaning, unit and source of every field as a comment."""
    lines = ["# Generated from the settings models by `riskresearch docs`; edit a copy, not this file."]
    for stage, model in settings:
        lines += ["", *_section(stage, model)]
    return "\n".join(lines) + "\n"


def _section(name: str, model: BaseModel, margin: str = "") -> Iterator[str]:
    """Lines of a section, and of the sections within it, each further to the right."""
    yield f"{margin}# {_first_line(type(model))}"
    yield f"{margin}{name}:"
    plain = model.model_dump(mode="json")
    for field_name, field in type(model).model_fields.items():
        value = getattr(model, field_name)
        if isinstance(value, BaseModel):
            yield from _section(field_name, value, f"{margin}  ")
            continue
        shown = yaml.safe_dump(plain[field_name], default_flow_style=True, width=999).strip().removesuffix("\n...")
        yield f"{margin}  # {field.description}{_bounds(field.metadata)}"
        yield f"{margin}  {field_name}: " + shown.replace("\n", f"\n{margin}")


def _first_line(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").strip().splitlines()[0]


def _bounds(metadata: list[Any]) -> str:
    words = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}
    found = [
        f"{sign} {getattr(rule, name)}" for rule in metadata for name, sign in words.items() if hasattr(rule, name)
    ]
    return f" ({', '.join(found)})" if found else ""
