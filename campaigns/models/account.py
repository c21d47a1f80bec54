"""Who the ledger belongs to: accounts, their users, and the numbers they may show."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models

from campaigns import hours, phones, refusals


def check_country(value: str) -> None:
    """Refuse what is no two-letter country that numbers can be read for."""
    if not phones.is_country(value):
        raise ValidationError(f"{value!r} is no country code; two capitals are wanted, such as IT or US.")


def check_zone(value: str) -> None:
    """Refuse what is no IANA time zone."""
    try:
        hours.zone(value)
    except refusals.InvalidZone as refusal:
        raise ValidationError(refusal.message) from refusal


def check_prefixes(value: object) -> None:
    """Refuse what is no list of "+" or "+" with digits."""
    fine = isinstance(value, list) and all(phones.is_prefix(item) for item in value)
    if not fine:
        raise ValidationError('A list of prefixes is wanted, such as ["+39", "+44"]; "+" alone allows all.')


def every_prefix() -> list[str]:
    """Return the list that allows every destination."""
    return ["+"]


class Account(models.Model):
    """A tenant: everything in the ledger belongs to exactly one."""

    name = models.CharField(max_length=100, unique=True)
    country = models.CharField(
        max_length=2,
        default="US",
        validators=[check_country],
        help_text="Numbers without a country code are read as this country's.",
    )
    timezone = models.CharField(max_length=64, default="UTC", validators=[check_zone])
    max_live_calls = models.PositiveIntegerField(
        default=500, validators=[MinValueValidator(1)], help_text="Calls in progress, over all campaigns."
    )
    calls_per_second = models.DecimalField(
        max_digits=8, decimal_places=3, default=100, validators=[MinValueValidator(0)]
    )
    attempts_per_number_per_day = models.PositiveIntegerField(
        default=0, help_text="Over all campaigns, in any 24 hours; 0 means no cap."
    )
    allowed_prefixes = models.JSONField(
        default=every_prefix,
        blank=True,
        validators=[check_prefixes],
        help_text='E.164 prefixes that may be dialled. "+" allows all; an empty list allows none.',
    )
    is_sandbox = models.BooleanField(
        default=False, help_text="All its channels go to the simulator, whatever carriers are configured."
    )
    is_active = models.BooleanField(default=True, help_text="A disabled account dials nothing and opens no door.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(max_live_calls__gte=1), name="account_has_a_line"),
            models.CheckConstraint(condition=models.Q(calls_per_second__gte=0), name="account_pace_not_negative"),
        ]

    def __str__(self) -> str:
        return self.name


class User(AbstractUser):
    """A person who signs in; without an account, platform staff who see all of them."""

    account = models.ForeignKey(Account, null=True, blank=True, on_delete=models.PROTECT, related_name="users")


class CallerId(models.Model):
    """A number that the account may show, and for which called country (none: any)."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="caller_ids")
    number = models.CharField(max_length=16, validators=[RegexValidator(r"^\+?\d{3,15}$")])
    country = models.CharField(max_length=2, blank=True, default="")
    member_code = models.CharField(
        max_length=64, blank=True, default="", help_text="The member whose answered calls show this number."
    )
    weight = models.PositiveSmallIntegerField(default=1, validators=[MaxValueValidator(1000)])

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "number", "country", "member_code"], name="caller_id_listed_once"
            )
        ]

    def __str__(self) -> str:
        return self.number
