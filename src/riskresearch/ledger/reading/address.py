"""Addresses of databases as users write them, and as they may be shown and kept."""

import re
from pathlib import Path
from urllib.parse import quote_plus

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from riskresearch.base.errors import LedgerError

HIDDEN = "***"
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9_+.-]*://")
_SECRET = re.compile(r"pass|pwd|secret|token|key|odbc_connect|credential", re.IGNORECASE)


def is_address(ledger: str | Path) -> bool:
    """Return whether a ledger is named by the address of a database rather than by a path.

    Examples
    --------
    >>> is_address("postgresql+psycopg://reader@localhost/books"), is_address("data/demo")
    (True, False)
    """
    return isinstance(ledger, str) and _ADDRESS.match(ledger) is not None


def shown_address(address: str) -> str:
    """Return an address as it may be printed and kept: passwords and other secrets are hidden.

    Raises
    ------
    LedgerError
        It is no address; the message does not repeat it.

    Examples
    --------
    >>> shown_address("postgresql://reader:s3cret@localhost/books?sslpassword=x")
    'postgresql://reader:***@localhost/books?sslpassword=***'
    """
    url = parsed_address(address)
    secret = {name: HIDDEN for name in url.query if _SECRET.search(name)}
    shown = url.update_query_dict(secret).render_as_string(hide_password=True)
    return shown.replace(quote_plus(HIDDEN), HIDDEN)


def parsed_address(address: str) -> URL:
    """Return the parts of an address.

    Raises
    ------
    LedgerError
        It is no address; the message does not repeat it, for it may hold a password.
    """
    try:
        return make_url(address)
    except (ArgumentError, ValueError) as cause:
        raise LedgerError(
            "the ledger's address cannot be understood; write dialect+driver://user@host/database, such as "
            "postgresql+psycopg://reader@localhost/books or sqlite:///books.db; special characters of a password "
            "are written as %xx"
        ) from cause


def without_secrets(text: str, url: URL) -> str:
    """Return a driver's message on one line, without the secrets of the address it was made for."""
    secrets = [url.password, *(value for name, value in url.query.items() if _SECRET.search(name))]
    for secret in filter(None, secrets):
        for part in [secret] if isinstance(secret, str) else secret:
            text = text.replace(str(part), HIDDEN)
    return " ".join(text.split())
