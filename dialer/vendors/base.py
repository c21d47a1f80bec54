"""What every vendor's door stands on: a view that reads bodies safely and never shows a traceback.

A vendor's own `errors` module says how a fault is worded; here is only what no vendor differs in.
"""

from __future__ import annotations

import json
import logging
import math
import re
from itertools import chain
from typing import Any, ClassVar, Never

import msgspec
from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.http.request import RawPostDataException
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from campaigns import outages, refusals

logger = logging.getLogger(__name__)

MAX_DEPTH = 64
# The escapes by which JSON can say a NUL or half of a surrogate pair; unescaped it cannot.
_UNSTORABLE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")


class Malformed(Exception):
    """The body is not what its door can read; the message says why, in words fit for the caller."""


class TooLarge(Exception):
    """The body is larger than the door takes."""


class Unavailable(exceptions.APIException):
    """The database cannot be used now; every door answers 503 in its own form, with Retry-After."""

    status_code = 503
    default_code = "unavailable"
    default_detail = outages.SENTENCE


class Endpoint(APIView):
    """A view of a vendor's API. Subclasses set the vendor's `refuse`, and read bodies with `body` and `json`."""

    # In bytes; each vendor's contract has its own.
    max_body: ClassVar[int] = 4 * 1024 * 1024
    # DRF's own parsers never run: a GET may have a body, and faults must be worded by the vendor.
    parser_classes = ()
    # Who speaks is proved by each vendor's own `auth`.
    authentication_classes = ()
    permission_classes = ()

    def refuse(self, error: Exception) -> Response | HttpResponse:
        """Return the vendor's own answer to a fault: Malformed, TooLarge, an APIException, Refused, or any other.

        Whatever is not one of the vendor's known faults is an internal error, already logged.
        """
        raise TypeError(f"{type(self).__name__} does not say how it refuses")

    def handle_exception(self, exc: Exception) -> Any:
        """Log what nobody foresaw, and let the vendor word every fault."""
        if outages.is_outage(exc):
            return self._unavailable(exc)
        if isinstance(exc, SuspiciousOperation | BadRequest | UnreadablePostError):
            exc = Malformed("The request cannot be read.")
        elif not isinstance(exc, self.expected):
            logger.exception("%s failed", type(self).__name__)
        return self.refuse(exc)

    def _unavailable(self, error: Exception) -> Response | HttpResponse:
        logger.warning("%s waits for the database: %s", type(self).__name__, outages.told(error))
        answer = self.refuse(Unavailable())
        answer["Retry-After"] = str(outages.RETRY_AFTER)
        return answer

    # What a door foresees; a vendor adds its own class of faults.
    expected: ClassVar[tuple[type[Exception], ...]] = (
        Malformed,
        TooLarge,
        exceptions.APIException,
        refusals.Refused,
    )

    def body(self, request: Request | HttpRequest) -> bytes:
        """Return the raw body. Raises TooLarge, Malformed."""
        plain = request._request if isinstance(request, Request) else request
        try:
            length = int(plain.META.get("CONTENT_LENGTH") or 0)
        except ValueError as error:
            raise Malformed("The Content-Length is no number.") from error
        if length > self.max_body:
            raise TooLarge(f"The body has {length} bytes; {self.max_body} are the most.")
        try:
            raw = plain.body
        except RequestDataTooBig as error:
            raise TooLarge(f"The body is too large; {self.max_body} bytes are the most.") from error
        except (RawPostDataException, UnreadablePostError) as error:
            raise Malformed("The body cannot be read.") from error
        if len(raw) > self.max_body:
            raise TooLarge(f"The body has {len(raw)} bytes; {self.max_body} are the most.")
        return raw


def read_json(raw: bytes) -> Any:
    """Return the value of a JSON body, with or without a byte order mark. Raises Malformed.

    Refused beside bad syntax: NaN, infinities (1e400), numbers of thousands of digits, nesting deeper than 64,
    and texts that no database can store (NUL, lone surrogates).
    """
    try:
        # Twice as fast as the standard library. What it does not read that decides, and words the fault.
        value = msgspec.json.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        value = _loaded(raw)
    if _UNSTORABLE.search(raw):
        _check_storable(value, 0)
    elif raw.count(b"[") + raw.count(b"{") > MAX_DEPTH:
        _check_depth(value)
    return value


def _loaded(raw: bytes) -> Any:
    try:
        return json.loads(raw.decode("utf-8-sig"), parse_constant=_no_constant, parse_float=_finite)
    except UnicodeDecodeError as error:
        raise Malformed("The body is not UTF-8.") from error
    except RecursionError as error:
        raise Malformed("The body is nested too deeply.") from error
    except ValueError as error:
        raise Malformed(f"The body is no JSON: {error}.") from error


def _no_constant(name: str) -> Never:
    raise ValueError(f"{name} is no JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text[:20]} is too large a number")
    return number


def _check_depth(value: Any) -> None:
    """Refuse deep nesting, level by level: a body of a hundred thousand flat items is passed over quickly."""
    level = [value]
    for _ in range(MAX_DEPTH):
        children = list(chain.from_iterable(item.values() if isinstance(item, dict) else item for item in level))
        if {dict, list}.isdisjoint(map(type, children)):
            return
        level = [child for child in children if isinstance(child, (dict, list))]
    raise Malformed("The body is nested too deeply.")


def _check_storable(value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise Malformed("The body is nested too deeply.")
    if isinstance(value, str):
        check_text(value)
    elif isinstance(value, dict):
        for key, item in value.items():
            check_text(key)
            _check_storable(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _check_storable(item, depth + 1)


def check_text(text: str) -> None:
    """Refuse text that no database can store. Raises Malformed."""
    if "\x00" in text:
        raise Malformed("A text holds a NUL character.")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise Malformed("A text holds half of a surrogate pair.") from error
