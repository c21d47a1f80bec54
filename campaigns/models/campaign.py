"""What to say, to whom, when, how fast and how often; and the members who serve it."""

from __future__ import annotations

import datetime as dt
import secrets
import uuid
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models

from campaigns import flows, hours, refusals, retries
from campaigns.models.account import Account, check_zone
from campaigns.states import CampaignState


def new_token() -> str:
    """Return the random secret that vendors' identifiers of a campaign are built from."""
    return secrets.token_hex(16)


def check_windows(value: object) -> None:
    """Refuse malformed calling windows."""
    _check(hours.parse_windows, value)


def check_holidays(value: object) -> None:
    """Refuse malformed holidays."""
    _check(hours.parse_holidays, value)


def check_flow(value: object) -> None:
    """Refuse a malformed call flow."""
    if value is not None:
        _check(flows.check, value)


def check_rules(value: object) -> None:
    """Refuse malformed retry rules."""
    _check(retries.parse_rules, value)


def _check(parse: Any, value: object) -> None:
    try:
        parse(value)
    except refusals.Refused as refusal:
        raise ValidationError(refusal.message) from refusal


# A person who answered meets a member within 2 s or hears a message (16 CFR 310.4(b)(4), 47 CFR 64.1200(a)(7)).
LONGEST_WAIT = 2


class Pacing(models.TextChoices):
    FIXED = "fixed", "Fixed"
    PROGRESSIVE = "progressive", "Progressive: a call for each free member"
    PREDICTIVE = "predictive", "Predictive: more calls than free members, under the abandon cap"


class Campaign(models.Model):
    """A set of calls with one way of making them. Moves: draft → running ⇄ paused → finished; deleted from any."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="campaigns")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, help_text="A client may choose it (ONC).")
    token = models.CharField(max_length=32, default=new_token, unique=True, editable=False)
    name = models.CharField(max_length=255)
    description = models.TextField(blank=True, default="")
    state = models.CharField(max_length=8, choices=CampaignState, default=CampaignState.DRAFT)
    api = models.CharField(max_length=12, default="native", editable=False)
    # What
    caller_id = models.CharField(max_length=16, blank=True, default="", validators=[RegexValidator(r"^\+?\d{3,15}$")])
    caller_name = models.CharField(max_length=64, blank=True, default="")
    message = models.TextField(blank=True, default="", help_text="What is said, or sent as a text.")
    voice = models.CharField(max_length=32, blank=True, default="")
    repetition_key = models.CharField(max_length=1, blank=True, default="", validators=[RegexValidator(r"^[0-9*#]$")])
    max_plays = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1), MaxValueValidator(20)])
    flow = models.JSONField(null=True, blank=True, validators=[check_flow])
    # Per channel: {"voice": {"enabled": true}, "sms": {"enabled", "sender", "text"},
    # "email": {"enabled", "sender", "subject", "html"}}; what is absent is enabled and uses `message`.
    channels = models.JSONField(default=dict, blank=True)
    detect_machines = models.BooleanField(default=False)
    # When
    timezone = models.CharField(
        max_length=64, blank=True, default="", validators=[check_zone], help_text="Blank: the account's."
    )
    windows = models.JSONField(
        default=list,
        blank=True,
        validators=[check_windows],
        help_text='Such as [{"days": ["mon", "tue"], "start": "09:00", "end": "20:00"}]; none: at any hour.',
    )
    holidays = models.JSONField(default=list, blank=True, validators=[check_holidays])
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    # How fast
    pacing = models.CharField(max_length=12, choices=Pacing, default=Pacing.FIXED)
    capacity = models.PositiveIntegerField(default=20, help_text="Calls in progress at most; 0 places none.")
    calls_per_second = models.DecimalField(
        max_digits=8, decimal_places=3, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    max_abandon_rate = models.DecimalField(
        max_digits=5,
        decimal_places=4,
        default="0.03",
        validators=[MinValueValidator(0), MaxValueValidator(1)],
        help_text="Share of persons who answered and met no member, over 30 days.",
    )
    calls_per_member = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        default=1,
        validators=[MinValueValidator(0)],
        help_text="Progressive: calls started for each free member. Predictive: above 1, the most for each.",
    )
    member_wait_seconds = models.DecimalField(
        max_digits=2,
        decimal_places=1,
        default=2,
        db_default=2,
        validators=[MinValueValidator(0), MaxValueValidator(LONGEST_WAIT)],
        help_text="How long a person who answered waits for a member, 0 to 2.",
    )
    wrap_up_seconds = models.PositiveSmallIntegerField(
        default=10,
        db_default=10,
        validators=[MaxValueValidator(3600)],
        help_text="After a call, before a member is given the next.",
    )
    safe_harbour_message = models.TextField(
        blank=True, default="", help_text="Said to a person for whom no member came free; then the call ends."
    )
    ring_seconds = models.PositiveSmallIntegerField(
        default=30, validators=[MinValueValidator(1), MaxValueValidator(300)]
    )
    # How often
    max_attempts = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1), MaxValueValidator(255)]
    )
    retry_minutes = models.PositiveIntegerField(default=30, validators=[MaxValueValidator(525_600)])
    retry_growth = models.DecimalField(
        max_digits=4,
        decimal_places=2,
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(10)],
        help_text="Each wait is this many times the one before; 1 keeps it fixed.",
    )
    retry_rules = models.JSONField(
        default=dict,
        blank=True,
        validators=[check_rules],
        help_text='By outcome, such as {"busy": {"minutes": 5}, "rejected": {"retry": false}}.',
    )
    # Vendors' fields that Trunkline itself has no use for, given back as they came.
    extra = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(editable=False)
    started_at = models.DateTimeField(null=True, blank=True, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True, editable=False)
    changed_at = models.DateTimeField(null=True, blank=True, editable=False)
    changed_by = models.CharField(max_length=150, blank=True, default="", editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=CampaignState.values), name="campaign_state_known"),
            models.CheckConstraint(condition=models.Q(max_attempts__gte=1), name="campaign_tries_at_least_once"),
        ]
        indexes = [
            models.Index(fields=["account", "id"], name="campaign_of_account"),
            models.Index(fields=["account"], condition=models.Q(state="running"), name="campaign_running"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.starts_at and self.ends_at and self.starts_at >= self.ends_at:
            raise ValidationError({"ends_at": "The end must come after the start."})

    def zone_name(self) -> str:
        """Return the zone in which windows are read for calls that have none of their own."""
        return self.timezone or self.account.timezone

    def takes_calls(self) -> bool:
        """Tell whether calls may still be added."""
        return self.state not in _CLOSED

    def move(self, to: CampaignState, *, at: dt.datetime) -> None:
        """Change state in memory. Raises IllegalMove where the life cycle has no such arrow."""
        if to not in MOVES[CampaignState(self.state)]:
            raise refusals.IllegalMove(f"A {self.state} campaign cannot become {to}.", field="state")
        self.state = to
        if to == CampaignState.RUNNING and self.started_at is None:
            self.started_at = at
        if to in {CampaignState.FINISHED, CampaignState.DELETED} and self.finished_at is None:
            self.finished_at = at


_CLOSED = frozenset({CampaignState.FINISHED, CampaignState.DELETED})
MOVES: dict[CampaignState, frozenset[CampaignState]] = {
    CampaignState.DRAFT: frozenset({CampaignState.RUNNING, CampaignState.FINISHED, CampaignState.DELETED}),
    CampaignState.RUNNING: frozenset({CampaignState.PAUSED, CampaignState.FINISHED, CampaignState.DELETED}),
    CampaignState.PAUSED: frozenset({CampaignState.RUNNING, CampaignState.FINISHED, CampaignState.DELETED}),
    CampaignState.FINISHED: frozenset({CampaignState.DELETED}),
    CampaignState.DELETED: frozenset(),
}


class Member(models.Model):
    """An agent who serves a campaign's answered calls."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="members")
    code = models.CharField(max_length=64, help_text="The SIP code of the extension.")
    display_name = models.CharField(max_length=128, blank=True, default="")
    is_available = models.BooleanField(default=True, help_text="Takes calls; a member on a break does not.")
    # The end of the wrap-up or of the break: not given a call before this. Whose is oldest has been free longest.
    busy_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "code"], name="member_once_in_campaign")]

    def __str__(self) -> str:
        return self.display_name or self.code
