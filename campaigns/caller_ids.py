"""Chooses the number that a called party sees: pure, over the rows of one account."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import phonenumbers

from campaigns.models import CallerId

# What a caller writes to have no number shown; it is passed on to the carrier, which hides it.
ANONYMOUS = "Anonymous"


def resolve(
    *, requested: str, destination: str, listed: Sequence[CallerId], member_code: str, campaign_caller_id: str
) -> str:
    """Return the number to show, ANONYMOUS to hide it, or "" where nobody has said any.

    In this order: what the request asked for; the account's number for the called country; the number of the
    member who takes the call (blank while none is known, as when a flow answers first); the campaign's own.
    A listed number without a country is one that the account may ask for; it is never chosen for it.
    """
    if requested:
        return ANONYMOUS if requested.lower() == ANONYMOUS.lower() else requested
    for found in (_for_country(listed, destination), _for_member(listed, destination, member_code)):
        if found:
            return _chosen(found, destination)
    return campaign_caller_id


def country_of(destination: str) -> str:
    """Return the country of an E.164 number, the main one where the number does not tell; "" for none."""
    try:
        parsed = phonenumbers.parse(destination)
    except phonenumbers.NumberParseException:
        return ""
    return phonenumbers.region_code_for_number(parsed) or phonenumbers.region_code_for_country_code(
        parsed.country_code or 0
    )


def _for_country(listed: Sequence[CallerId], destination: str) -> list[CallerId]:
    rows = [row for row in listed if row.country and not row.member_code]
    if not rows:
        return []
    country = country_of(destination)
    return [row for row in rows if row.country == country]


def _for_member(listed: Sequence[CallerId], destination: str, member_code: str) -> list[CallerId]:
    rows = [row for row in listed if member_code and row.member_code == member_code]
    if not any(row.country for row in rows):
        return rows
    country = country_of(destination)
    return [row for row in rows if row.country == country] or [row for row in rows if not row.country]


def _chosen(rows: Sequence[CallerId], destination: str) -> str:
    """Return one of several by weight; the same party sees the same number each time."""
    ordered = sorted(rows, key=lambda row: row.number)
    total = sum(row.weight for row in ordered)
    if total == 0:
        return ordered[0].number
    point = int.from_bytes(hashlib.sha256(destination.encode()).digest()[:8], "big") % total
    for row in ordered:
        point -= row.weight
        if point < 0:
            return row.number
    return ordered[-1].number
