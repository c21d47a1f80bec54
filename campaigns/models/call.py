"""One destination to reach over one channel: the job that the engine works on."""

from __future__ import annotations

from django.db import models
from django.db.models import Q, Value

from campaigns.models.account import Account
from campaigns.models.campaign import Campaign
from campaigns.models.contact import Contact
from campaigns.states import Api, CallState, Channel, Outcome, Reason, ZoneSource

EMPTY_OBJECT = Value({}, models.JSONField())


class Intake(models.Model):
    """One request or file by which calls came in."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    api = models.CharField(max_length=12, choices=Api)
    request_id = models.CharField(
        max_length=200,
        blank=True,
        default="",
        help_text="The caller's own id of the request, or the file's name.",
    )
    created_at = models.DateTimeField(editable=False)
    extra = models.JSONField(default=dict, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["account", "request_id"], condition=~Q(request_id=""), name="intake_by_request_id")
        ]

    def __str__(self) -> str:
        return f"{self.get_api_display()} {self.pk}"


class Call(models.Model):
    """One destination to reach over one channel. The row is the job: `due_at` decides, no message does.

    A waiting call is either `ready` (the next claim may take it) or parked until `next_look_at`, with the
    `reason` of the gate that was shut. Parked rows stand in another index than ready ones, so a claim reads
    only what it can take.
    """

    # The indexes and constraints that Django would add to each foreign key are the dearest part of storing
    # many rows; the composite ones below serve the same look-ups. The campaign vouches for the account, and an
    # intake is stored by the transaction that stores its calls and never taken away.
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="calls", db_index=False)
    contact = models.ForeignKey(
        Contact, null=True, blank=True, on_delete=models.PROTECT, related_name="calls", db_index=False
    )
    intake = models.ForeignKey(
        Intake,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="calls",
        db_index=False,
        db_constraint=False,
    )
    channel = models.CharField(max_length=5, choices=Channel, default=Channel.VOICE, db_default=Channel.VOICE)
    # Where to
    number = models.CharField(max_length=254, help_text="As it was given.")
    destination = models.CharField(max_length=254, help_text="E.164, or the address in lower case.")
    zones = models.TextField(help_text="The zones the called party may be in, joined by commas.")
    zone_source = models.CharField(
        max_length=7, choices=ZoneSource, default=ZoneSource.ACCOUNT, db_default=ZoneSource.ACCOUNT
    )
    # When
    priority = models.IntegerField(default=0, db_default=0, help_text="Higher goes first.")
    due_at = models.DateTimeField(help_text="Not before this: the wanted time, or after a try the time of the next.")
    not_after = models.DateTimeField(null=True, blank=True)
    window = models.JSONField(null=True, blank=True, help_text="Its own calling windows, in place of the campaign's.")
    # What: blank is the campaign's
    caller_id = models.CharField(max_length=32, blank=True, default="", db_default="")
    caller_name = models.CharField(max_length=64, blank=True, default="", db_default="")
    message = models.TextField(blank=True, default="", db_default="")
    voice = models.CharField(max_length=32, blank=True, default="", db_default="")
    flow = models.JSONField(null=True, blank=True)
    # How often: none is the campaign's
    max_attempts = models.PositiveSmallIntegerField(null=True, blank=True)
    retry_minutes = models.PositiveIntegerField(null=True, blank=True)
    # Whose
    custom_data = models.JSONField(default=dict, db_default=EMPTY_OBJECT, blank=True)
    external_id = models.CharField(
        max_length=200,
        null=True,
        blank=True,
        help_text="The caller's own key, unique in the campaign.",
    )
    reference = models.CharField(
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text="A code of the caller's that several calls may share.",
    )
    ignores_suppression = models.BooleanField(default=False, db_default=False)
    extra = models.JSONField(default=dict, db_default=EMPTY_OBJECT, blank=True)
    # Where it stands
    state = models.CharField(max_length=7, choices=CallState, default=CallState.WAITING, db_default=CallState.WAITING)
    ready = models.BooleanField(default=False, db_default=False)
    outcome = models.CharField(max_length=14, choices=Outcome, blank=True, default="", db_default="")
    reason = models.CharField(max_length=12, choices=Reason, blank=True, default="", db_default="")
    next_look_at = models.DateTimeField(null=True, blank=True)
    attempts_made = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="Tries that count against the budget."
    )
    attempts_total = models.PositiveIntegerField(
        default=0, db_default=0, help_text="All tries, the uncounted ones included."
    )
    congestions = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="Tries in a row that met carrier trouble."
    )
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "external_id"],
                condition=Q(external_id__isnull=False),
                name="call_external_id_once",
            ),
            models.CheckConstraint(condition=Q(state__in=CallState.values), name="call_state_known"),
            models.CheckConstraint(
                condition=Q(state="done", done_at__isnull=False) & ~Q(outcome="") | ~Q(state="done"),
                name="call_done_has_outcome",
            ),
            models.CheckConstraint(condition=Q(state="waiting") | Q(ready=False), name="call_ready_only_if_waiting"),
            models.CheckConstraint(
                condition=Q(ready=True) | ~Q(state="waiting") | Q(next_look_at__isnull=False),
                name="call_parked_has_next_look",
            ),
        ]
        indexes = [
            # What the claim reads, in the order it claims in.
            models.Index(
                "campaign",
                "channel",
                models.F("priority").desc(),
                "due_at",
                "id",
                condition=Q(state="waiting", ready=True),
                name="call_ready",
            ),
            # What the sweep reads: parked calls whose time has come.
            models.Index(
                fields=["campaign", "next_look_at"],
                condition=Q(state="waiting", ready=False),
                name="call_parked",
            ),
            models.Index(
                fields=["campaign", "not_after"],
                condition=Q(state="waiting", not_after__isnull=False),
                name="call_expiring",
            ),
            models.Index(fields=["campaign", "id"], name="call_of_campaign"),
            models.Index(fields=["account", "id"], name="call_of_account"),
            models.Index(fields=["campaign", "destination"], name="call_by_destination"),
            models.Index(fields=["account", "reference"], condition=~Q(reference=""), name="call_by_reference"),
            models.Index(fields=["contact"], condition=Q(contact__isnull=False), name="call_of_contact"),
            models.Index(fields=["intake", "id"], condition=Q(intake__isnull=False), name="call_of_intake"),
            # Written once, when a call is done; the waiting are counted in call_ready and call_parked.
            models.Index(fields=["campaign", "outcome", "reason"], condition=Q(state="done"), name="call_done"),
        ]

    def __str__(self) -> str:
        return f"{self.number} ({self.pk})"

    def budget(self) -> int:
        """Return how many tries this call may have in all."""
        return self.max_attempts or self.campaign.max_attempts
