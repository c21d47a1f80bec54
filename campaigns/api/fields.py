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
from campaigns.models.campaign import check_flow, check_holidays, check_rules, check_windows
from campaigns.states import CampaignState, Channel

OFFSET_WANTED = "A time with its offset is wanted, such as 2026-12-01T09:30:00+01:00."


def check_channels(value: Any) -> None:
    """Refuse what is no object of objects by channel."""
    fine = isinstance(value, dict) and all(isinstance(item, dict) for item in value.values())
    if not fine or set(value) - set(Channel.values):
        raise serializers.ValidationError("An object of settings by channel (voice, sms, email) is wanted.")
    for channel, settings in value.items():
        if not isinstance(settings.get("enabled", True), bool):
            raise serializers.ValidationError(f"{channel}.enabled: true or false is wanted.")


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


class Json(serializers.JSONField):
    """A JSON value that the ledger keeps as it comes, once it has been checked."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, **kwargs})


@extend_schema_field({"type": "object", "description": "A call flow: an object with steps."})
class Flow(Json):
    """A call flow, or none."""

    default_validators = [check_flow]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_null=True, **kwargs)


@extend_schema_field({"type": "array", "items": {"type": "object"}, "description": "Objects with days, start, end."})
class Windows(Json):
    """Calling windows."""

    default_validators = [check_windows]


@extend_schema_field({"type": "array", "items": {"type": "string", "format": "date"}})
class Holidays(Json):
    """Days on which nobody is called."""

    default_validators = [check_holidays]


@extend_schema_field({"type": "object", "description": "By outcome, objects with minutes and retry."})
class Rules(Json):
    """Retry rules."""

    default_validators = [check_rules]


@extend_schema_field({"type": "object", "description": "By channel, objects with enabled, sender and more."})
class Channels(Json):
    """A campaign's settings by channel."""

    default_validators = [check_channels]


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
