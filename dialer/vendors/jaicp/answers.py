"""How every answer is written: JSON, a bare word for who prefers plain text, or nothing at all."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpResponse
from django.http.request import MediaType

JSON = "application/json"
PLAIN = "text/plain"


def value(given: Any) -> HttpResponse:
    """Return a value as JSON."""
    return render(json.dumps(given, ensure_ascii=False, separators=(",", ":")))


def word(given: Any, accept: str) -> HttpResponse:
    """Return a text as a JSON string, or without quotes to a caller who prefers plain text."""
    if isinstance(given, str) and prefers_plain(accept):
        return render(given, content_type=f"{PLAIN}; charset=utf-8")
    return value(given)


def nothing() -> HttpResponse:
    """Return an empty body."""
    answer = render("")
    del answer["Content-Type"]
    return answer


def render(text: str, *, status: int = 200, content_type: str = JSON) -> HttpResponse:
    """Return an answer. Its GETs add calls and tell of states, so nobody may keep it."""
    return HttpResponse(text, status=status, content_type=content_type, headers={"Cache-Control": "no-store"})


def prefers_plain(accept: str) -> bool:
    """Tell whether an Accept header weighs plain text higher than JSON; a tie goes to JSON."""
    named = [MediaType(part) for part in accept.split(",") if part.strip()]
    return bool(named) and _weight(named, PLAIN) > _weight(named, JSON)


def _weight(named: list[MediaType], wanted: str) -> float:
    """Return how much a type is wanted: the most telling part of the header decides."""
    found = [(part.specificity, _quality(part)) for part in named if part.match(wanted)]
    return max(found, default=(0, 0.0))[1]


def _quality(part: MediaType) -> float:
    try:
        return min(1.0, max(0.0, float(part.params.get("q", 1))))
    except ValueError:
        return 0.0
