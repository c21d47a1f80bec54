"""Reads JSON bodies as strictly as the ledger needs them: what cannot be stored is refused at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import IO, Any

import msgspec
from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from campaigns.api.problems import TooLarge

MAX_DEPTH = 64
_NESTED = (dict, list)
# An escaped NUL: an odd number of backslashes before it.
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


class RawJSON(BaseParser):
    """Hands on the bytes of a JSON body, for views that decode it by themselves."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the body. Raises TooLarge, and ParseError where it holds a NUL, which no database can store."""
        length = int((parser_context or {})["request"].META.get("CONTENT_LENGTH") or 0)
        if length > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise TooLarge(f"The body has {length} bytes; {settings.DATA_UPLOAD_MAX_MEMORY_SIZE} are the most.")
        raw: bytes = stream.read()
        if rb"\u0000" in raw and _NUL.search(raw):
            raise ParseError("A text holds a NUL character.")
        return raw.removeprefix(b"\xef\xbb\xbf")


class StrictJSON(RawJSON):
    """Reads a JSON body; NaN, infinities, lone surrogates and nesting deeper than 64 are refused."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the value of the body. Raises TooLarge, ParseError."""
        value = decoded(super().parse(stream, media_type, parser_context), msgspec.json.Decoder())
        if too_deep(value):
            raise ParseError("The body is nested too deeply.")
        return value


def decoded(raw: bytes, decoder: msgspec.json.Decoder[Any]) -> Any:
    """Return the value of JSON text. Raises ParseError for bad syntax, msgspec.ValidationError for a bad shape."""
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError as error:
        if decoder.type is not Any:
            raise
        raise ParseError(f"The body is no JSON: {error}.") from error
    except UnicodeDecodeError as error:
        raise ParseError("The body is not UTF-8.") from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise ParseError(f"The body is no JSON: {error}.") from error


def too_deep(value: Any, left: int = MAX_DEPTH) -> bool:
    """Tell whether a value is nested deeper than is taken."""
    if not isinstance(value, _NESTED):
        return False
    if left == 0:
        return True
    for item in value.values() if isinstance(value, dict) else value:
        if isinstance(item, _NESTED) and too_deep(item, left - 1):
            return True
    return False
