"""The people of a campaign one by one: its members, its contacts. Every function opens one transaction.

Contacts with the calls that reach them are in `contacts`.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet

from campaigns import locks, refusals
from campaigns.models import CallAttempt, Campaign, Contact, Member
from campaigns.states import AttemptState


def with_calls(members: QuerySet[Member]) -> QuerySet[Member]:
    """Return members, each with `in_call`: whether it talks to a person."""
    talks = CallAttempt.objects.filter(member=OuterRef("pk"), connected_at__isnull=False)
    return members.annotate(in_call=Exists(talks.exclude(state=AttemptState.ENDED)))


def new_member(*, campaign: Campaign, code: str, **fields: Any) -> Member:
    """Add a member. Raises AlreadyThere where the campaign has one of this code."""
    try:
        with transaction.atomic():
            return Member.objects.create(campaign=campaign, code=code, **fields)
    except IntegrityError as error:
        raise refusals.AlreadyThere(f"The campaign has a member {code!r} already.", field="code") from error


@transaction.atomic
def change_member(*, member: Member, now: dt.datetime, **changes: Any) -> Member:
    """Change a member's name, or whether he takes calls. Raises AlreadyThere for another's code.

    After this is committed a member on a break is given no call. Who comes back has been free from now on.
    """
    if not changes:
        return member
    locks.account(member.campaign.account_id)
    member.refresh_from_db(fields=["is_available", "busy_until"])
    if changes.get("is_available") and not member.is_available:
        changes["busy_until"] = max(filter(None, (member.busy_until, now)))
    for name, value in changes.items():
        setattr(member, name, value)
    try:
        with transaction.atomic():
            member.save(update_fields=list(changes))
    except IntegrityError as error:
        raise refusals.AlreadyThere(f"The campaign has a member {member.code!r} already.", field="code") from error
    return member


def new_contact(*, campaign: Campaign, now: dt.datetime, **fields: Any) -> Contact:
    """Add a person. Raises AlreadyThere where the campaign has one of this UUID."""
    fields.setdefault("uuid", uuid.uuid4())
    try:
        with transaction.atomic():
            return Contact.objects.create(account_id=campaign.account_id, campaign=campaign, created_at=now, **fields)
    except IntegrityError as error:
        raise refusals.AlreadyThere(f"The campaign has a contact {fields['uuid']} already.", field="uuid") from error


@transaction.atomic
def change_contact(*, contact: Contact, **changes: Any) -> Contact:
    """Change a person's names, zone or attributes; calls that exist keep the zone they were given."""
    for name, value in changes.items():
        setattr(contact, name, value)
    if changes:
        contact.save(update_fields=list(changes))
    return contact
