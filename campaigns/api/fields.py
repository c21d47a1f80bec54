"""Serializer fields that differ from DRF's own: times with an offset, plain numbers, rows of one's own account."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import models
from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from campaigns.api import callers
from campaigns.models import Campaign
from campaigns.states import CampaignState

OFFSET_WANTED = "A time with its offset is wanted, such as 2026-12-01T09:30:00+01:00."


class Moment(serializers.DateTimeField):
    """A time that must say its offset: without one it is refused, never guessed."""

    default_error_messages = {"naive": OFFSET_WANTED, "invalid": OFFSET_WANTED}

    def enforce_timezone(self, value: dt.datetime) -> dt.datetime:
        if value.tzinfo is None:
            self.fail("naive")
        return super().enforce_timezone(value)


@extend_schema_field(OpenApiTypes.DOUBLE)
class Number(serializers.DecimalField):
    """A decimal that is shown as a JSON number."""

    def to_representation(self, value: Any) -> Any:
        return float(value)


class Strict(serializers.Serializer[Any]):
    """Refuses fields that it does not know, so that a slip of the pen is not silently ignored."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = sorted(set(data) - set(self.fields)) if isinstance(data, Mapping) else []
        faults: dict[str, Any] = {name: ["There is no such field."] for name in unknown}
        try:
            value = super().to_internal_value(data)
        except serializers.ValidationError as error:
            told: Any = error.detail
            raise serializers.ValidationError({**told, **faults}) from error
        if faults:
            raise serializers.ValidationError(faults)
        return value


class Shape(Strict, serializers.ModelSerializer[Any]):
    """A model's shape in the API."""

    serializer_field_mapping = serializers.ModelSerializer.serializer_field_mapping | {
        models.DateTimeField: Moment,
        models.DecimalField: Number,
    }


class OwnCampaign(serializers.PrimaryKeyRelatedField[Campaign]):
    """The id of a campaign of the caller's account; another account's is as unknown as none."""

    default_error_messages = {"does_not_exist": "There is no campaign {pk_value}."}

    def get_queryset(self) -> QuerySet[Campaign]:
        account = callers.of(self.context["request"]).account
        return Campaign.objects.filter(account=account).exclude(state=CampaignState.DELETED)


def own_campaign(**kwargs: Any) -> OwnCampaign:
    """Return a field for a campaign of one's own; the rows are narrowed with each request."""
    return OwnCampaign(queryset=Campaign.objects.none(), **kwargs)


def given(serializer: serializers.BaseSerializer[Any]) -> dict[str, Any]:
    """Return the validated fields of a request. Raises ValidationError."""
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)
