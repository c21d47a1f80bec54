"""The shapes of the ledger's rows in the API."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from campaigns import identifiers
from campaigns.api import fields
from campaigns.api.fields import Shape, Strict, own_campaign
from campaigns.models import Call, CallAttempt, Campaign, Contact, Member, Prompt, Suppression
from campaigns.models.account import check_zone
from campaigns.states import Outcome, Reason, ZoneSource

MAX_AUDIO = 20 * 1024 * 1024


class IdentifiersShape(serializers.Serializer[Any]):
    """The names by which vendors' programs know a campaign."""

    go4clients_id = serializers.IntegerField()
    go4clients_unique_id = serializers.UUIDField()
    jaicp_token = serializers.CharField()
    voicenter_code = serializers.CharField()
    onc_id = serializers.UUIDField()


class CountsShape(serializers.Serializer[Any]):
    """A campaign's calls by state; the waiting by reason, the done by outcome."""

    total = serializers.IntegerField()
    waiting = serializers.IntegerField()
    live = serializers.IntegerField()
    done = serializers.IntegerField()
    outcomes = serializers.DictField(child=serializers.IntegerField())
    reasons = serializers.DictField(child=serializers.IntegerField())


class CampaignShape(Shape):
    """A campaign; `counts` are taken from the context, for a whole page at once."""

    caller_id = serializers.RegexField(r"\A\+?[0-9]{3,15}\Z", max_length=16, required=False, allow_blank=True)
    flow = fields.Flow()
    channels = fields.Channels()
    windows = fields.Windows()
    holidays = fields.Holidays()
    retry_rules = fields.Rules()
    identifiers = serializers.SerializerMethodField()
    counts = serializers.SerializerMethodField()

    class Meta:
        model = Campaign
        fields = [
            *("id", "name", "description", "state", "api", "caller_id", "caller_name", "message", "voice"),
            *("repetition_key", "max_plays", "flow", "channels", "detect_machines", "timezone", "windows"),
            *("holidays", "starts_at", "ends_at", "pacing", "capacity", "calls_per_second", "max_abandon_rate"),
            *("calls_per_member", "member_wait_seconds", "wrap_up_seconds", "safe_harbour_message"),
            *("ring_seconds", "max_attempts", "retry_minutes"),
            *("retry_growth", "retry_rules", "created_at", "started_at", "finished_at", "changed_at", "changed_by"),
            *("identifiers", "counts"),
        ]
        read_only_fields = ["state", "api", "created_at", "started_at", "finished_at", "changed_at", "changed_by"]

    @extend_schema_field(IdentifiersShape)
    def get_identifiers(self, campaign: Campaign) -> dict[str, str | int]:
        """Return the vendors' names of the campaign."""
        return identifiers.of(campaign)

    @extend_schema_field(CountsShape)
    def get_counts(self, campaign: Campaign) -> dict[str, Any]:
        """Return the campaign's calls by state, outcome and reason."""
        shown: dict[str, Any] = self.context["counts"][campaign.pk].shown()
        return shown

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse an end that does not come after the start."""
        starts = attrs.get("starts_at", getattr(self.instance, "starts_at", None))
        ends = attrs.get("ends_at", getattr(self.instance, "ends_at", None))
        if starts and ends and starts >= ends:
            raise serializers.ValidationError({"ends_at": "The end must come after the start."})
        return attrs


class CopyShape(Strict):
    """What the copy of a campaign is to be called."""

    name = serializers.CharField(max_length=255, required=False)


class MemberShape(Shape):
    """An agent who serves a campaign's answered calls."""

    campaign = own_campaign()
    in_call = serializers.SerializerMethodField(help_text="With a person right now.")
    busy_until = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="The end of the last wrap-up or break: given no call before it."
    )

    class Meta:
        model = Member
        fields = ["id", "campaign", "code", "display_name", "is_available", "in_call", "busy_until"]
        read_only_fields = ["busy_until"]
        validators: list[Any] = []

    def get_in_call(self, member: Member) -> bool:
        """Tell whether the member talks; one who was just made does not."""
        return bool(getattr(member, "in_call", False))

    def validate_campaign(self, campaign: Campaign) -> Campaign:
        """Refuse to move what exists to another campaign."""
        return _kept(self.instance, campaign)


class ContactShape(Shape):
    """A person of a campaign."""

    campaign = own_campaign()
    attributes = serializers.DictField(required=False)

    class Meta:
        model = Contact
        fields = [
            *("id", "campaign", "uuid", "first_name", "last_name", "timezone", "attributes"),
            *("created_at", "removed_at"),
        ]
        read_only_fields = ["created_at", "removed_at"]
        validators: list[Any] = []

    def validate_campaign(self, campaign: Campaign) -> Campaign:
        """Refuse to move what exists to another campaign."""
        return _kept(self.instance, campaign)

    def validate_timezone(self, value: str) -> str:
        """Refuse what is no time zone."""
        if value:
            check_zone(value)
        return value


class AttemptShape(Shape):
    """One try of a call over one carrier."""

    outcome = serializers.ChoiceField(Outcome.choices, allow_blank=True, read_only=True)
    steps = serializers.ListField(child=serializers.DictField(), read_only=True)
    cost = serializers.FloatField(read_only=True)

    class Meta:
        model = CallAttempt
        fields = [
            *("id", "key", "call", "campaign", "n", "channel", "carrier", "destination", "caller_id", "state"),
            *("outcome", "cause", "counts", "claimed_at", "placed_at", "ringing_at", "answered_at"),
            *("connected_at", "ended_at", "digits", "steps", "member", "abandoned", "cost"),
        ]
        read_only_fields = fields


class CallShape(Shape):
    """One destination to reach, with all tries so far."""

    outcome = serializers.ChoiceField(Outcome.choices, allow_blank=True, read_only=True)
    reason = serializers.ChoiceField(Reason.choices, allow_blank=True, read_only=True)
    timezone = serializers.SerializerMethodField(help_text="The zone it was given with; blank: from the number.")
    reason_text = serializers.SerializerMethodField(help_text="The reason in words.")
    custom_data = serializers.DictField(read_only=True)
    flow = serializers.DictField(read_only=True, allow_null=True)
    window = serializers.ListField(child=serializers.DictField(), read_only=True, allow_null=True)
    attempts = AttemptShape(many=True, read_only=True)

    class Meta:
        model = Call
        fields = [
            *("id", "campaign", "contact", "number", "destination", "channel", "priority", "due_at", "not_after"),
            *("timezone", "window", "caller_id", "caller_name", "message", "voice", "flow", "max_attempts"),
            *("retry_minutes", "custom_data", "external_id", "reference", "state", "outcome", "reason"),
            *("reason_text", "next_look_at", "attempts_made", "attempts_total", "cancel_requested_at"),
            *("created_at", "done_at", "attempts"),
        ]
        read_only_fields = fields

    def get_timezone(self, call: Call) -> str:
        """Return the zone that the call was given with."""
        return call.zones if call.zone_source == ZoneSource.CONTACT else ""

    def get_reason_text(self, call: Call) -> str:
        """Return why the call is not placed now, or what closed it, in words."""
        return Reason(call.reason).label


class FieldErrorShape(serializers.Serializer[Any]):
    """One field that was wrong."""

    field = serializers.CharField(allow_blank=True, help_text="Its path, such as calls[17].number; blank: the body.")
    message = serializers.CharField()


class BulkShape(serializers.Serializer[Any]):
    """What became of many calls. `ids` stand in the order of the request, null for what was refused."""

    ids = serializers.ListField(child=serializers.IntegerField(allow_null=True))
    accepted = serializers.IntegerField()
    refused = serializers.IntegerField()
    errors = FieldErrorShape(many=True)  # type: ignore[assignment]  # the wire's name hides DRF's own


class SuppressionShape(Shape):
    """A destination that must not be reached."""

    campaign = own_campaign(allow_null=True, required=False)

    class Meta:
        model = Suppression
        fields = ["id", "destination", "channel", "campaign", "source", "created_at"]
        read_only_fields = ["created_at"]
        validators: list[Any] = []


class PromptShape(Shape):
    """A stored audio file (`file`, a WAV) or call flow (`flow`), found by its extension."""

    extension = serializers.IntegerField(min_value=0, max_value=2**53 - 1, required=False)
    file = serializers.FileField(required=False, allow_null=True)
    flow = fields.Flow()

    class Meta:
        model = Prompt
        fields = ["id", "extension", "name", "file", "flow", "created_at"]
        read_only_fields = ["created_at"]
        validators: list[Any] = []

    def validate_file(self, file: UploadedFile[bytes] | None) -> UploadedFile[bytes] | None:
        """Refuse what is no WAV, or too large."""
        if file is None:
            return None
        if (file.size or 0) > MAX_AUDIO:
            raise serializers.ValidationError(f"The file has {file.size} bytes; {MAX_AUDIO} are the most.")
        head = file.read(12)
        file.seek(0)
        if head[:4] != b"RIFF" or head[8:] != b"WAVE":
            raise serializers.ValidationError("A WAV file is wanted.")
        return file

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse both a file and a flow, and a new prompt with neither."""
        contents = {name for name in ("file", "flow") if attrs.get(name) is not None}
        if len(contents) == 2 or not (self.instance or contents):
            raise serializers.ValidationError({"file": "Either a file or a flow is wanted."})
        return {name: value for name, value in attrs.items() if value is not None}

    def to_representation(self, prompt: Prompt) -> dict[str, Any]:
        """Return the prompt with the address where its own account can fetch the audio; null for a flow."""
        shown: dict[str, Any] = super().to_representation(prompt)
        path = reverse("prompts-audio", args=[prompt.pk]) + "/"
        shown["file"] = self.context["request"].build_absolute_uri(path) if prompt.file else None
        return shown


def _kept(instance: Any, campaign: Campaign) -> Campaign:
    if instance is not None and instance.campaign_id != campaign.pk:
        raise serializers.ValidationError("It cannot be moved to another campaign.")
    return campaign
