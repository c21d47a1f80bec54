"""One try over one carrier."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q, Value

from campaigns.models.account import Account
from campaigns.models.call import EMPTY_OBJECT, Call
from campaigns.models.campaign import Campaign, Member
from campaigns.states import AttemptState, Channel, Outcome

EMPTY_LIST = Value([], models.JSONField())


class CallAttempt(models.Model):
    """Try number n of a call. It moves forward only; the carrier knows it by `key` before the wire is touched."""

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # No index or constraint of Django's own: the composite indexes below serve, and the call vouches for both.
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="attempts", db_index=False)
    n = models.PositiveIntegerField()
    channel = models.CharField(max_length=5, choices=Channel, default=Channel.VOICE, db_default=Channel.VOICE)
    carrier = models.CharField(max_length=32)
    destination = models.CharField(max_length=254)
    caller_id = models.CharField(max_length=32, blank=True, default="", db_default="")
    state = models.CharField(
        max_length=8, choices=AttemptState, default=AttemptState.CLAIMED, db_default=AttemptState.CLAIMED
    )
    outcome = models.CharField(max_length=14, choices=Outcome, blank=True, default="", db_default="")
    cause = models.CharField(
        max_length=100,
        blank=True,
        default="",
        db_default="",
        help_text="In the carrier's own words or code, such as SIP 486.",
    )
    counts = models.BooleanField(
        default=True, db_default=True, help_text="Against the call's budget; carrier trouble does not."
    )
    claimed_at = models.DateTimeField()
    placed_at = models.DateTimeField(null=True, blank=True)
    ringing_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    # When the engine looks at this open attempt again: the simulator's next event, or the end of a lease.
    check_at = models.DateTimeField()
    hangup_at = models.DateTimeField(null=True, blank=True, help_text="When somebody asked to cut it.")
    # Members
    wants_member = models.BooleanField(
        default=False, db_default=False, help_text="A person who answers is given to a member."
    )
    # While nobody has answered, whom the call is meant for; once connected, who took it.
    member = models.ForeignKey(
        Member, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    # While a person waits: until when. Of an abandoned call: when the wait was over.
    waits_until = models.DateTimeField(null=True, blank=True)
    connected_at = models.DateTimeField(null=True, blank=True, help_text="When a member took it.")
    abandoned = models.BooleanField(
        default=False, db_default=False, help_text="A person answered and met no member in time."
    )
    # What came of it
    digits = models.CharField(max_length=100, blank=True, default="", db_default="")
    steps = models.JSONField(default=list, db_default=EMPTY_LIST, blank=True)
    events = models.JSONField(
        default=list, db_default=EMPTY_LIST, blank=True, help_text="All that the carrier said, as it came."
    )
    cost = models.DecimalField(max_digits=10, decimal_places=5, default=0, db_default=0)
    # By which witness it was allowed: the gates' facts at the moment of the claim.
    evidence = models.JSONField(default=dict, db_default=EMPTY_OBJECT, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["call", "n"], name="attempt_number_once_in_call"),
            models.UniqueConstraint(fields=["call"], condition=~Q(state="ended"), name="one_open_attempt_per_call"),
            models.UniqueConstraint(
                fields=["member"],
                condition=Q(member__isnull=False) & ~Q(state="ended"),
                name="one_open_attempt_per_member",
            ),
            models.CheckConstraint(condition=Q(state__in=AttemptState.values), name="attempt_state_known"),
            models.CheckConstraint(
                condition=Q(state="ended", ended_at__isnull=False) & ~Q(outcome="") | ~Q(state="ended"),
                name="attempt_ended_has_outcome",
            ),
            models.CheckConstraint(
                condition=Q(state="claimed") | Q(state="ended") | Q(placed_at__isnull=False),
                name="attempt_on_the_wire_was_placed",
            ),
        ]
        indexes = [
            models.Index(
                fields=["account", "claimed_at", "campaign"], condition=~Q(state="ended"), name="attempt_open"
            ),
            models.Index(fields=["carrier", "check_at"], condition=~Q(state="ended"), name="attempt_to_check"),
            models.Index(fields=["account", "claimed_at"], name="attempt_by_account_and_time"),
            models.Index(fields=["campaign", "claimed_at", "id"], name="attempt_of_campaign"),
            # The number first: so no planner that knows little of the table can prefer the account's whole day to it.
            models.Index(fields=["destination", "account", "claimed_at"], name="attempt_by_destination"),
            models.Index(fields=["member"], condition=Q(member__isnull=False), name="attempt_of_member"),
        ]

    def __str__(self) -> str:
        return f"{self.destination} try {self.n}"
