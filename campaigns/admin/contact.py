"""The people of campaigns: contacts, members, and the destinations that must not be reached."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminTextInputWidget

from campaigns import phones, refusals
from campaigns.admin import filters, moments
from campaigns.admin.base import LedgerAdmin
from campaigns.admin.forms import LedgerForm
from campaigns.models import Campaign, Contact, Member, Suppression
from campaigns.operations import calls as call_operations
from campaigns.operations import campaigns as campaign_operations
from campaigns.operations import contacts as contact_operations
from campaigns.operations import people, suppressions
from campaigns.states import Api, Channel


class ContactForm(LedgerForm):
    """A person; a new one may be given the number that they are called at."""

    number = forms.CharField(
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="A phone number: a call to it is added to the campaign.",
    )

    def clean(self) -> dict[str, Any]:
        """Read the number as the campaign's account does."""
        cleaned = super().clean()
        campaign, number = cleaned.get("campaign"), cleaned.get("number")
        if isinstance(campaign, Campaign) and number:
            try:
                cleaned["destination"] = phones.read(number, Channel.VOICE, campaign.account.country)
            except refusals.Refused as refusal:
                self.add_error("number", refusal.message)
        return cleaned


@admin.register(Contact)
class ContactAdmin(LedgerAdmin):
    """Persons of campaigns. Their tries stay in the ledger, so they are removed and not deleted."""

    form = ContactForm
    deeds = frozenset({"view", "add", "change"})
    list_display = ("__str__", "account", "campaign", "timezone", "created_at", "removed_at")
    list_filter = (("account", filters.RelatedDropdownFilter), filters.CampaignFilter)
    list_select_related = ("account", "campaign")
    list_defer = ("attributes", "campaign__flow", "campaign__extra")
    search_fields = ("=uuid", "first_name__istartswith", "last_name__istartswith")
    autocomplete_fields = ("campaign",)
    actions = ("remove_selected",)
    fields = ("campaign", ("first_name", "last_name"), "timezone", "attributes", "number")

    def get_exclude(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        """Return what is not shown: a number is asked of new persons only."""
        return [*super().get_exclude(request, obj), *(["number"] if obj else [])]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """Return what cannot be changed: a person stays in their campaign."""
        return ("campaign", "uuid", "created_at", "removed_at") if obj else ()

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        """Return the fields; of a stored person also the keys and dates."""
        return [*self.fields[:-1], "uuid", ("created_at", "removed_at")] if obj else list(self.fields)

    def make(self, request: HttpRequest, fields: dict[str, Any]) -> Model:
        """Make a person, and the call to the number that was given. Raises Refused."""
        now, number, destination = moments.now(), fields.pop("number", ""), fields.pop("destination", None)
        fields.pop("account", None)
        contact = people.new_contact(now=now, **fields)
        if destination is not None:
            call = call_operations.NewCall(
                campaign=contact.campaign,
                number=number,
                destination=destination,
                contact=contact,
                timezone=contact.timezone,
            )
            intake = call_operations.take(account=contact.account, api=Api.ADMIN, now=now)
            call_operations.add_calls(calls=[call], intake=intake, now=now)
        return contact

    def alter(self, request: HttpRequest, row: Contact, changed: Mapping[str, Any]) -> None:
        """Change a person. Raises Refused."""
        people.change_contact(contact=row, **changed)

    @admin.action(description="Remove the selected contacts and cancel their calls", permissions=["change"])
    def remove_selected(self, request: HttpRequest, queryset: QuerySet[Contact]) -> None:
        """Remove persons; calls in progress end by themselves."""
        now = moments.now()
        removed = [contact_operations.remove_contact(contact=contact, now=now) for contact in queryset]
        self.message_user(request, f"{sum(removed)} contacts were removed.", messages.SUCCESS)


@admin.register(Member)
class MemberAdmin(LedgerAdmin):
    """Agents who serve campaigns' answered calls."""

    owner = "campaign__account"
    list_display = ("code", "display_name", "campaign", "is_available", "in_call", "busy_until")
    list_filter = (filters.CampaignFilter, "is_available")
    list_select_related = ("campaign",)
    list_defer = ("campaign__flow", "campaign__extra")
    search_fields = ("code", "display_name")
    autocomplete_fields = ("campaign",)
    fields = ("campaign", ("code", "display_name"), "is_available")

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Return what is shown: of a member who is there, also what it does just now."""
        return (*self.fields, ("in_call", "busy_until")) if obj else self.fields

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """Return what cannot be changed: a member stays with the campaign."""
        return ("campaign", "in_call", "busy_until") if obj else ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Member]:
        """Return the members with what they do just now."""
        return people.with_calls(super().get_queryset(request))

    @admin.display(description="In a call", boolean=True)
    def in_call(self, row: Member) -> bool:
        """Tell whether the member talks to a person."""
        return bool(getattr(row, "in_call", False))

    def make(self, request: HttpRequest, fields: dict[str, Any]) -> Model:
        """Make a member. Raises AlreadyThere."""
        fields.pop("account", None)
        return people.new_member(**fields)

    def alter(self, request: HttpRequest, row: Member, changed: Mapping[str, Any]) -> None:
        """Change a member. Raises AlreadyThere."""
        people.change_member(member=row, now=moments.now(), **changed)

    def delete_model(self, request: HttpRequest, obj: Member) -> None:
        """Take a member from the campaign."""
        campaign_operations.remove_member(campaign=obj.campaign, code=obj.code)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Member]) -> None:
        """Take members from their campaigns."""
        for member in queryset.select_related("campaign"):
            self.delete_model(request, member)


class SuppressionForm(LedgerForm):
    """A destination that must not be reached, as it is typed."""

    def clean(self) -> dict[str, Any]:
        """Write the destination as calls are compared with it."""
        cleaned = super().clean()
        account = self.account or cleaned.get("account")
        typed = cleaned.get("destination") or ""
        campaign = cleaned.get("campaign")
        if account and campaign and campaign.account_id != account.pk:
            self.add_error("campaign", "The campaign belongs to another account.")
        if account and typed:
            channel = Channel.EMAIL if "@" in typed else Channel.VOICE
            try:
                cleaned["destination"] = phones.read(typed, channel, account.country).address
            except refusals.Refused as refusal:
                self.add_error("destination", refusal.message)
        return cleaned


@admin.register(Suppression)
class SuppressionAdmin(LedgerAdmin):
    """Destinations that must not be reached: listed and lifted, never changed."""

    form = SuppressionForm
    deeds = frozenset({"view", "add", "delete"})
    list_display = ("destination", "account", "campaign", "channel", "source", "created_at")
    list_filter = (
        ("account", filters.RelatedDropdownFilter),
        filters.CampaignFilter,
        ("channel", filters.ChoicesDropdownFilter),
    )
    list_select_related = ("account", "campaign")
    list_defer = ("campaign__flow", "campaign__extra")
    search_fields = ("=destination",)
    search_help_text = "A whole number, as +390612345678, or a whole address."
    autocomplete_fields = ("campaign",)
    fields = ("account", "destination", "channel", "campaign", "source")

    def make(self, request: HttpRequest, fields: dict[str, Any]) -> Model:
        """List a destination; waiting calls to it end at the engine's next look."""
        fields["source"] = fields["source"] or f"{request.user.get_username()}, in the admin"
        destination = fields.pop("destination")
        suppressions.suppress(destinations=[destination], now=moments.now(), **fields)
        return Suppression.objects.get(
            account=fields["account"], campaign=fields["campaign"], channel=fields["channel"], destination=destination
        )

    def delete_model(self, request: HttpRequest, obj: Suppression) -> None:
        """Take a destination off the list."""
        suppressions.lift(suppression=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Suppression]) -> None:
        """Take destinations off the list."""
        for suppression in queryset:
            suppressions.lift(suppression=suppression)
