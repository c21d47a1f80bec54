"""Reads the numbers of a request: targets as E.164, caller ids as what they may be."""

from __future__ import annotations

import functools

import phonenumbers
from django.conf import settings

from campaigns import caller_ids, phones, refusals
from campaigns.models import Account, CallerId
from campaigns.phones import Destination
from dialer.vendors.voicenter import errors
from dialer.vendors.voicenter.fields import as_text

LONGEST_TARGET = 64
LONGEST_CALLER_ID = 32
_FEWEST, _MOST = 7, 15


def canonical(text: str, country: str) -> Destination:
    """Read a number by the vendor's rule: 0 stands for the country's code, all else begins with a country code.

    7 to 15 digits are taken, known to a numbering plan or not. Raises InvalidNumber.
    """
    plain = text.isascii() and text.isdigit() and text[:2] != "00"
    digits = text if plain else phones.cleaned(text).removeprefix("+")
    if not digits.startswith("0"):
        return phones.lenient("+" + digits, country)
    home = home_country(country)
    try:
        return phones.normalise(digits, home)
    except refusals.InvalidNumber:
        literal = f"{phonenumbers.country_code_for_region(home)}{digits[1:]}"
        if not (literal.isascii() and literal.isdigit() and _FEWEST <= len(literal) <= _MOST):
            raise
        return Destination("+" + literal)


def home_country(country: str) -> str:
    """Return the country that a leading 0 stands for: the account's, if its numbers are written with one."""
    return country if _writes_leading_zero(country) else str(settings.VOICENTER["default_country"])


@functools.cache
def _writes_leading_zero(country: str) -> bool:
    plan = phonenumbers.PhoneMetadata.metadata_for_region(country, None)
    if plan is None:
        return False
    kinds = [kind for kind in (plan.fixed_line, plan.mobile) if kind]
    written = [plan.national_prefix, *(kind.example_number for kind in kinds)]
    return any((number or "").startswith("0") for number in written)


def shown(destination: str) -> str:
    """Return a number as the vendor writes it, without the plus."""
    return destination.removeprefix("+")


class Numbers:
    """Reads an account's numbers; remembers the caller ids it has checked, for a request may repeat one very often."""

    def __init__(self, account: Account) -> None:
        self.country = account.country
        self._account = account
        self._checked: dict[str, str] = {"": "", caller_ids.ANONYMOUS.lower(): caller_ids.ANONYMOUS}

    def target(self, value: object) -> tuple[str, Destination]:
        """Return a target as it was sent, and where it leads. Raises Fault."""
        text = as_text(value)
        if not text:
            raise errors.Fault(errors.Code.FIELD, errors.INVALID_TARGET)
        try:
            if len(text) > LONGEST_TARGET:
                raise refusals.InvalidNumber("too long", field="number")
            return text, canonical(text, self.country)
        except refusals.InvalidNumber as error:
            raise errors.Fault(settings.VOICENTER["format_fault_code"], errors.INVALID_TARGET) from error

    def caller_id(self, value: object) -> str:
        """Return a caller id as it is stored: as sent, "Anonymous", or "". Raises Fault."""
        text = "" if value is None else as_text(value)
        if text is None:
            raise errors.Fault(errors.Code.CALLER_ID, errors.INVALID_CALLER_ID)
        known = self._checked.get(text if text in self._checked else text.lower())
        if known is None:
            known = self._checked[text] = self._read(text)
        return known

    def _read(self, text: str) -> str:
        fault = errors.Fault(errors.Code.CALLER_ID, errors.INVALID_CALLER_ID)
        address = self._address(text)
        if address is None or len(text) > LONGEST_CALLER_ID or (self._listed and address not in self._listed):
            raise fault
        return text

    def _address(self, text: str) -> str | None:
        """Return what two spellings of a caller id have in common; None for what is no number."""
        try:
            return canonical(text, self.country).address
        except refusals.InvalidNumber:
            # A short number can be shown only where the account lists it.
            short = phones.cleaned(text)
            return short if short in self._short else None

    @functools.cached_property
    def _numbers(self) -> list[str]:
        return list(CallerId.objects.filter(account=self._account).values_list("number", flat=True))

    @functools.cached_property
    def _short(self) -> frozenset[str]:
        return frozenset(number for number in self._numbers if len(number) < _FEWEST)

    @functools.cached_property
    def _listed(self) -> frozenset[str]:
        return frozenset(filter(None, map(self._address, self._numbers)))
