"""Who speaks through the native API: a program with a key, or a person who has signed in with a browser."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from django.utils import timezone
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.request import Request

from campaigns.models import Account, User
from campaigns.states import Api
from dialer import clock, credentials
from dialer.models import Credential

REALM = 'Bearer realm="api"'


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever has proved to speak for an account, at one moment of the engine's clock (campaigns.api.callers)."""

    account: Account
    can_write: bool
    label: str
    # One of the platform's staff who may change what serves all accounts.
    runs_platform: bool = False
    now: dt.datetime = field(default_factory=clock.now)
    is_authenticated: bool = True


class BearerKey(BaseAuthentication):
    """`Authorization: Bearer tk_…`: a key of the account, which may be one that only reads."""

    def authenticate(self, request: Request) -> tuple[Principal, Credential] | None:
        """Return the key's principal; None where another way was chosen. Raises AuthenticationFailed."""
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != b"bearer":
            return None
        found = None
        if len(words) == 2:
            key = words[1].decode("latin-1")
            found = credentials.by_secret(Api.NATIVE, key, now=timezone.now())
        if found is None:
            raise exceptions.AuthenticationFailed("The key is unknown, revoked or expired.")
        return Principal(found.account, found.can_write, f"key {found.label}"), found

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge of a 401."""
        return REALM


class BrowserSession(SessionAuthentication):
    """A signed-in person, with Django's CSRF token; staff without an account name one: `?account=ID`."""

    def authenticate(self, request: Request) -> tuple[Principal, None] | None:
        """Return the person's principal; None where nobody is signed in. Raises PermissionDenied, NotFound."""
        user = getattr(request._request, "user", None)
        if not isinstance(user, User) or not user.is_active:
            return None
        self.enforce_csrf(request)
        account = user.account or _chosen(user, request)
        if not account.is_active:
            raise exceptions.PermissionDenied("The account is disabled.")
        runs = user.account is None and user.has_perm("dialer.change_carrierhealth")
        return Principal(account, user.is_staff, user.get_username(), runs), None


def _chosen(user: User, request: Request) -> Account:
    """Return the account that the platform's staff speak for."""
    if not user.is_staff:
        raise exceptions.PermissionDenied("This user belongs to no account.")
    wanted = request.query_params.get("account", "")
    if not wanted:
        raise exceptions.PermissionDenied("This user belongs to no account; name one with ?account=ID.")
    fine = wanted.isascii() and wanted.isdigit() and len(wanted) < 19
    found = Account.objects.filter(pk=int(wanted)).first() if fine else None
    if found is None:
        raise exceptions.NotFound(f"There is no account {wanted}.")
    return found
