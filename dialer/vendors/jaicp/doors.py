"""What all routes share: the token that proves who asks, and how every fault is worded."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Never

from django.http import HttpResponse
from rest_framework import exceptions
from rest_framework.request import Request

from campaigns.models import Campaign
from dialer import clock
from dialer.vendors import base
from dialer.vendors.jaicp import auth, errors, idempotence, reading


class Door(base.Endpoint):
    """A route of the vendor's API, on the campaign of the token in its path."""

    max_body = 32 * 1024 * 1024
    expected = (*base.Endpoint.expected, errors.Fault)
    http_method_names = ["get", "post"]
    # No part of the native API's description.
    schema = None
    # Do its faults have the shape of the steering actions?
    steering: ClassVar[bool] = False

    campaign: Campaign
    now: dt.datetime

    def initial(self, request: Request, *args: Any, token: str = "", **kwargs: Any) -> None:
        """Find the campaign before anything else is looked at; answers are JSON whatever the caller accepts."""
        self.now = clock.now()
        self.campaign = auth.campaign(token)

    def refuse(self, error: Exception) -> HttpResponse:
        """Return the answer to a fault."""
        return errors.refusal(error, steering=self.steering)

    def json(self, request: Request) -> Any:
        """Return the value of the JSON body. Raises TooLarge, Malformed, UnsupportedMediaType."""
        return reading.json(request._request, self.body(request))

    def once(self, group: str, key: str) -> idempotence.Once:
        """Return what does a thing once for a key."""
        return idempotence.Once(account=self.campaign.account, group=group, key=key, now=self.now)


class Unknown(Door):
    """Whatever the vendor's API has no route for."""

    http_method_names = [*base.Endpoint.http_method_names]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> Never:
        """Refuse before anything is looked at."""
        raise exceptions.NotFound("There is no such method.")
