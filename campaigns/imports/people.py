"""Judges rows of people: each becomes a staged contact with its call, or a misfit that says why not."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

import msgspec

from campaigns import content, flows, hours, phones, refusals
from campaigns.imports import columns
from campaigns.imports.faults import Misfit
from campaigns.imports.rows import Row
from campaigns.models import Call, Campaign, Contact
from campaigns.operations.staged import Staged
from campaigns.states import Channel, ZoneSource

SCIENTIFIC = "scientific notation"
_CALLER_ID = re.compile(r"\+?[0-9]{3,15}")
_WHOLE = re.compile(r"[+-]?[0-9]{1,10}")
_LARGEST = 2**31
_encode = msgspec.json.Encoder().encode
_NAME_LENGTH = Contact._meta.get_field("first_name").max_length
_KEY_LENGTH = Call._meta.get_field("external_id").max_length


class Reader:
    """Reads the rows of one file for one campaign; `fields` says what each column is."""

    def __init__(self, campaign: Campaign, header: Sequence[str], fields: Sequence[str]) -> None:
        self._country = campaign.account.country
        self._home = campaign.zone_name()
        self._phone_channel = _phone_channel(campaign)
        named = {field: index for index, field in enumerate(fields) if field not in {columns.ATTRIBUTE, columns.IGNORE}}
        self._named = named
        self._columns = {field: header[index] for field, index in named.items()}
        names = columns.attribute_names(header)
        self._attributes = [(index, names[index]) for index, field in enumerate(fields) if field == columns.ATTRIBUTE]
        self._zones: dict[str, bool] = {}

    def read(self, row: Row) -> tuple[Staged, str]:
        """Return what is to be stored, and a warning or "". Raises Misfit."""
        if row.fault:
            raise Misfit(row.fault if not row.fault[0].isdigit() else "too many cells", "", row.fault)
        if "\0" in "".join(row.cells):
            raise Misfit("a character that cannot be stored", "", "it holds a NUL character")
        cells = row.cells + [""] * (len(self._named) + len(self._attributes)) if self._is_short(row) else row.cells
        named = {field: cells[index].strip() for field, index in self._named.items()}
        channel, number, kept = self._reach(named)
        destination = self._destination(number, channel)
        others = {name: cells[index] for index, name in self._attributes if cells[index]} | kept
        try:
            return self._staged(row.line, channel, number, destination, named, others)
        except Misfit as misfit:
            misfit.channel, misfit.destination = channel, destination.address
            raise

    def blame(self, field: str) -> str:
        """Return the header of a field's column, as the file has it."""
        return self._columns.get(field, "")

    def _staged(
        self,
        line: int,
        channel: str,
        number: str,
        destination: phones.Destination,
        named: dict[str, str],
        attributes: dict[str, str],
    ) -> tuple[Staged, str]:
        zone, warning = self._zone(named.get("timezone", ""), destination)
        return (
            Staged(
                line=line,
                channel=channel,
                number=number,
                destination=destination.address,
                zones=zone or destination.zones,
                zone_source=(ZoneSource.CONTACT if zone else destination.source).value,
                first_name=self._short(named, "first_name", _NAME_LENGTH),
                last_name=self._short(named, "last_name", _NAME_LENGTH),
                timezone=zone,
                attributes=_encode(attributes).decode() if attributes else "{}",
                priority=self._priority(named.get("priority", "")),
                due_at=self._moment(named.get("due_at", ""), zone or destination.zones),
                external_id=self._short(named, "external_id", _KEY_LENGTH) or None,
                caller_id=self._caller_id(named.get("caller_id", "")),
                message=self._short(named, "message", flows.MAX_TEXT),
            ),
            warning,
        )

    def _is_short(self, row: Row) -> bool:
        return len(row.cells) < len(self._named) + len(self._attributes)

    def _reach(self, named: dict[str, str]) -> tuple[str, str, dict[str, str]]:
        """Return the channel, the destination as written, and the other one, which is kept as an attribute."""
        phone, email = given(named.get("phone", "")), given(named.get("email", ""))
        channel = channel_named(named.get("channel", ""))
        if not channel:
            channel = self._phone_channel if phone or not email else Channel.EMAIL.value
        if channel == Channel.EMAIL:
            if not email:
                raise Misfit("empty email", "email", "there is no email address")
            return channel, email, {"phone": phone} if phone else {}
        if not phone:
            raise Misfit("empty phone", "phone", "there is no phone number")
        return channel, phone, {"email": email} if email else {}

    def _destination(self, number: str, channel: str) -> phones.Destination:
        try:
            return phones.read(number, channel, self._country)
        except refusals.InvalidNumber as refusal:
            raise number_fault(refusal, channel) from refusal

    def _zone(self, name: str, destination: phones.Destination) -> tuple[str, str]:
        """Return a contact's own zone; for one that is unknown none, and a warning that says what is used instead."""
        if not name or self._is_zone(name):
            return name, ""
        if destination.zones:
            return "", f"unknown time zone {name[:64]!r}: the number's is used, {destination.zones.replace(',', ', ')}"
        return "", f"unknown time zone {name[:64]!r}: the account's is used, {self._home}"

    def _is_zone(self, name: str) -> bool:
        if name not in self._zones:
            # Some file's column may hold another wrong word in each row.
            if len(self._zones) > 5000:
                self._zones.clear()
            self._zones[name] = _is_zone(name)
        return self._zones[name]

    def _short(self, named: dict[str, str], field: str, longest: int | None) -> str:
        text = named.get(field, "")
        if longest is not None and len(text) > longest:
            words = _WORDS[field]
            raise Misfit(f"{words} too long", field, f"{words} too long: {len(text)} characters, at most {longest}")
        return text

    def _priority(self, text: str) -> int | None:
        if not text:
            return None
        if not _WHOLE.fullmatch(text) or not -_LARGEST <= int(text) < _LARGEST:
            raise Misfit("bad priority", "priority", f"{text[:40]!r} is no whole number")
        return int(text)

    def _moment(self, text: str, zones: str) -> dt.datetime | None:
        """Read when a call is due; a moment without an offset is in the person's zone, or in the campaign's."""
        if not text:
            return None
        try:
            moment = dt.datetime.fromisoformat(text)
            if moment.tzinfo is None:
                name = zones if zones and "," not in zones else self._home
                moment = moment.replace(tzinfo=hours.zone(name))
            return moment.astimezone(dt.UTC)
        except (ValueError, OverflowError) as error:
            reason = f"{text[:40]!r} is no moment; write it as 2031-03-03 14:30"
            raise Misfit("bad due time", "due_at", reason) from error

    def _caller_id(self, text: str) -> str:
        if text and not _CALLER_ID.fullmatch(text):
            raise Misfit("bad caller id", "caller_id", f"{text[:40]!r}: 3 to 15 digits are wanted")
        return text


def given(text: str) -> str:
    """Return a destination as it was written, blank where the cell only says that none is known."""
    text = text.strip()
    return "" if text.casefold() in _NOTHING else text


def channel_named(text: str) -> str:
    """Return the channel of a word, blank for a blank cell. Raises Misfit."""
    if not text:
        return ""
    if found := _CHANNELS.get(columns.plain_words(text)):
        return found
    raise Misfit("unknown channel", "channel", f"{text[:40]!r} is no channel; voice, sms and email are known")


def number_fault(refusal: refusals.InvalidNumber, channel: str) -> Misfit:
    """Return what a report says of a destination that cannot be reached."""
    if channel == Channel.EMAIL:
        return Misfit(refusal.message, "email")
    if SCIENTIFIC in refusal.message:
        return Misfit(SCIENTIFIC, "phone", refusal.message)
    return (
        Misfit("empty phone", "phone", "there is no phone number")
        if refusal.message == "empty"
        else Misfit(refusal.message, "phone")
    )


def _is_zone(name: str) -> bool:
    if len(name) > 64:
        return False
    try:
        hours.zone(name)
    except refusals.InvalidZone:
        return False
    return True


def _phone_channel(campaign: Campaign) -> str:
    """Return over which channel a campaign reaches phones where a row does not say."""
    channels = (Channel.VOICE, Channel.SMS)
    return next((channel.value for channel in channels if content.is_open(campaign, channel)), Channel.VOICE.value)


# What people and spreadsheets write where they know no number.
_NOTHING = frozenset({"n/a", "#n/a", "na", "nan", "none", "null", "nil", "-", "--"})
_WORDS = {
    "first_name": "name",
    "last_name": "name",
    "external_id": "external id",
    "message": "message",
}
_CHANNELS = {
    **dict.fromkeys(("voice", "call", "phone", "voce", "voz", "anruf", "chiamata", "llamada", "голос"), "voice"),
    **dict.fromkeys(("sms", "text", "text message", "смс"), "sms"),
    **dict.fromkeys(("email", "e mail", "mail"), "email"),
}
