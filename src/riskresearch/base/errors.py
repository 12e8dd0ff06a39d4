"""Every error a user can meet. Each message says where, how many, what is allowed, what to do."""

from collections.abc import Iterable


class RiskResearchError(Exception):
    """Base of all errors that are meant to be read by the user, never as a traceback."""


class LedgerError(RiskResearchError):
    """The delivered ledger cannot be read or does not hold what is needed."""


class TableError(RiskResearchError):
    """A table does not agree with the table dictionary."""


class SettingsError(RiskResearchError):
    """A setting, mapping or policy file holds an unknown key or a value out of bounds."""


class RunError(RiskResearchError):
    """A run cannot start, go on or be found."""


class ParameterError(RunError):
    """A notebook parameter is unknown or has a value of the wrong type."""


class NotebookFailure(RunError):
    """A cell of a notebook failed; says which notebook, which cell and why."""


class BundleError(RiskResearchError):
    """A hand-over bundle is incomplete, altered, or does not reproduce its golden scores."""


def first_keys(keys: Iterable[object], limit: int = 3) -> str:
    """Return the first keys of a list of offending rows for an error message.

    Parameters
    ----------
    keys : iterable of row keys (invoice ids, line numbers, …)
    limit : how many keys are named

    Returns
    -------
    str such as ``"I17, I20, I33, …"``

    Examples
    --------
    >>> first_keys(["I17", "I20", "I33", "I40"])
    'I17, I20, I33, …'
    """
    listed = list(keys)
    named = ", ".join(str(key) for key in listed[:limit])
    return f"{named}, …" if len(listed) > limit else named
