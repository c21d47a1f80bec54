"""What all routes share: who asks, how a body is read, and how every answer is worded."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Never

from django.http import HttpResponse
from rest_framework import exceptions
from rest_framework.request import Request

from campaigns.models import Account
from dialer import clock
from dialer.vendors import base
from dialer.vendors.go4clients import auth, errors
from dialer.vendors.go4clients.fields import Fields


class Door(base.Endpoint):
    """A route of the vendor's API, for the account whose key and secret come with the request."""

    max_body = 1024 * 1024
    expected = (*base.Endpoint.expected, errors.Fault)
    http_method_names = ["post"]
    # No part of the native API's description.
    schema = None
    codes: ClassVar[errors.Codes] = errors.Codes()
    # The members of its answer that an error has too, as null.
    blanks: ClassVar[dict[str, None]] = {}

    account: Account
    now: dt.datetime

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Find the account before the body is looked at; a wrong verb is told to anybody."""
        if str(request.method).lower() not in self.http_method_names:
            raise exceptions.MethodNotAllowed(str(request.method))
        self.now = clock.now()
        self.account = auth.account(request._request)

    def refuse(self, error: Exception) -> HttpResponse:
        """Return the envelope of an error."""
        answer = errors.refusal(error, self.codes, self.blanks)
        if isinstance(error, exceptions.MethodNotAllowed):
            answer["Allow"] = ", ".join(self.allowed_methods)
        return answer

    def fields(self, request: Request) -> Fields:
        """Return the fields of the JSON object in the body. Raises TooLarge, Malformed, UnsupportedMediaType."""
        kind = (request._request.content_type or "").strip().lower()
        if kind not in {"", "application/json"} and not kind.endswith("+json"):
            raise exceptions.UnsupportedMediaType(kind[:100], detail="The Content-Type must be application/json.")
        found = base.read_json(self.body(request))
        if not isinstance(found, dict):
            raise base.Malformed("The body must be a JSON object.")
        return Fields(found)


class Unknown(Door):
    """Whatever the vendor's API has no route for."""

    http_method_names = [*base.Endpoint.http_method_names]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> Never:
        """Refuse before anything is looked at."""
        raise exceptions.NotFound("There is no such operation.")
