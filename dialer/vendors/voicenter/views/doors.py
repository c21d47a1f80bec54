"""What all methods share: how a request is read, who sends it, and how every answer is worded."""

from __future__ import annotations

import datetime as dt
from typing import Any, Never

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from campaigns.models import Campaign
from dialer import clock
from dialer.vendors import base
from dialer.vendors.voicenter import auth, errors, reading
from dialer.vendors.voicenter.fields import Fields


class Door(base.Endpoint):
    """A method of the vendor's API, by GET, form or JSON. Subclasses write `act`."""

    expected = (*base.Endpoint.expected, errors.Fault)
    http_method_names = ["get", "post"]
    # No part of the native API's description.
    schema = None

    def get(self, request: Request) -> HttpResponse:
        """Serve the fields of the query."""
        return self.serve(request, reading.query(request._request))

    def post(self, request: Request) -> HttpResponse:
        """Serve the fields of the body, with those of the query where the body lacks them."""
        return self.serve(request, reading.posted(request._request, self.body(request)))

    def serve(self, request: Request, sent: dict[str, Any]) -> HttpResponse:
        """Act for whoever is at the other end."""
        return self.act(Fields(sent), auth.caller(request._request, now=timezone.now()), clock.now())

    def act(self, fields: Fields, caller: auth.Caller, now: dt.datetime) -> HttpResponse:
        """Do what the method is for, and return its answer. Raises Fault, Refused."""
        raise TypeError(f"{type(self).__name__} does not say what it does")

    def refuse(self, error: Exception) -> HttpResponse:
        """Return the envelope of an error."""
        return errors.refusal(error)

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[JSONRenderer, str]:
        """Answer in JSON whatever the caller accepts."""
        return JSONRenderer(), "application/json"


class CampaignDoor(Door):
    """A method that names a campaign. Subclasses write `work`."""

    def act(self, fields: Fields, caller: auth.Caller, now: dt.datetime) -> HttpResponse:
        """Do the method's work on the campaign, for a caller who may use it."""
        return errors.answer(self.work(auth.campaign(fields, caller), fields, now))

    def work(self, campaign: Campaign, fields: Fields, now: dt.datetime) -> Any:
        """Do what the method is for, and return its Data; None for none. Raises Fault, Refused."""
        raise TypeError(f"{type(self).__name__} does not say what it does")


class JsonOnly(Door):
    """Narrows a method to JSON bodies."""

    http_method_names = ["post"]

    def post(self, request: Request) -> HttpResponse:
        """Refuse what is not JSON, then serve."""
        self.require_json(request)
        return super().post(request)

    def require_json(self, request: Request) -> None:
        """Raise UnsupportedMediaType where the body is not JSON."""
        kind = reading.media_type(request._request, self.body(request))
        if kind != "json":
            raise exceptions.UnsupportedMediaType(kind, detail=errors.JSON_REQUIRED)

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Never:
        """Say what is required in place of what was sent."""
        raise exceptions.MethodNotAllowed(str(request.method), detail=errors.JSON_REQUIRED)


class UnknownMethod(Door):
    """Whatever the vendor's API has no method for."""

    http_method_names = [*base.Endpoint.http_method_names]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> Never:
        """Refuse before anything is looked at."""
        raise exceptions.NotFound("Unknown method")
