"""One class for each route: read, one deed, render."""

from __future__ import annotations

import re
from typing import Never

from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from campaigns import hours
from campaigns.models import Account
from dialer import clock
from dialer.vendors import base
from dialer.vendors.sendservice import adding, auth, errors, orders, requests, results, serializers, statuses
from dialer.vendors.sendservice.fields import Fields

_ID = re.compile(r"[0-9]{1,18}")


class Door(base.Endpoint):
    """A route of the vendor's API."""

    max_body = 32 * 1024 * 1024
    expected = (*base.Endpoint.expected, errors.Fault)
    http_method_names = ["get", "post", "put", "patch", "delete"]
    # No part of the native API's description.
    schema = None

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[JSONRenderer, str]:
        """Answer JSON whatever is accepted."""
        return JSONRenderer(), "application/json"

    def refuse(self, error: Exception) -> HttpResponse:
        """Return the answer to a fault."""
        return errors.refusal(error)


class InstantCalls(Door):
    """Takes calls, and tells of calls by their codes."""

    def get(self, request: Request) -> HttpResponse:
        """Return the calls of the codes in the body or the URL."""
        return self.tell(requests.asked(request._request, self.body(request)))

    def post(self, request: Request) -> HttpResponse:
        """Store calls and return them with their ids; or, where codes are sent, return theirs."""
        sent = requests.body(request._request, self.body(request))
        if requests.asks_for_codes(sent):
            return self.tell(sent)
        account = auth.sender(sent, now=timezone.now())
        now = clock.now()
        wanted = orders.read(sent, account, now)
        code = _code(sent, wanted)
        pk, ids = adding.add(account=account, orders=wanted, code=code or "", now=now)
        return errors.render(serializers.accepted(pk, code, ids, wanted))

    def tell(self, fields: Fields) -> HttpResponse:
        """Return the calls of an account's codes."""
        account = auth.holder(fields.raw("Guid"), now=timezone.now())
        found = results.of_codes(account, requests.codes(fields))
        return errors.render(serializers.results(found, hours.zone(account.timezone)))


class InstantCall(Door):
    """Tells of the calls of one request."""

    def get(self, request: Request, pk: str, status: str = "") -> HttpResponse:
        """Return them all, or those of a status."""
        account = self.account(request)
        if not _ID.fullmatch(pk):
            raise errors.invalid({"id": ["The id of a request is a whole number."]})
        wanted = statuses.read(status)
        if status and wanted is None:
            raise errors.invalid({"Status": ["A status is a number from 0 to 11, or its name."]})
        intake = results.request(account, int(pk))
        if intake is None:
            raise errors.unknown("The request")
        found = [result for result in results.of_request(intake) if wanted in {None, result.status}]
        return errors.render(serializers.results(found, hours.zone(intake.account.timezone)))

    def account(self, request: Request) -> Account | None:
        """Return who asks; None for nobody, where settings let anybody ask. Raises Fault (401)."""
        fields = requests.asked(request._request, self.body(request))
        found = auth.reader(request._request, fields, now=timezone.now())
        if found is None and not settings.SENDSERVICE["bare_status"]:
            raise errors.denied()
        return found


class Unknown(Door):
    """Whatever the vendor's API has no route for."""

    http_method_names = [*base.Endpoint.http_method_names]

    def initial(self, request: Request, *args: object, **kwargs: object) -> Never:
        """Refuse before anything is looked at."""
        raise exceptions.NotFound("There is no such resource.")


def _code(sent: Fields, wanted: list[orders.Order]) -> str | None:
    """Return the code of the whole request: the one sent for it, or that of its only call."""
    if sent.has("InstantCalls"):
        own = sent.raw("CodeRequest")
        return own.strip() or None if isinstance(own, str) and len(own) <= orders.LONGEST_CODE else None
    return wanted[0].code
