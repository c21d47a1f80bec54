"""Every fault as problem+json (RFC 9457): type, title, status, detail, and the fields that were wrong."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, TypedDict

from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, JsonResponse, UnreadablePostError
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import set_rollback

from campaigns import outages, refusals

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"


class FieldError(TypedDict):
    """What was wrong with one field; `field` is blank where it was the whole body."""

    field: str
    message: str


class Invalid(Exception):
    """Fields of a request are wrong: each is named with its path, such as calls[17].number."""

    status = HTTPStatus.BAD_REQUEST
    code = "invalid"

    def __init__(self, errors: list[FieldError]) -> None:
        super().__init__(f"{len(errors)} fields are wrong")
        self.errors = errors


class Taken(Invalid):
    """Keys of a request are used already: each is named with its path, such as calls[17].external_id."""

    status = HTTPStatus.CONFLICT
    code = refusals.AlreadyThere.code


class TooLarge(exceptions.APIException):
    """The body is larger than is taken."""

    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"
    default_detail = "The body is too large."


class Unavailable(exceptions.APIException):
    """The database cannot be used now."""

    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    default_code = "unavailable"
    default_detail = outages.SENTENCE
    wait = outages.RETRY_AFTER


# What the ledger refuses: for the state that things are in (409), else for what was sent (400).
REFUSALS: Mapping[type[refusals.Refused], HTTPStatus] = {
    refusals.IllegalMove: HTTPStatus.CONFLICT,
    refusals.CampaignClosed: HTTPStatus.CONFLICT,
    refusals.AlreadyThere: HTTPStatus.CONFLICT,
    refusals.NotPending: HTTPStatus.CONFLICT,
    refusals.NothingToDial: HTTPStatus.CONFLICT,
    refusals.InvalidNumber: HTTPStatus.BAD_REQUEST,
    refusals.InvalidCallerId: HTTPStatus.BAD_REQUEST,
    refusals.InvalidZone: HTTPStatus.BAD_REQUEST,
    refusals.InvalidWindows: HTTPStatus.BAD_REQUEST,
    refusals.InvalidFlow: HTTPStatus.BAD_REQUEST,
    refusals.InvalidValue: HTTPStatus.BAD_REQUEST,
    refusals.Refused: HTTPStatus.BAD_REQUEST,
}
# What Django raises below the views.
_DJANGO: Mapping[type[Exception], type[exceptions.APIException]] = {
    Http404: exceptions.NotFound,
    PermissionDenied: exceptions.PermissionDenied,
    RequestDataTooBig: TooLarge,
    SuspiciousOperation: exceptions.ParseError,
    BadRequest: exceptions.ParseError,
    UnreadablePostError: exceptions.ParseError,
}


def handle(error: Exception, context: Mapping[str, Any]) -> Response:
    """Turn any exception of a view into a problem; what nobody foresaw is logged and told as 500."""
    set_rollback()
    if outages.is_outage(error):
        logger.warning("%s waits for the database: %s", type(context.get("view")).__name__, outages.told(error))
        error = Unavailable()
    error = _foreseen(error)
    if isinstance(error, Invalid):
        return _response(error.status, error.code, _summary(error.errors), error.errors)
    if isinstance(error, refusals.Refused):
        errors = [FieldError(field=error.field, message=error.message)] if error.field else []
        return _response(REFUSALS[type(error)], error.code, error.message, errors)
    if isinstance(error, exceptions.ValidationError):
        return handle(Invalid(list(flattened(error.detail))), context)
    if isinstance(error, exceptions.APIException):
        return _response(error.status_code, _code(error), str(error.detail), [], headers=_headers(error))
    logger.error("%s failed", type(context.get("view")).__name__, exc_info=error)
    return _response(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "An internal error; it has been logged.", [])


def flattened(detail: Any, path: str = "") -> Iterator[FieldError]:
    """Yield DRF's nested messages one by one, each with the path of its field."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            yield from flattened(inner, _below(path, name))
    elif isinstance(detail, Sequence) and not isinstance(detail, str):
        for index, inner in enumerate(detail):
            yield from flattened(inner, path if isinstance(inner, str) else f"{path}[{index}]")
    else:
        yield FieldError(field=path, message=str(detail))


def _below(path: str, name: str | int) -> str:
    if name == api_settings.NON_FIELD_ERRORS_KEY:
        return path
    return f"{path}[{name}]" if isinstance(name, int) else f"{path}.{name}".removeprefix(".")


def not_found(request: HttpRequest) -> JsonResponse:
    """Answer for every path below the API's that leads nowhere."""
    body = _body(HTTPStatus.NOT_FOUND, "not_found", "Nothing is here.", [])
    return JsonResponse(body, status=HTTPStatus.NOT_FOUND, content_type=MEDIA_TYPE)


def _foreseen(error: Exception) -> Exception:
    for known, meant in _DJANGO.items():
        if isinstance(error, known):
            return meant()
    return error


def _code(error: exceptions.APIException) -> str:
    code = error.get_codes()
    return code if isinstance(code, str) else error.default_code


def _headers(error: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = f"{wait:.0f}"
    return headers


def _summary(errors: list[FieldError]) -> str:
    first = errors[0]
    told = f"{first['field']}: {first['message']}" if first["field"] else first["message"]
    more = len(errors) - 1
    return f"{told} ({more} more)" if more else told


def _body(status: int, code: str, detail: str, errors: list[FieldError]) -> dict[str, Any]:
    return {
        "type": f"urn:trunkline:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "detail": detail,
        "errors": errors,
    }


def _response(
    status: int, code: str, detail: str, errors: list[FieldError], headers: dict[str, str] | None = None
) -> Response:
    return Response(_body(status, code, detail, errors), status=status, headers=headers, content_type=MEDIA_TYPE)
