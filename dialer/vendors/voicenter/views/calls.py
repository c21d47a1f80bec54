"""Methods on a campaign's calls."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from campaigns import garbage, refusals
from campaigns.models import Campaign
from campaigns.operations import calls as call_operations
from dialer import clock
from dialer.vendors.voicenter import auth, batches, errors, pending, reading, serializers, steering, targets
from dialer.vendors.voicenter.fields import Fields, Layouts
from dialer.vendors.voicenter.views.doors import CampaignDoor, JsonOnly

NOT_PENDING = "No waiting call goes to this number."


class AddCall(CampaignDoor):
    """Add one call."""

    def work(self, campaign: Campaign, fields: Fields, now: dt.datetime) -> None:
        """Store the call."""
        call = serializers.new_call(fields, campaign, targets.Numbers(campaign.account), now)
        batches.store(batches.Batch(calls={campaign.account: [call]}), now)


class RemoveCall(CampaignDoor):
    """Remove every pending call of a target."""

    def work(self, campaign: Campaign, fields: Fields, now: dt.datetime) -> None:
        """Cancel what waits; what is being dialled goes on."""
        _, destination = targets.Numbers(campaign.account).target(fields.raw("Target"))
        calls = pending.to(campaign, destination.address)
        if not call_operations.cancel_waiting(account=campaign.account, calls=calls, now=now):
            raise refusals.NotPending(NOT_PENDING, field="Target")


class UpdateCall(CampaignDoor):
    """Change every pending call of a target."""

    def work(self, campaign: Campaign, fields: Fields, now: dt.datetime) -> None:
        """Replace the fields that were sent."""
        numbers = targets.Numbers(campaign.account)
        _, destination = numbers.target(fields.raw("Target"))
        if not pending.to(campaign, destination.address).exists():
            raise refusals.NotPending(NOT_PENDING, field="Target")
        changes = serializers.sent_fields(fields, campaign, numbers, now)
        if not steering.change_pending(campaign, destination.address, changes, now):
            raise refusals.NotPending(NOT_PENDING, field="Target")


class ClearCampaignCalls(CampaignDoor):
    """Remove all pending calls."""

    def work(self, campaign: Campaign, fields: Fields, now: dt.datetime) -> None:
        """Cancel what waits; what is being dialled goes on."""
        call_operations.cancel_waiting(account=campaign.account, calls=pending.of(campaign), now=now)


class GetCampaignPendingCalls(JsonOnly, CampaignDoor):
    """List the pending calls in dialling order, with their campaign."""

    def work(self, campaign: Campaign, fields: Fields, now: dt.datetime) -> dict[str, Any]:
        """Return both."""
        calls = pending.in_order(pending.of(campaign))
        return {
            "Calls": list(serializers.pending_calls(calls)),
            "Campaign": serializers.campaign(campaign, pending.summary(campaign)),
        }


class AddCallsBulk(JsonOnly):
    """Add up to 100,000 calls, those that are in order."""

    max_body: ClassVar[int] = 64 * 1024 * 1024

    @garbage.put_off()
    def post(self, request: Request) -> HttpResponse:
        """Read the array, store what can be stored, and say what came of each item if they are few."""
        self.require_json(request)
        caller = auth.caller(request._request, now=timezone.now())
        items = self.items(request)
        now = clock.now()
        batch = batches.read(items, caller, now)
        shown = {"AddResult": batches.results(items, batch)} if items else {}
        batches.store(batch, now)
        if batch.calls:
            return errors.answer(**shown)
        code, description = batch.results[0]
        return errors.render({"ErrorCode": code, "Description": description, **shown})

    def items(self, request: Request) -> list[Fields]:
        """Return the items of the body, with the fields of the query where they lack them. Raises Fault, Malformed."""
        defaults = reading.query(request._request)
        found = batches.items_of(reading.json_value(self.body(request)))
        layouts = Layouts()
        # Each in its place, so that an item is gone when its fields are there.
        for index, item in enumerate(found):
            found[index] = Fields(reading.filled(item, defaults) if defaults else item, layouts)
        return found
