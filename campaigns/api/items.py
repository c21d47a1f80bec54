"""The shapes of calls as programs send them: decoded and checked by msgspec, a hundred thousand at once."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

import msgspec

from campaigns.api import parsers
from campaigns.api.problems import FieldError, Invalid

MAX_CALLS = 100_000
_PATH = re.compile(r"(?P<told>.*?)(?: - at `\$\.?(?P<path>.*)`)?", re.DOTALL)
_NAMED = re.compile(r"Object (?P<what>contains unknown|missing required) field `(?P<name>.*)`", re.DOTALL)
_TOLD = {"contains unknown": "There is no such field.", "missing required": "This field is required."}

Time = Annotated[str, msgspec.Meta(max_length=40, extra_json_schema={"format": "date-time"})]
Whole = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
Key = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Text = Annotated[str, msgspec.Meta(max_length=20_000)]
Text32 = Annotated[str, msgspec.Meta(max_length=32)]
Text64 = Annotated[str, msgspec.Meta(max_length=64)]
Text200 = Annotated[str, msgspec.Meta(max_length=200)]
Number = Annotated[str, msgspec.Meta(max_length=254)]
Channel = Literal["voice", "sms", "email"]
Budget = Annotated[int, msgspec.Meta(ge=1, le=255)]
Minutes = Annotated[int, msgspec.Meta(ge=0, le=525_600)]


class CallChange(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """What may be changed of a waiting call. Null means the campaign's own."""

    number: Number | Key | None = None
    priority: Whole | None = None
    due_at: Time | None = None
    not_after: Time | None = None
    timezone: Text64 | None = None
    window: list[dict[str, Any]] | None = None
    caller_id: Text32 | None = None
    caller_name: Text64 | None = None
    message: Text | None = None
    voice: Text32 | None = None
    flow: dict[str, Any] | None = None
    max_attempts: Budget | None = None
    retry_minutes: Minutes | None = None
    custom_data: dict[str, Any] | None = None


class CallItem(CallChange, forbid_unknown_fields=True, gc=False):
    """A call that somebody wants made. Only the number is needed; null means the campaign's own."""

    campaign: Key | None = None
    channel: Channel | None = None
    contact: Key | None = None
    external_id: Text200 | None = None
    reference: Text200 | None = None


class Bulk(msgspec.Struct, forbid_unknown_fields=True):
    """The body of the bulk door. Its items are decoded one by one, so that each fault names its item."""

    campaign: Key
    calls: list[msgspec.Raw]
    on_error: Literal["refuse", "skip"] = "refuse"


ITEM = msgspec.json.Decoder(CallItem)
_CHANGE = msgspec.json.Decoder(CallChange)
_BULK = msgspec.json.Decoder(Bulk)


def read_bulk(body: Any) -> Bulk:
    """Read the body of the bulk door, its items still undecoded. Raises ParseError, Invalid."""
    bulk: Bulk = _decoded(body, _BULK)
    if len(bulk.calls) > MAX_CALLS:
        told = f"{len(bulk.calls)} calls were sent; {MAX_CALLS} are the most in one request."
        raise Invalid([FieldError(field="calls", message=told)])
    return bulk


def read_one(body: Any) -> CallItem:
    """Read the body of a single call. Raises ParseError, Invalid."""
    item: CallItem = _decoded(body, ITEM)
    if item.campaign is None:
        raise Invalid([FieldError(field="campaign", message=_TOLD["missing required"])])
    return item


def read_change(body: Any) -> tuple[CallChange, set[str]]:
    """Read what is to be changed of a call, and which fields were named. Raises ParseError, Invalid."""
    change: CallChange = _decoded(body, _CHANGE)
    return change, set(msgspec.json.decode(_bytes(body)))


def misfit(error: msgspec.ValidationError) -> FieldError:
    """Return what msgspec says is wrong, by the path of the field."""
    found = _PATH.fullmatch(str(error))
    path, told = (found["path"] or "", found["told"]) if found else ("", str(error))
    if named := _NAMED.fullmatch(told):
        path, told = f"{path}.{named['name']}".removeprefix("."), _TOLD[named["what"]]
    return FieldError(field=path, message=told.replace("`", ""))


def _bytes(body: Any) -> bytes:
    # DRF hands on no bytes but an empty mapping where the request has no body.
    return body if isinstance(body, bytes) else b"{}"


def _decoded(body: Any, decoder: msgspec.json.Decoder[Any]) -> Any:
    try:
        return parsers.decoded(_bytes(body), decoder)
    except msgspec.ValidationError as error:
        raise Invalid([misfit(error)]) from error
