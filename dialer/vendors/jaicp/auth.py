"""Who may ask: the campaign's token in the path is the only credential."""

from __future__ import annotations

import re

from campaigns import identifiers
from campaigns.models import Campaign
from dialer.vendors.jaicp import errors

_TOKEN = re.compile(r"[A-Za-z0-9._-]{1,200}", re.ASCII)


def campaign(token: str) -> Campaign:
    """Return the campaign of a token, compared in constant time; a deleted one is still known. Raises Fault (404)."""
    found = identifiers.by_jaicp_token(token) if _TOKEN.fullmatch(token) else None
    if found is None:
        raise errors.unknown_token()
    return found
