"""Numbers typed or pasted into a campaign by a person."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from campaigns import phones, refusals
from campaigns.admin import moments
from campaigns.admin.base import LedgerAdmin
from campaigns.models import Campaign
from campaigns.operations import calls as operations
from campaigns.states import Api, Channel

# Longer lists come as a file (`import_contacts`) or through the bulk API.
MOST_LINES = 5000
MOST_TOLD = 20


class NumbersForm(forms.Form):
    """Numbers or addresses, one a line."""

    channel = forms.ChoiceField(choices=Channel.choices, widget=UnfoldAdminSelectWidget)
    numbers = forms.CharField(
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 12, "autofocus": True}),
        help_text=f"One a line, up to {MOST_LINES:,}; without a country code they are read as the account's country's.",
    )

    def __init__(self, campaign: Campaign, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.campaign = campaign

    def clean(self) -> dict[str, Any]:
        """Read every line; a list with a fault is refused whole, with its lines named."""
        cleaned = super().clean() or {}
        lines = [line.strip() for line in str(cleaned.get("numbers", "")).splitlines()]
        if len(lines) > MOST_LINES:
            raise forms.ValidationError(f"{len(lines):,} lines; up to {MOST_LINES:,} can be taken at once.")
        cleaned["calls"] = self._read(lines, cleaned.get("channel", Channel.VOICE))
        return cleaned

    def _read(self, lines: list[str], channel: str) -> list[operations.NewCall]:
        calls: list[operations.NewCall] = []
        faults: list[str] = []
        for place, line in enumerate(lines, start=1):
            try:
                calls.extend(self._call(line, channel) if line else ())
            except refusals.Refused as refusal:
                faults.append(f"Line {place}, {line!r}: {refusal.message}")
        if len(faults) > MOST_TOLD:
            faults[MOST_TOLD:] = [f"And {len(faults) - MOST_TOLD:,} more."]
        if faults:
            self.add_error("numbers", forms.ValidationError(faults))
        return calls

    def _call(self, line: str, channel: str) -> list[operations.NewCall]:
        destination = phones.read(line, channel, self.campaign.account.country)
        return [operations.NewCall(campaign=self.campaign, number=line, destination=destination, channel=channel)]


class NumbersAdmin(LedgerAdmin):
    """The page on which numbers are added to a campaign."""

    def get_urls(self) -> list[Any]:
        """Return the pages of campaigns, with the one that takes numbers."""
        view = self.admin_site.admin_view(self.numbers_view)
        return [path("<path:object_id>/numbers/", view, name="campaigns_campaign_numbers"), *super().get_urls()]

    def numbers_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the form, or add what it holds: all or nothing."""
        campaign: Campaign = self.wanted(request, object_id)
        if not self.may(request, "change"):
            raise PermissionDenied
        form = NumbersForm(campaign, request.POST or None)
        if request.method == "POST" and form.is_valid():
            return self._added(request, campaign, form.cleaned_data["calls"])
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": campaign,
            "title": f"Add numbers to {campaign.name}",
            "form": form,
        }
        return TemplateResponse(request, "admin/campaigns/campaign/numbers.html", context)

    def _added(self, request: HttpRequest, campaign: Campaign, calls: list[operations.NewCall]) -> HttpResponse:
        here = reverse("admin:campaigns_campaign_change", args=[campaign.pk])
        now = moments.now()
        try:
            with transaction.atomic():
                intake = operations.take(account=campaign.account, api=Api.ADMIN, now=now)
                operations.add_calls(calls=calls, intake=intake, now=now)
        except refusals.Refused as refusal:
            return self.told(request, refusal, here)
        self.log_change(request, campaign, f"Added {len(calls)} calls.")
        self.message_user(request, f"{len(calls):,} calls were added.", messages.SUCCESS)
        return HttpResponseRedirect(here)
