"""The two wrappings of the methods: JSON, one path for each, and SOAP, one path for all."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpResponse
from django.utils import timezone
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from dialer import clock
from dialer.vendors.base import Endpoint, Malformed, TooLarge, read_json
from dialer.vendors.onc import json_form, methods, soap, wsdl
from dialer.vendors.onc.methods import METHODS, Moment

JSON_TYPES = {"", "application/json", "text/json"}
XML_TYPES = {"", "text/xml", "application/xml"}
XML = "text/xml; charset=utf-8"


class OncEndpoint(Endpoint):
    """What both wrappings share."""

    # Bodies of more than 4 MiB are refused.
    max_body: ClassVar[int] = 4 * 1024 * 1024
    body_types: ClassVar[frozenset[str]] = frozenset()

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """Answer in the door's own form, whatever is acceptable: there is no other."""
        return super().perform_content_negotiation(request, force=True)

    def typed_body(self, request: Request) -> bytes:
        """Return the body. Raises UnsupportedMediaType beside what `body` raises."""
        declared = request.META.get("CONTENT_TYPE", "")
        if declared.partition(";")[0].strip().lower() not in self.body_types:
            raise exceptions.UnsupportedMediaType(declared[:80])
        return self.body(request)


def now() -> Moment:
    """Return when this is, on both clocks."""
    return Moment(wall=timezone.now(), ledger=clock.now())


class JsonMethod(OncEndpoint):
    """One method as JSON: an object of its parameters in, its result under its name out."""

    http_method_names = ["post"]
    body_types = frozenset(JSON_TYPES)

    def post(self, request: Request, method: str) -> Response:
        """Perform a method. Business failures are answers, not HTTP errors."""
        wanted = METHODS[method]
        arguments = json_form.read_members(wanted.parameters, read_json(self.typed_body(request)))
        result = methods.perform(wanted, arguments, now())
        return Response({f"{method}Result": json_form.write(result)})

    def refuse(self, error: Exception) -> Response:
        """Say what was wrong with the request itself."""
        status, message = refusal(error)
        headers = {"Allow": "POST"} if status == 405 else None
        return Response({"Message": message}, status=status, headers=headers)


class UnknownMethod(JsonMethod):
    """Whatever is none of the methods."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse every request."""
        raise exceptions.NotFound("There is no such method.")


def refusal(error: Exception) -> tuple[int, str]:
    """Return the HTTP status and sentence of a fault of the request."""
    if isinstance(error, Malformed):
        return 400, str(error)
    if isinstance(error, TooLarge):
        return 413, str(error)
    if isinstance(error, exceptions.APIException):
        return error.status_code, str(error.detail)
    return 500, "An internal error occurred."


class Soap(OncEndpoint):
    """All methods as SOAP 1.1, and their description."""

    http_method_names = ["get", "post"]
    body_types = frozenset(XML_TYPES)

    def get(self, request: Request) -> HttpResponse:
        """Return the WSDL where it is asked for, else a line that says where it is."""
        if {"wsdl", "singlewsdl"} & {key.lower() for key in request.GET}:
            return HttpResponse(wsdl.document(request.build_absolute_uri(request.path)), content_type=XML)
        hint = "This is a SOAP 1.1 service; its description is at ?wsdl.\n"
        return HttpResponse(hint, content_type="text/plain; charset=utf-8")

    def post(self, request: Request) -> HttpResponse:
        """Perform the operation that the envelope names."""
        message = soap.read(self.typed_body(request), request.META.get("HTTP_SOAPACTION", ""))
        method = METHODS.get(message.operation)
        if method is None:
            raise soap.unknown(message.operation)
        result = methods.perform(method, soap.parameters(message, method.parameters), now())
        return HttpResponse(soap.answer(method.name, method.result, result), content_type=XML)

    def refuse(self, error: Exception) -> HttpResponse:
        """Return a fault. SOAP sends them all with 500, but for what is wrong with the HTTP request itself."""
        if isinstance(error, soap.Fault):
            return HttpResponse(soap.fault(error), status=500, content_type=XML)
        status, message = refusal(error)
        if status >= 500:
            return HttpResponse(soap.fault(soap.internal()), status=status, content_type=XML)
        code = 500 if status == 400 else status
        return HttpResponse(soap.fault(soap.malformed(message)), status=code, content_type=XML)

    expected = (*Endpoint.expected, soap.Fault)
