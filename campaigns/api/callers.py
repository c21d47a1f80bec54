"""Who speaks: all that the API asks of whatever proved it. The proof itself is the dialer's (settings name it)."""

from __future__ import annotations

import datetime as dt
from typing import Protocol, cast

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from campaigns.models import Account


class Caller(Protocol):
    """An account's program or person, at one moment of the engine's clock."""

    @property
    def account(self) -> Account:
        """Return the account whose rows are spoken of."""

    @property
    def can_write(self) -> bool:
        """Tell whether anything may be changed."""

    @property
    def runs_platform(self) -> bool:
        """Tell whether it is one of the platform's staff who may change what serves all accounts."""

    @property
    def label(self) -> str:
        """Return the name that changes are noted under; never a secret."""

    @property
    def now(self) -> dt.datetime:
        """Return the moment of the request."""


def of(request: Request) -> Caller:
    """Return who speaks. Requires `MayUse` to have let the request in."""
    return cast(Caller, request.user)


class MayUse(BasePermission):
    """Lets in whoever has proved to speak for an account; changes only from those who may write."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        caller = cast("Caller | None", request.user)
        self.message = "This key may read, but not change anything."
        return caller is not None and (request.method in SAFE_METHODS or caller.can_write)
