"""Attempts: what was tried, and what came of it. Nobody changes them."""

from __future__ import annotations

from django.db.models import QuerySet

from campaigns.api import base, filters, serializers
from campaigns.models import CallAttempt


class Attempts(base.Read):
    """Attempts of the account, the last claimed first."""

    model = CallAttempt
    queryset = CallAttempt.objects.none()
    serializer_class = serializers.AttemptShape
    filterset_class = filters.AttemptFilters
    keyset = ("claimed_at", "id")

    def get_queryset(self) -> QuerySet[CallAttempt]:
        """Return the account's attempts, without the carriers' raw words."""
        return super().get_queryset().defer("events", "evidence")
