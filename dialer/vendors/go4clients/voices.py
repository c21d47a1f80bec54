"""The voices that clients may name, and texts as they are to be spoken."""

from __future__ import annotations

import re

from django.conf import settings

from campaigns.flows import MAX_TEXT
from dialer.vendors.go4clients.errors import Code, Fault

# Such as <Speed=80/> and <Speed=END_80/>.
_PSEUDO_TAG = re.compile(r"<[A-Za-z]{1,32}=[A-Za-z0-9_+.%-]{1,32}/>", re.ASCII)


def known(value: object) -> str | None:
    """Return a voice as the list spells it: a name in any case, or the first of a list of names; None for no voice."""
    first = value[0] if isinstance(value, list) and value else value
    if not isinstance(first, str):
        return None
    return next((name for name in settings.GO4CLIENTS["voices"] if name.lower() == first.strip().lower()), None)


def spoken(value: object, path: str) -> str:
    """Return a text without the vendor's pseudo-tags, which are never spoken. Raises Fault."""
    if not isinstance(value, str) or not value.strip():
        raise Fault(Code.TEXT_INVALID, f"{path}: a text is required.")
    if len(value) > MAX_TEXT:
        raise Fault(Code.TEXT_INVALID, f"{path}: the text has {len(value)} characters; {MAX_TEXT} are the most.")
    text = _PSEUDO_TAG.sub("", value).strip()
    if not text:
        raise Fault(Code.TEXT_INVALID, f"{path}: the text holds nothing to speak.")
    return text
