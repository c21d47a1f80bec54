"""Reads a request's fields from its query, its form or its JSON, whichever way the caller chose to send them."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError
from rest_framework import exceptions

from dialer.vendors import base
from dialer.vendors.voicenter import lenient

MOST_FIELDS = 10_000
_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"


def query(request: HttpRequest) -> dict[str, str]:
    """Return the fields of the query string. Raises Malformed."""
    written = str(request.META.get("QUERY_STRING", ""))
    try:
        # A WSGI server hands over the bytes as Latin-1.
        written = written.encode("latin-1").decode()
    except UnicodeEncodeError:
        pass
    except UnicodeDecodeError as error:
        raise base.Malformed("The query is not UTF-8.") from error
    return _pairs(written, "query")


def posted(request: HttpRequest, raw: bytes) -> dict[str, Any]:
    """Return the fields of a body, with those of the query where the body lacks them.

    Raises Malformed, UnsupportedMediaType.
    """
    kind = media_type(request, raw)
    if kind == "json":
        body = json_value(raw) if raw.strip() else {}
        if not isinstance(body, dict):
            raise base.Malformed("The body is no JSON object.")
    elif kind == _MULTIPART:
        body = _multipart(request)
    elif kind == _FORM:
        body = _pairs(_decoded(raw), "body")
    else:
        raise exceptions.UnsupportedMediaType(kind, detail="A form or a JSON object is required")
    return filled(body, query(request))


def media_type(request: HttpRequest, raw: bytes) -> str:
    """Return "json" for a JSON body, else the type it has; without a telling type its first sign tells, or its lack."""
    named = (request.content_type or "").strip().lower()
    if named in {"application/json", "json"} or named.endswith("+json"):
        return "json"
    if named and not named.startswith("text/") and (raw.strip() or named == _MULTIPART):
        return named
    return "json" if raw.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[", b"") else _FORM


def json_value(raw: bytes) -> Any:
    """Return the value of a JSON body, mended once if it is broken as the vendor's manual is. Raises Malformed."""
    try:
        return base.read_json(raw)
    except base.Malformed:
        mended = _mended(raw)
        if mended is None:
            raise
    return base.read_json(mended)


def _mended(raw: bytes) -> bytes | None:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    mended = lenient.repair(text)
    return None if mended is None or mended == text else mended.encode()


def _pairs(written: str, where: str) -> dict[str, str]:
    try:
        found = dict(parse_qsl(written, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS))
    except UnicodeDecodeError as error:
        raise base.Malformed(f"The {where} is not UTF-8.") from error
    except ValueError as error:
        raise base.Malformed(f"The {where} has more than {MOST_FIELDS} fields.") from error
    return _checked(found)


def _multipart(request: HttpRequest) -> dict[str, str]:
    try:
        return _checked({name: str(value) for name, value in request.POST.items()})
    except MultiPartParserError as error:
        raise base.Malformed("The form cannot be read.") from error


def _checked(found: dict[str, str]) -> dict[str, str]:
    for name, value in found.items():
        base.check_text(name)
        base.check_text(value)
    return found


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise base.Malformed("The body is not UTF-8.") from error


def filled(body: dict[str, Any], rest: dict[str, str]) -> dict[str, Any]:
    """Return a body with other fields where it lacks them, whatever the case of their names."""
    there = {name.lower() for name in body}
    return body | {name: value for name, value in rest.items() if name.lower() not in there}
