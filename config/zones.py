"""Shows the admin's pages in the time zone of the signed-in person's account."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from campaigns import hours
from campaigns.models import User


class AccountZone:
    """Middleware for the admin; programs are told moments with their offset and need no zone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer in the account's zone; the platform's staff, who have no account, in UTC."""
        if not request.path.startswith("/admin/"):
            return self.get_response(request)
        user = request.user
        account = user.account if isinstance(user, User) else None
        with timezone.override(hours.zone(account.timezone) if account else None):
            return self.get_response(request)
