"""What lists can be narrowed by."""

from __future__ import annotations

import re
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.utils.dateparse import parse_datetime

from campaigns.api.fields import OFFSET_WANTED
from campaigns.models import Call, CallAttempt, Campaign, Contact, Member, Prompt, Suppression
from campaigns.states import AttemptState, CallState, CampaignState, Channel, Outcome, Reason

_LOST_PLUS = re.compile(r" (?=\d\d:?\d\d$)")


class MomentField(forms.Field):
    """A time with its offset; a plus that the query string has turned into a blank is read as one."""

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values:
            return None
        try:
            moment = parse_datetime(_LOST_PLUS.sub("+", str(value)))
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            raise ValidationError(OFFSET_WANTED)
        return moment


class MomentFilter(django_filters.Filter):
    """Compares a column with a time that carries its offset."""

    field_class = MomentField


class IdField(forms.IntegerField):
    """A key, in the range that keys have."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs | {"min_value": 1, "max_value": 2**63 - 1})


class IdFilter(django_filters.NumberFilter):
    """Compares a key. Another account's finds nothing, as an unknown one does."""

    field_class = IdField


class NumberField(forms.CharField):
    """A destination; a plus that the query string has turned into a blank is read as one."""

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        return f"+{text}" if str(value or "").startswith(" ") else text


class NumberFilter(django_filters.CharFilter):
    """Compares a destination."""

    field_class = NumberField


class CampaignFilters(django_filters.FilterSet):
    """Campaigns by state, name and time of making."""

    state = django_filters.ChoiceFilter(choices=CampaignState.choices)
    name = django_filters.CharFilter(lookup_expr="icontains", help_text="A part of the name, in any case.")
    created_after = MomentFilter("created_at", "gte")
    created_before = MomentFilter("created_at", "lt")

    class Meta:
        model = Campaign
        fields: list[str] = []


class MemberFilters(django_filters.FilterSet):
    """Members by campaign and code."""

    campaign = IdFilter("campaign_id")
    code = django_filters.CharFilter()

    class Meta:
        model = Member
        fields: list[str] = []


class ContactFilters(django_filters.FilterSet):
    """Contacts by campaign and UUID."""

    campaign = IdFilter("campaign_id")
    uuid = django_filters.UUIDFilter()

    class Meta:
        model = Contact
        fields: list[str] = []


class CallFilters(django_filters.FilterSet):
    """Calls by where they go, where they stand, and whose they are."""

    campaign = IdFilter("campaign_id")
    state = django_filters.ChoiceFilter(choices=CallState.choices)
    outcome = django_filters.ChoiceFilter(choices=Outcome.choices)
    reason = django_filters.ChoiceFilter(choices=[choice for choice in Reason.choices if choice[0]])
    channel = django_filters.ChoiceFilter(choices=Channel.choices)
    destination = NumberFilter()
    external_id = django_filters.CharFilter()
    reference = django_filters.CharFilter()
    contact = IdFilter("contact_id")
    due_after = MomentFilter("due_at", "gte")
    due_before = MomentFilter("due_at", "lt")
    created_after = MomentFilter("created_at", "gte")
    created_before = MomentFilter("created_at", "lt")

    class Meta:
        model = Call
        fields: list[str] = []


class AttemptFilters(django_filters.FilterSet):
    """Attempts by call, campaign, carrier, how they ended, and when they were made."""

    campaign = IdFilter("campaign_id")
    call = IdFilter("call_id")
    state = django_filters.ChoiceFilter(choices=AttemptState.choices)
    outcome = django_filters.ChoiceFilter(choices=Outcome.choices)
    channel = django_filters.ChoiceFilter(choices=Channel.choices)
    carrier = django_filters.CharFilter()
    destination = NumberFilter()
    key = django_filters.UUIDFilter()
    claimed_after = MomentFilter("claimed_at", "gte")
    claimed_before = MomentFilter("claimed_at", "lt")

    class Meta:
        model = CallAttempt
        fields: list[str] = []


class SuppressionFilters(django_filters.FilterSet):
    """Suppressions by destination, channel, campaign and source."""

    destination = NumberFilter()
    channel = django_filters.ChoiceFilter(choices=Channel.choices)
    campaign = IdFilter("campaign_id")
    source = django_filters.CharFilter()

    class Meta:
        model = Suppression
        fields: list[str] = []


class PromptFilters(django_filters.FilterSet):
    """Prompts by extension."""

    extension = django_filters.NumberFilter(min_value=0, max_value=2**53 - 1)

    class Meta:
        model = Prompt
        fields: list[str] = []
