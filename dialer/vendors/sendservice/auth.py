"""Who may ask: a user name with its password, or the account's GUID."""

from __future__ import annotations

import base64
import binascii
import datetime as dt

from django.http import HttpRequest

from campaigns.models import Account
from campaigns.states import Api
from dialer import credentials
from dialer.models import Credential
from dialer.vendors.sendservice import errors
from dialer.vendors.sendservice.fields import Fields


def sender(fields: Fields, *, now: dt.datetime) -> Account:
    """Return the account of the User in a body, if it may add calls. Raises Fault (401)."""
    found = _by_user(fields.raw("User"), now)
    if found is None or not found.can_write:
        raise errors.denied()
    return found.account


def holder(guid: object, *, now: dt.datetime) -> Account:
    """Return the account of a GUID; neither case nor braces matter. Raises Fault (401)."""
    found = _by_guid(guid, now)
    if found is None:
        raise errors.denied()
    return found.account


def reader(request: HttpRequest, fields: Fields, *, now: dt.datetime) -> Account | None:
    """Return the account of whoever asks by id: Basic credentials, a Guid or a User.

    None where nothing was shown. Raises Fault (401) for what is wrong.
    """
    header = request.headers.get("Authorization", "")
    if header:
        found = _by_header(header, now)
    elif fields.has("Guid"):
        found = _by_guid(fields.raw("Guid"), now)
    elif fields.has("User"):
        found = _by_user(fields.raw("User"), now)
    else:
        return None
    if found is None:
        raise errors.denied()
    return found.account


def _by_user(user: object, now: dt.datetime) -> Credential | None:
    shown = Fields(user) if isinstance(user, dict) else Fields({})
    return _by_pair(shown.raw("username"), shown.raw("password"), now)


def _by_pair(username: object, password: object, now: dt.datetime) -> Credential | None:
    if not isinstance(username, str) or not isinstance(password, str):
        return None
    return credentials.by_pair(Api.SENDSERVICE, username, password, now=now)


def _by_guid(guid: object, now: dt.datetime) -> Credential | None:
    if not isinstance(guid, str):
        return None
    return credentials.by_secret(Api.SENDSERVICE, guid.strip().strip("{}").lower(), now=now)


def _by_header(header: str, now: dt.datetime) -> Credential | None:
    kind, _, coded = header.partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        username, _, password = base64.b64decode(coded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return None if "\x00" in username else _by_pair(username, password, now)
