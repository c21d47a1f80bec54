"""Stored audio and stored call flows, found by their extension number."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models

from campaigns.models.account import Account
from campaigns.models.campaign import check_flow


class Prompt(models.Model):
    """A stored audio file or call flow."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="prompts")
    extension = models.PositiveBigIntegerField()
    name = models.CharField(max_length=100)
    file = models.FileField(upload_to="prompts/", blank=True, default="")
    flow = models.JSONField(null=True, blank=True, validators=[check_flow])
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "extension"], name="prompt_extension_once_in_account")
        ]

    def __str__(self) -> str:
        return f"{self.extension} {self.name}"

    def is_flow(self) -> bool:
        """Tell a call flow (an IVR, in SENDService's word) from an audio file."""
        return self.flow is not None

    def clean(self) -> None:
        if bool(self.file) == self.is_flow():
            raise ValidationError("A prompt is either an audio file or a call flow.")
