"""How the API describes itself in OpenAPI: only its own paths, with the problems that each can answer."""

from __future__ import annotations

from typing import Any, Literal

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from campaigns.api import problems
from campaigns.api.serializers import FieldErrorShape

PREFIX = "/api/v1/"
Direction = Literal["request", "response"]

ACCOUNT = OpenApiParameter(
    "account", int, description="The account whose rows are meant: only for the platform's staff, who have none."
)


class Problem(serializers.Serializer[Any]):
    """A fault (RFC 9457)."""

    type = serializers.CharField(help_text="urn:trunkline:problem: and a code that does not change.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    errors = FieldErrorShape(many=True)  # type: ignore[assignment]  # the wire's name hides DRF's own


class Documented(AutoSchema):
    """Adds to every operation the problems that it can answer."""

    def _get_response_bodies(self, direction: Direction = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for status in self.faults():
            bodies[status] = self._get_response_for_code(  # type: ignore[no-untyped-call]
                Problem, status, media_types=[problems.MEDIA_TYPE], direction=direction
            )
        return bodies

    def faults(self) -> list[str]:
        """Return the statuses of the problems that this operation can answer."""
        wanted = ["400", "401", "403", "404"]
        return wanted if self.method == "GET" else [*wanted, "409", "413", "415", "422"]

    def get_override_parameters(self) -> list[Any]:
        return [ACCOUNT, *super().get_override_parameters()]


def only_native(endpoints: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Leave vendors' paths out of the description: their contracts are their own."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith(PREFIX)]
