"""One decorator for open families (features, measures, limit methods): the only place to add a member."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Spec = TypeVar("Spec")


@dataclass(frozen=True)
class Member(Generic[Spec]):
    """One registered function with its declaration; its name is the column or code it makes."""

    name: str
    function: Callable[..., Any]
    spec: Spec

    @property
    def definition(self) -> str:
        """First line of the function's docstring: the definition in the field's words."""
        return (self.function.__doc__ or "").strip().splitlines()[0]


class Registry(Generic[Spec]):
    """Members of a family in the order of registration.

    Examples
    --------
    >>> colours = Registry[str]("colour")
    >>> @colours.register("warm")
    ... def red():
    ...     "Colour of blood."
    >>> [member.name for member in colours], colours["red"].definition
    (['red'], 'Colour of blood.')
    """

    def __init__(self, family: str) -> None:
        self.family = family
        self._members: dict[str, Member[Spec]] = {}

    def register(self, spec: Spec) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Return the decorator that adds a function under its own name."""

        def add(function: Callable[..., Any]) -> Callable[..., Any]:
            name = function.__name__
            if name in self._members:
                raise ValueError(f"{self.family} {name} is registered twice")
            self._members[name] = Member(name, function, spec)
            return function

        return add

    def __iter__(self) -> Iterator[Member[Spec]]:
        """Iterate over the members."""
        return iter(self._members.values())

    def __getitem__(self, name: str) -> Member[Spec]:
        """Return one member."""
        return self._members[name]

    def __contains__(self, name: object) -> bool:
        """Tell whether a member has that name."""
        return name in self._members

    @property
    def names(self) -> list[str]:
        """Names of all members."""
        return list(self._members)
