"""Pages of a list by keyset: constant cost however far one reads, and nothing twice while rows come in."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from typing import Any

import msgspec
from django.db.models import Model, Q
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

DEFAULT_SIZE = 50
MAX_SIZE = 1000
# Every key column is a whole number or a time.
Key = list[dt.datetime | int]


class Cursor(msgspec.Struct, array_like=True):
    """The key of the row next to a page, and the side of it on which the page lies."""

    key: list[int | str]
    backward: bool = False


class Keyset(BasePagination):
    """Pages in the order of the view's `keyset`, newest first; `?cursor=` goes on, `?page_size=` up to 1000."""

    request: Request
    fields: tuple[str, ...]
    rows: list[Any]
    has_next: bool
    has_previous: bool

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:
        """Return a page. Raises ValidationError naming `cursor` or `page_size`."""
        self.request, self.fields = request, getattr(view, "keyset", ("id",))
        size, cursor = _size(request), _cursor(request)
        backward = cursor is not None and cursor.backward
        sign = "" if backward else "-"
        rows = queryset.order_by(*(sign + name for name in self.fields))
        if cursor is not None:
            rows = rows.filter(_beside(self.fields, _key(cursor, rows.model, self.fields), backward=backward))
        found = list(rows[: size + 1])
        more, page = len(found) > size, found[:size]
        self.rows = page[::-1] if backward else page
        self.has_next = more or backward
        self.has_previous = more if backward else cursor is not None
        return self.rows

    def get_paginated_response(self, data: Any) -> Response:
        """Return the page with the addresses of its neighbours; null where there is none."""
        following = self._link(self.rows[-1], backward=False) if self.rows and self.has_next else None
        before = self._link(self.rows[0], backward=True) if self.rows and self.has_previous else None
        return Response({"next": following, "previous": before, "results": data})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return how a page is described in OpenAPI."""
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        """Return how the query's parameters are described in OpenAPI."""
        size = {"type": "integer", "minimum": 1, "maximum": MAX_SIZE, "default": DEFAULT_SIZE}
        cursor = {"type": "string", "description": "Taken from `next` or `previous` of a page."}
        return [
            {"name": "page_size", "in": "query", "required": False, "schema": size},
            {"name": "cursor", "in": "query", "required": False, "schema": cursor},
        ]

    def _link(self, row: Model, *, backward: bool) -> str:
        key = [value if isinstance(value, int) else value.isoformat() for value in _values(row, self.fields)]
        text = base64.urlsafe_b64encode(msgspec.json.encode(Cursor(key, backward))).decode()
        return replace_query_param(self.request.build_absolute_uri(), "cursor", text)


def _values(row: Model, fields: tuple[str, ...]) -> Key:
    return [getattr(row, "pk" if name == "id" else name) for name in fields]


def _size(request: Request) -> int:
    given = request.query_params.get("page_size", str(DEFAULT_SIZE))
    if not (given.isascii() and given.isdigit() and len(given) < 6 and 1 <= int(given) <= MAX_SIZE):
        raise ValidationError({"page_size": [f"A whole number from 1 to {MAX_SIZE} is wanted."]})
    return int(given)


def _cursor(request: Request) -> Cursor | None:
    given = request.query_params.get("cursor")
    if given is None:
        return None
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(given.encode("ascii")), type=Cursor)
    except (ValueError, binascii.Error, msgspec.DecodeError) as error:
        raise _bad_cursor() from error


def _key(cursor: Cursor, model: type[Model], fields: tuple[str, ...]) -> Key:
    """Return the values of a cursor's key, as the columns hold them. Raises ValidationError."""
    try:
        pairs = zip(cursor.key, fields, strict=True)
        return [_whole(value) if name.endswith("id") else _moment(value) for value, name in pairs]
    except (ValueError, TypeError, OverflowError) as error:
        raise _bad_cursor() from error


def _whole(value: int | str) -> int:
    if isinstance(value, int) and 0 <= value < 2**63:
        return value
    raise ValueError(value)


def _moment(value: int | str) -> dt.datetime:
    if isinstance(value, str):
        return dt.datetime.fromisoformat(value).astimezone(dt.UTC)
    raise ValueError(value)


def _bad_cursor() -> ValidationError:
    return ValidationError({"cursor": ["It is none that a page has given."]})


def _beside(fields: tuple[str, ...], key: Key, *, backward: bool) -> Q:
    """Return the rows behind a key, or before it: (a, b) < (x, y), so written that an index on a serves."""
    way = "gt" if backward else "lt"
    first = Q(**{f"{fields[0]}__{way}": key[0]})
    if len(fields) == 1:
        return first
    tie = Q(**{fields[0]: key[0], f"{fields[1]}__{way}": key[1]})
    return Q(**{f"{fields[0]}__{way}e": key[0]}) & (first | tie)
