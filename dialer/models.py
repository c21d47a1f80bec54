"""The dialer's own rows: who may speak through which door, and what the engine must remember.

Calls and attempts are in campaigns.models: they are the ledger, which can be read with the dialer switched off.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from campaigns.models import Account, Campaign, User
from campaigns.states import Api


class Credential(models.Model):
    """Who may speak as an account's client through one API. Secrets are stored as SHA-256 of random values."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    api = models.CharField(max_length=12, choices=Api)
    # What the caller shows first: the digest of a key or code, or a user name.
    identifier = models.CharField(max_length=200)
    secret_digest = models.CharField(max_length=64, blank=True, default="")
    label = models.CharField(max_length=100, blank=True, default="", help_text="What it is for, or its first signs.")
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    can_write = models.BooleanField(default=True)
    is_active = models.BooleanField(default=True)
    # Empty: from anywhere. Voicenter's allow-list, kept with its code.
    allowed_addresses = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["api", "identifier"], name="credential_identifier_once_in_api")]

    def __str__(self) -> str:
        return f"{self.get_api_display()} {self.label}".strip()


class Session(models.Model):
    """An open session of an API that has them (ONC); slides forward with each use."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    credential = models.ForeignKey(Credential, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    used_at = models.DateTimeField(db_index=True)


class LoginFailure(models.Model):
    """A failed try to open a session, for throttling."""

    api = models.CharField(max_length=12, choices=Api)
    who = models.CharField(max_length=200)
    happened_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["api", "who", "happened_at"], name="login_failure_recent")]


class IdempotenceKey(models.Model):
    """The answer that a key's first request got; whoever comes again with the key gets it again."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    api = models.CharField(max_length=12, choices=Api)
    # Which operations share their keys.
    scope = models.CharField(max_length=40)
    key = models.CharField(max_length=255)
    status = models.PositiveSmallIntegerField(default=200)
    body = models.TextField(blank=True, default="")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "api", "scope", "key"], name="idempotence_key_once")]
        # For finding the few that are old: JAICP's are kept for ever.
        indexes = [models.Index(fields=["created_at"], condition=Q(api=Api.NATIVE), name="idempotence_key_old")]


class CarrierHealth(models.Model):
    """What the engine knows of a carrier: its circuit breaker, with the failing calls as evidence."""

    alias = models.CharField(max_length=32, primary_key=True)
    failures = models.PositiveIntegerField(default=0, help_text="In a row.")
    # While set, nothing is placed before this; then one try is let through.
    open_until = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    evidence = models.JSONField(default=list, blank=True, help_text="The last failing attempts.")
    changed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.alias


class PacingState(models.Model):
    """What a campaign's pace was measured from, and where its closed loop stands. Made anew every few seconds."""

    campaign = models.OneToOneField(Campaign, on_delete=models.CASCADE, primary_key=True, related_name="+")
    measured_at = models.DateTimeField()
    # Of the last 30 days, the span of the cap.
    answered = models.PositiveIntegerField(default=0, help_text="Persons who answered.")
    abandoned = models.PositiveIntegerField(default=0, help_text="Of them, those who met no member.")
    # Of recent attempts: by age in seconds, the chance that a call that has rung so long will still be answered.
    answer_curve = models.JSONField(default=list)
    answer_seconds = models.FloatField(default=0, help_text="By which a fifth of the persons had answered.")
    talk_seconds = models.FloatField(default=0, help_text="Mean time with a member.")
    # The loop.
    risk = models.FloatField(default=0, help_text="The share of abandoned calls that is dialled for.")
    tuned_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"campaign {self.campaign_id}"


class Heartbeat(models.Model):
    """When a moving part of the engine last did its work: the tick, the report builder, a listener."""

    part = models.CharField(max_length=40, primary_key=True)
    beat_at = models.DateTimeField()
    detail = models.JSONField(default=dict, blank=True)

    def __str__(self) -> str:
        return self.part


class ClockAnchor(models.Model):
    """Where the engine's clock and the wall clock met, while the engine's runs faster (SIMULATOR_SPEED)."""

    wall_at = models.DateTimeField()
    engine_at = models.DateTimeField()
    speed = models.FloatField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(speed__gt=0), name="clock_runs_forward")]
