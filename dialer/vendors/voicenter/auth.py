"""Who may ask: the campaign's code is the secret, the account's Code may come with it, an address may be shut out."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest

from campaigns import identifiers
from campaigns.models import Account, Campaign
from campaigns.states import Api
from dialer import credentials
from dialer.models import Credential
from dialer.vendors.voicenter import errors
from dialer.vendors.voicenter.fields import Fields, as_text

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a request comes from, and when by the wall clock."""

    address: str
    seen_at: dt.datetime


def caller(request: HttpRequest, *, now: dt.datetime) -> Caller:
    """Return who is at the other end: the peer, or the last address before the proxies that settings trust."""
    address = str(request.META.get("REMOTE_ADDR", ""))
    trusted = settings.VOICENTER["trusted_proxies"]
    hops = [hop.strip() for hop in str(request.META.get("HTTP_X_FORWARDED_FOR", "")).split(",")]
    while hops and hops[-1] and is_listed(address, trusted):
        address = hops.pop()
    return Caller(address=address, seen_at=now)


def campaign(fields: Fields, caller: Caller) -> Campaign:
    """Return the campaign that a request names, for a caller who may use it. Raises Fault."""
    code = as_text(fields.raw("Campaign"))
    found = identifiers.by_voicenter_code(code) if code else None
    owner = account_of(fields.raw("Code"), caller)
    admit([account for account in (found and found.account, owner) if account], caller)
    check_owner(found, owner, code_sent=sent(fields.raw("Code")))
    if found is None:
        raise errors.Fault(errors.Code.CAMPAIGN, errors.INVALID_CAMPAIGN)
    return found


def account(fields: Fields, caller: Caller) -> Account:
    """Return the account whose Code was sent, for a caller who may use it. Raises Fault."""
    found = account_of(fields.raw("Code"), caller)
    if found is None:
        raise errors.Fault(errors.Code.CAMPAIGN, errors.INVALID_CODE)
    admit([found], caller)
    return found


def account_of(code: object, caller: Caller) -> Account | None:
    """Return the account of a Code, or None where there is none."""
    written = as_text(code)
    credential = credentials.by_secret(Api.VOICENTER, written, now=caller.seen_at) if written else None
    return credential.account if credential else None


def sent(code: object) -> bool:
    """Tell whether a Code was sent and is not blank."""
    return code is not None and as_text(code) != ""


def check_owner(found: Campaign | None, owner: Account | None, *, code_sent: bool) -> None:
    """Refuse a Code that is not that of the campaign's account, or its lack where settings demand one. Raises Fault."""
    if not code_sent and not settings.VOICENTER["require_code"]:
        return
    if owner is None or (found is not None and found.account_id != owner.pk):
        raise errors.Fault(errors.Code.CAMPAIGN, errors.INVALID_CAMPAIGN)


def admit(accounts: Iterable[Account], caller: Caller) -> None:
    """Refuse a caller whom the address list of one of the accounts does not name. Raises Fault (HTTP 403).

    The lists of all of an account's codes count as one, also of those switched off: that opens no door.
    """
    lists: dict[int, list[str]] = {}
    rows = Credential.objects.filter(api=Api.VOICENTER, account__in=list(accounts))
    for account_id, addresses in rows.values_list("account_id", "allowed_addresses"):
        lists.setdefault(account_id, []).extend(addresses)
    if any(allowed and not is_listed(caller.address, allowed) for allowed in lists.values()):
        raise errors.Fault(errors.Code.DENIED, "Access denied", status=403)


def is_listed(address: str, listed: Iterable[str]) -> bool:
    """Tell whether an address is one of those listed, or in one of the networks listed."""
    found = _address(address)
    return found is not None and any(_holds(entry, found) for entry in listed)


def _holds(entry: str, address: Address) -> bool:
    try:
        return address in ipaddress.ip_network(str(entry).strip(), strict=False)
    except ValueError:
        return False


def _address(written: str) -> Address | None:
    try:
        found = ipaddress.ip_address(written)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found
