"""One class for each route: read, one deed, render."""

from __future__ import annotations

from typing import ClassVar

from django.http import HttpResponse
from rest_framework import exceptions
from rest_framework.request import Request

from dialer.vendors.go4clients import calls, errors, finding, results, serializers, steering
from dialer.vendors.go4clients.doors import Door
from dialer.vendors.go4clients.errors import Code
from dialer.vendors.go4clients.fields import Fields


class CreateCampaign(Door):
    """Makes a campaign, which runs at once."""

    codes = errors.CREATING
    blanks: ClassVar[dict[str, None]] = {"otpCampaignId": None, "uniqueCampaignID": None}

    def post(self, request: Request) -> HttpResponse:
        """Return the two ids of the campaign."""
        made = steering.create(account=self.account, fields=self.fields(request), now=self.now)
        ids = {"otpCampaignId": made.pk, "uniqueCampaignID": str(made.uuid)}
        return errors.answer(Code.CAMPAIGN_SAVED, "OTP campaign saved.", **ids)


class AddTextCall(Door):
    """Adds a call that speaks a text."""

    codes = errors.ADDING
    kind: ClassVar[calls.Kind] = calls.TEXT

    def post(self, request: Request) -> HttpResponse:
        """Return that the call is taken."""
        pk = calls.add(account=self.account, fields=self.fields(request), kind=self.kind, now=self.now)
        return errors.answer(Code.CALL_TAKEN, "Call is being stored.", callId=pk)


class AddCustomCall(AddTextCall):
    """Adds a call with steps of its own."""

    kind = calls.CUSTOM


class FinishCampaign(Door):
    """Ends a campaign."""

    http_method_names = ["post", "put"]
    codes = errors.FINISHING

    def post(self, request: Request) -> HttpResponse:
        """Return that the campaign is finished."""
        steering.finish(account=self.account, fields=self.fields(request), now=self.now)
        return errors.answer(Code.CAMPAIGN_FINISHED, "OTP campaign finished.")

    put = post


class CampaignInfo(Door):
    """Tells how a campaign stands, and what became of its calls."""

    http_method_names = ["get"]
    codes = errors.READING

    def get(self, request: Request) -> HttpResponse:
        """Return the campaign with a page of its calls."""
        fields = Fields(request._request.GET.dict())
        page = results.read_page(fields)
        found = finding.by_unique_id(self.account, fields.get("uniqueCampaignID"))
        if found is None:
            raise errors.Fault(Code.VOICE_UNKNOWN, "There is no such campaign.")
        return errors.answer(Code.VOICE_DONE, "OK", **serializers.campaign_info(found, page, now=self.now))


class SteerCampaign(Door):
    """Starts, stops or cancels a campaign; a body is ignored."""

    http_method_names = ["put"]
    codes = errors.STEERING

    def put(self, request: Request, unique_id: str, action: str) -> HttpResponse:
        """Return that it is done."""
        if action not in steering.MOVES:
            raise exceptions.NotFound("There is no such action; start, stop and cancel are known.")
        steering.steer(account=self.account, unique_id=unique_id, action=action, now=self.now)
        return errors.answer(Code.VOICE_DONE, "OK")


class ByShape(Door):
    """Takes any other path below the OTP API's: what the body holds tells what is wanted, but never an end."""

    def post(self, request: Request) -> HttpResponse:
        """Return the answer of the operation that the body has the shape of."""
        return _of_shape(self.fields(request)).as_view()(request._request)


def _of_shape(fields: Fields) -> type[Door]:
    if fields.has("name") and not fields.has("otpCampaignId"):
        return CreateCampaign
    if fields.has("callSteps"):
        return AddCustomCall
    if fields.has("message"):
        return AddTextCall
    raise exceptions.NotFound("There is no such operation.")
