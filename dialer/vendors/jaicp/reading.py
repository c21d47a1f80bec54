"""Reads what a request carries: its idempotence key, its fields, its JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from django.core.handlers.wsgi import get_bytes_from_wsgi
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError
from rest_framework import exceptions

from dialer.vendors import base
from dialer.vendors.jaicp import errors

KEY = "Idempotence-Key"
LONGEST_KEY = 255
MOST_FIELDS = 10_000
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"


def key_of_header(request: HttpRequest) -> str:
    """Return the idempotence key of the header; blank for none. Raises Fault, Malformed."""
    return _fit(request.headers.get(KEY, ""))


def key_of(request: HttpRequest) -> str:
    """Return the idempotence key of the header, else of the query, in any case of letters. Raises Fault, Malformed."""
    if key := key_of_header(request):
        return key
    return _fit(next((value for name, value in query(request).items() if _is_key(name)), ""))


def _fit(key: str) -> str:
    if len(key) > LONGEST_KEY:
        raise errors.wrong(KEY, f"at most {LONGEST_KEY} characters long")
    base.check_text(key)
    return key


def _is_key(name: str) -> bool:
    return name.lower() == KEY.lower()


def query(request: HttpRequest) -> dict[str, str]:
    """Return the fields of the query; of a repeated one the last. Raises Malformed."""
    return _pairs(get_bytes_from_wsgi(request.META, "QUERY_STRING", ""), "query")


def fields(request: HttpRequest, raw: bytes) -> dict[str, Any]:
    """Return the fields of the query and of a form or a JSON object; the body wins; the key is none of them.

    Raises Malformed, UnsupportedMediaType.
    """
    found = {**query(request), **_fields_of_body(request, raw)}
    return {name: value for name, value in found.items() if not _is_key(name)}


def _fields_of_body(request: HttpRequest, raw: bytes) -> dict[str, Any]:
    if not raw.strip():
        return {}
    if media_type(request) == FORM:
        return _pairs(raw, "body")
    if media_type(request) == MULTIPART:
        return _multipart(request)
    body = json(request, raw)
    if not isinstance(body, dict):
        raise base.Malformed("The body must be a form or a JSON object.")
    return body


def json(request: HttpRequest, raw: bytes) -> Any:
    """Return the value of a JSON body. Raises Malformed, UnsupportedMediaType."""
    kind = media_type(request)
    if raw and kind and kind not in {"application/json", "text/json"} and not kind.endswith("+json"):
        raise exceptions.UnsupportedMediaType(kind, detail=f"{kind} cannot be read; application/json is wanted.")
    return base.read_json(raw)


def media_type(request: HttpRequest) -> str:
    """Return the media type that a body is said to have, in lower case; blank for none."""
    return (request.content_type or "").strip().lower()


def _pairs(raw: bytes, where: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(raw.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except UnicodeDecodeError as error:
        raise base.Malformed(f"The {where} is not UTF-8.") from error
    except ValueError as error:
        raise base.Malformed(f"The {where} has more than {MOST_FIELDS} fields.") from error
    return _checked(pairs)


def _multipart(request: HttpRequest) -> dict[str, str]:
    try:
        return _checked((name, str(value)) for name, value in request.POST.items())
    except MultiPartParserError as error:
        raise base.Malformed("The multipart body cannot be read.") from error


def _checked(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return fields by name, the last of each, if all of them can be stored. Raises Malformed."""
    found = dict(pairs)
    for text in (*found, *found.values()):
        base.check_text(text)
    return found
