"""What is said and done while the database cannot be used: try again soon, in a line and without a traceback."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import InterfaceError, OperationalError

logger = logging.getLogger(__name__)

# It was stopped, is starting, cannot be reached, answers too late, or gave one of two transactions up for the other.
ERRORS = (OperationalError, InterfaceError)
# SQLite says so too of a statement that is wrong, which no waiting mends.
WRONG_STATEMENT = ("no such ", "near ", "ambiguous column")
# When a caller is told to come again, in seconds.
RETRY_AFTER = 5
SENTENCE = "The database cannot be used at the moment. Try again in a few seconds."


def is_outage(error: BaseException | None) -> bool:
    """Tell whether an error says that the database cannot be used at the moment."""
    return isinstance(error, ERRORS) and not str(error).startswith(WRONG_STATEMENT)


def told(error: BaseException) -> str:
    """Return what the database or its driver said, in one line."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


@contextmanager
def survived(what: str) -> Iterator[None]:
    """Let what is done again at the next beat fail with the database, and log it in a line."""
    try:
        yield
    except ERRORS as error:
        if not is_outage(error):
            raise
        logger.warning("%s waits for the database: %s", what, told(error))
