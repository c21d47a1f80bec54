"""Reads destinations: phone numbers to E.164 with the zones they may be in, and email addresses."""

from campaigns.phones.reading import (
    DENIED_PREFIXES,
    EMAIL,
    Destination,
    cleaned,
    is_country,
    is_prefix,
    lenient,
    may_dial,
    normalise,
    read,
    zones_of,
)

__all__ = [
    "DENIED_PREFIXES",
    "EMAIL",
    "Destination",
    "cleaned",
    "is_country",
    "is_prefix",
    "lenient",
    "may_dial",
    "normalise",
    "read",
    "zones_of",
]
