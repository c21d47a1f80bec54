"""The people of a campaign: members who serve it, contacts whom it calls."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api import base, fields, filters, serializers
from campaigns.models import Contact, Member
from campaigns.operations import campaigns as campaign_operations
from campaigns.operations import contacts
from campaigns.operations import people as operations


class Members(base.Read):
    """Agents who serve campaigns' answered calls."""

    model = Member
    owner = "campaign__account"
    queryset = Member.objects.none()
    serializer_class = serializers.MemberShape
    filterset_class = filters.MemberFilters

    def get_queryset(self) -> QuerySet[Member]:
        """Return the account's members, and whether each is in a call."""
        return operations.with_calls(super().get_queryset())

    def create(self, request: Request) -> Response:
        """Add a member to a campaign."""
        wanted = fields.given(self.get_serializer(data=request.data))
        return self.shown(operations.new_member(**wanted), status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a member's name or code, or whether it takes calls."""
        member = self.get_object()
        wanted = _changes(fields.given(self.get_serializer(member, data=request.data, partial=True)))
        return self.shown(operations.change_member(member=member, now=self.now, **wanted))

    def destroy(self, request: Request, pk: str) -> Response:
        """Remove a member."""
        member = self.get_object()
        campaign_operations.remove_member(campaign=member.campaign, code=member.code)
        return Response(status=status.HTTP_204_NO_CONTENT)


class Contacts(base.Read):
    """Persons of campaigns; removed ones are not listed."""

    model = Contact
    queryset = Contact.objects.none()
    serializer_class = serializers.ContactShape
    filterset_class = filters.ContactFilters

    def get_queryset(self) -> QuerySet[Contact]:
        """Return the account's contacts that were not removed."""
        return super().get_queryset().filter(removed_at__isnull=True)

    def create(self, request: Request) -> Response:
        """Add a person to a campaign. To reach them, add a call that names the contact."""
        wanted = fields.given(self.get_serializer(data=request.data))
        return self.shown(operations.new_contact(now=self.now, **wanted), status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a person's names, time zone or attributes."""
        contact = self.get_object()
        wanted = _changes(fields.given(self.get_serializer(contact, data=request.data, partial=True)))
        return self.shown(operations.change_contact(contact=contact, **wanted))

    def destroy(self, request: Request, pk: str) -> Response:
        """Remove a person: what happened stays, waiting calls are cancelled."""
        contacts.remove_contact(contact=self.get_object(), now=self.now)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _changes(wanted: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in wanted.items() if name != "campaign"}
