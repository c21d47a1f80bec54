"""Reads what a request carries: the fields of its body and query, and what it asks for."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import parse_qsl

from django.conf import settings
from django.core.handlers.wsgi import get_bytes_from_wsgi
from django.http import HttpRequest
from rest_framework import exceptions

from dialer.vendors import base
from dialer.vendors.sendservice import errors
from dialer.vendors.sendservice.fields import Fields

JSON_TYPES = frozenset({"application/json", "text/json"})
MOST_PARAMETERS = 10_000
LONGEST_CODE = 200


def body(request: HttpRequest, raw: bytes) -> Fields:
    """Return the fields of a JSON body. Raises UnsupportedMediaType, Malformed."""
    content_type = request.META.get("CONTENT_TYPE", "")
    if content_type.partition(";")[0].strip().lower() not in JSON_TYPES | {""}:
        raise exceptions.UnsupportedMediaType(content_type[:100], detail="Send application/json or text/json.")
    value = base.read_json(raw)
    if not isinstance(value, dict):
        raise base.Malformed("The body is no JSON object.")
    return Fields(value)


def asked(request: HttpRequest, raw: bytes) -> Fields:
    """Return the fields of a status query: those of the body, if there is one, before those of the URL.

    Raises UnsupportedMediaType, Malformed.
    """
    parameters = query(request)
    return body(request, raw).over(parameters) if raw.strip() else parameters


def query(request: HttpRequest) -> Fields:
    """Return the fields of the URL; of a repeated one all values, joined by commas. Raises Malformed."""
    written = get_bytes_from_wsgi(request.META, "QUERY_STRING", "")
    try:
        pairs = parse_qsl(written.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS)
    except ValueError as error:
        raise base.Malformed("The query cannot be read.") from error
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        base.check_text(name + value)
        values.setdefault(name.lower(), []).append(value)
    return Fields({name: ",".join(some) for name, some in values.items()})


def asks_for_codes(fields: Fields) -> bool:
    """Tell a status query that came by POST from calls to make."""
    return fields.has("CodeRequests") and not fields.has("InstantCalls") and not fields.has("NumberToCall")


def codes(fields: Fields) -> list[str]:
    """Return the codes that are asked about, each once. Raises Fault."""
    sent = fields.raw("CodeRequests")
    if sent is None:
        raise _wrong("CodeRequests is required; an array of codes is wanted.")
    listed = sent.split(",") if isinstance(sent, str) else sent
    most = settings.SENDSERVICE["max_calls"]
    if not isinstance(listed, list) or len(listed) > most:
        raise _wrong(f"CodeRequests must be an array of at most {most} codes.")
    return list(dict.fromkeys(_codes(listed)))


def _codes(listed: Iterable[object]) -> Iterable[str]:
    for index, code in enumerate(listed):
        if isinstance(code, int) and not isinstance(code, bool) and abs(code) < 10**18:
            yield str(code)
        elif isinstance(code, str) and len(code) <= LONGEST_CODE:
            if code.strip():
                yield code.strip()
        else:
            raise _wrong(f"CodeRequests[{index}] must be a text of at most {LONGEST_CODE} characters.")


def _wrong(problem: str) -> errors.Fault:
    return errors.invalid({"CodeRequests": [problem]})
