"""The rows of reports: one for each ended attempt, their sums by hour, and which are still to be built."""

from __future__ import annotations

from django.db import models

from campaigns.models import Account, CallAttempt, Campaign
from campaigns.states import Api, Channel, Outcome


class DueReport(models.Model):
    """An attempt that has ended and whose report is still to be built: written with the end, gone with the report."""

    attempt = models.OneToOneField(CallAttempt, on_delete=models.CASCADE, primary_key=True, related_name="+")


class AttemptReport(models.Model):
    """One ended attempt as it is shown and exported: everything in one row, never changed again."""

    attempt = models.OneToOneField(
        CallAttempt, on_delete=models.PROTECT, primary_key=True, related_name="+", db_constraint=False
    )
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    call_id = models.BigIntegerField()
    campaign_name = models.CharField(max_length=255)
    contact_name = models.CharField(max_length=257, blank=True, default="")
    external_id = models.CharField(max_length=200, blank=True, default="")
    api = models.CharField(max_length=12, choices=Api, blank=True, default="")
    channel = models.CharField(max_length=5, choices=Channel)
    number = models.CharField(max_length=254)
    destination = models.CharField(max_length=254)
    caller_id = models.CharField(max_length=32, blank=True, default="")
    carrier = models.CharField(max_length=32)
    n = models.PositiveIntegerField()
    counts = models.BooleanField(default=True)
    outcome = models.CharField(max_length=14, choices=Outcome)
    cause = models.CharField(max_length=100, blank=True, default="")
    claimed_at = models.DateTimeField()
    placed_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField()
    ring_seconds = models.DecimalField(max_digits=9, decimal_places=3, default=0)
    talk_seconds = models.DecimalField(max_digits=9, decimal_places=3, default=0)
    digits = models.CharField(max_length=100, blank=True, default="")
    abandoned = models.BooleanField(default=False)
    cost = models.DecimalField(max_digits=10, decimal_places=5, default=0)

    class Meta:
        indexes = [
            models.Index(fields=["campaign", "ended_at", "attempt"], name="report_of_campaign"),
            models.Index(fields=["account", "ended_at", "attempt"], name="report_of_account"),
        ]

    def __str__(self) -> str:
        return f"{self.destination} try {self.n}: {self.outcome}"


class HourlySum(models.Model):
    """The sum of a campaign's attempt reports of one hour, channel and outcome; kept with the rows it sums."""

    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="+", db_index=False)
    hour = models.DateTimeField(help_text="The hour in which the attempts ended, in UTC.")
    channel = models.CharField(max_length=5, choices=Channel)
    outcome = models.CharField(max_length=14, choices=Outcome)
    attempts = models.PositiveIntegerField(default=0)
    originated = models.PositiveIntegerField(default=0)
    abandoned = models.PositiveIntegerField(default=0)
    ring_seconds = models.DecimalField(max_digits=15, decimal_places=3, default=0)
    talk_seconds = models.DecimalField(max_digits=15, decimal_places=3, default=0)
    cost = models.DecimalField(max_digits=15, decimal_places=5, default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "hour", "channel", "outcome"], name="hourly_sum_once")
        ]
        indexes = [models.Index(fields=["account", "hour"], name="hourly_sum_of_account")]

    def __str__(self) -> str:
        return f"{self.campaign_id} {self.hour:%Y-%m-%d %H:00} {self.outcome}"
