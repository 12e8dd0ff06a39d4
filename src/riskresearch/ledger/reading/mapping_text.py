"""Mapping files as text: YAML in, checked models out, errors with the path of the key."""

from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from riskresearch.base.errors import SettingsError
from riskresearch.ledger.reading.mapping import DeliveryCard, LedgerMapping

Model = TypeVar("Model", bound=BaseModel)


class TextLoader(yaml.BaseLoader):
    """Reads every scalar as text and refuses a key that is written twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Return the mapping of a node; a repeated key is an error, not an overwrite."""
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = sorted({str(key) for key in keys if keys.count(key) > 1})
        if twice:
            raise yaml.constructor.ConstructorError(None, None, f"keys {twice} are written twice", node.start_mark)
        return super().construct_mapping(node, deep=deep)


def parse_mapping(text: str, *, name: str) -> LedgerMapping:
    """Return the mapping of a YAML text.

    Raises
    ------
    SettingsError
        Names the file, the path of each wrong key, what is allowed.
    """
    return _parse(text, LedgerMapping, name)


def parse_card(text: str, *, name: str) -> DeliveryCard:
    """Return the delivery card (``ledger.yaml``) of a YAML text; raises `SettingsError`."""
    return _parse(text, DeliveryCard, name)


def _parse(text: str, model: type[Model], name: str) -> Model:
    try:
        values = yaml.load(text, Loader=TextLoader)
    except yaml.YAMLError as cause:
        raise SettingsError(f"{name}: not YAML: {' '.join(str(cause).split())}; correct the file") from cause
    if not isinstance(values, dict):
        raise SettingsError(f"{name}: must hold keys and values; allowed keys {list(model.model_fields)}")
    try:
        return model.model_validate(values)
    except ValidationError as cause:
        raise SettingsError(f"{name}: {_told(cause)}") from cause


def _told(cause: ValidationError) -> str:
    found = cause.errors()
    errors = [f"{_path(error['loc'])}: {_reason(error)}" for error in found if error["type"] != "too_short"]
    errors = errors or [f"{_path(error['loc'])}: must not be empty" for error in found]
    more = f"; and {len(errors) - 3} more" if len(errors) > 3 else ""
    return "; ".join(errors[:3]) + more + "; correct the mapping file"


def _path(loc: tuple[int | str, ...]) -> str:
    """Path of a key; parts that start with ~ only say which form of a value was tried."""
    path = ""
    for part in loc:
        if isinstance(part, int):
            path += f"[{part}]"
        elif not part.startswith("~"):
            path += f".{part}" if path else part
    return path or "file"


def _reason(error: Any) -> str:
    if error["type"] == "extra_forbidden":
        return "unknown key"
    if error["type"] == "missing":
        return "required key is absent"
    return str(error["msg"]).removeprefix("Value error, ")
