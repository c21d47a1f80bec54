"""Keeps secrets out of the log, for some APIs carry theirs in the path; and tracebacks where the database is away."""

from __future__ import annotations

import logging
import re

from campaigns import outages

# JAICP: the token after /campaign/ is the only credential. SENDService: the account's GUID may come in the query.
_SECRET = re.compile(r"(/campaign/|[?&][Gg][Uu][Ii][Dd]=)[^/\s?&]+")


class WithoutSecrets(logging.Filter):
    """Blots out secrets in what is about to be written."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite a record that holds a secret; every record passes."""
        told = record.getMessage()
        if _SECRET.search(told):
            record.msg, record.args = _SECRET.sub(r"\1…", told), ()
        return True


class BriefOutages(logging.Filter):
    """Tells of a database that cannot be used in a line: every request and every beat meets it until it is back."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Put what the database said in the place of the traceback; every record passes."""
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and outages.is_outage(error):
            record.msg, record.args = f"{record.getMessage().splitlines()[0]}: {outages.told(error)}", ()
            record.exc_info = record.exc_text = None
        return True
