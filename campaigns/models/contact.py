"""The persons of a campaign, and the destinations that must not be reached."""

from __future__ import annotations

import uuid

from django.db import models

from campaigns.models.account import Account
from campaigns.models.campaign import Campaign
from campaigns.states import Channel


class Contact(models.Model):
    """A person of a campaign."""

    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="contacts", db_index=False)
    uuid = models.UUIDField(default=uuid.uuid4, help_text="A client may choose it (ONC).")
    first_name = models.CharField(max_length=128, blank=True, default="")
    last_name = models.CharField(max_length=128, blank=True, default="")
    timezone = models.CharField(max_length=64, blank=True, default="")
    attributes = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(editable=False)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "uuid"], name="contact_uuid_once_in_campaign")]

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or str(self.uuid)


class Suppression(models.Model):
    """A destination that must not be reached: by the whole account, or by one campaign."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="suppressions")
    campaign = models.ForeignKey(
        Campaign,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="suppressions",
        help_text="Blank: every campaign of the account.",
        db_index=False,
    )
    destination = models.CharField(max_length=254, help_text="An E.164 number or an email address.")
    channel = models.CharField(max_length=5, choices=Channel, blank=True, default="", help_text="Blank: every channel.")
    source = models.CharField(max_length=100, blank=True, default="", help_text="Who asked for it, and how.")
    created_at = models.DateTimeField(editable=False)

    class Meta:
        constraints = [
            # The number first, as a claim asks for numbers: no planner can prefer the account's whole list to that.
            models.UniqueConstraint(
                fields=["destination", "account", "channel"],
                condition=models.Q(campaign__isnull=True),
                name="suppression_listed_once",
            ),
            models.UniqueConstraint(
                fields=["destination", "account", "campaign", "channel"],
                condition=models.Q(campaign__isnull=False),
                name="suppression_listed_once_in_campaign",
            ),
        ]
        indexes = [
            models.Index(
                fields=["campaign"], condition=models.Q(campaign__isnull=False), name="suppression_of_campaign"
            )
        ]

    def __str__(self) -> str:
        return self.destination
