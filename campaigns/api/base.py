"""What every resource of the API stands on: one account's rows, strict filters, keyset pages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from django.http import HttpResponse
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import GenericViewSet

from campaigns.api import callers, pages, parsers
from campaigns.models import Account

# Known to every list, beside its own filters; `account` is for the platform's staff.
COMMON_PARAMETERS = frozenset({"account", "cursor", "page_size"})


class Filters(DjangoFilterBackend):
    """Narrows by the view's filters; a parameter that it does not know is refused, for a slip would show too much."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        known = set(self.get_filterset_class(view, queryset).base_filters)
        if unknown := set(request.query_params) - known - COMMON_PARAMETERS:
            told = f"There is no such filter; {', '.join(sorted(known))} are known."
            raise ValidationError({name: [told] for name in sorted(unknown)})
        narrowed: QuerySet[Any] = super().filter_queryset(request, queryset, view)
        return narrowed


class Rows(GenericViewSet[Any]):
    """The rows of the caller's account. Subclasses set `model` and the usual attributes of a viewset."""

    model: ClassVar[type[Model]]
    # How a row is found to be the account's.
    owner: ClassVar[str] = "account"
    # The columns that pages are keyed by, newest first.
    keyset: ClassVar[tuple[str, ...]] = ("id",)
    permission_classes = (callers.MayUse,)
    parser_classes: Sequence[type[BaseParser]] = (parsers.StrictJSON,)
    filter_backends = (Filters,)
    pagination_class = pages.Keyset
    metadata_class = None
    lookup_value_regex = r"\d{1,18}"

    @property
    def account(self) -> Account:
        """Return the account whose rows are served."""
        return callers.of(self.request).account

    @property
    def now(self) -> dt.datetime:
        """Return the moment of the request."""
        return callers.of(self.request).now

    def get_queryset(self) -> QuerySet[Any]:
        """Return the account's rows and no others."""
        if getattr(self, "swagger_fake_view", False):
            return self.model._default_manager.none()
        return self.model._default_manager.filter(**{self.owner: self.account})

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return a list's rows, narrowed; a row that is named by its id is not looked for among fewer."""
        return queryset if self.detail else super().filter_queryset(queryset)

    def once(self, scope: str, handler: Callable[[], Response]) -> Response | HttpResponse:
        """Answer a request that makes something; where keys of repeats are kept, this is what heeds them."""
        return handler()

    def shape(self, rows: Any, *, many: bool = False) -> BaseSerializer[Any]:
        """Return the serializer that shows one row, or many."""
        return self.get_serializer(rows, many=many)

    def shown(self, row: Any, status: int = 200) -> Response:
        """Answer with one row."""
        return Response(self.shape(row).data, status=status)


class Read(Rows):
    """Rows that can be listed and looked at."""

    def list(self, request: Request) -> Response:
        """Return a page of them, newest first."""
        page: Sequence[Any] = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        return self.get_paginated_response(self.shape(page, many=True).data)

    def retrieve(self, request: Request, pk: str) -> Response:
        """Return one."""
        return self.shown(self.get_object())
