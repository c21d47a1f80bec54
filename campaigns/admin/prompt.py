"""Stored audio files and call flows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from campaigns.admin import filters
from campaigns.admin.base import LedgerAdmin
from campaigns.admin.forms import LedgerForm
from campaigns.models import Prompt
from campaigns.operations import prompts


class PromptForm(LedgerForm):
    """A prompt; a new one without an extension gets the next free one."""

    extension = forms.IntegerField(
        min_value=0,
        max_value=9_223_372_036_854_775_807,
        required=False,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="Blank for a new prompt: the next free one.",
    )

    def clean_extension(self) -> int | None:
        """Keep the extension of a stored prompt where none is given."""
        given: int | None = self.cleaned_data["extension"]
        return self.instance.extension if given is None else given

    def _get_validation_exclusions(self) -> set[str]:
        excluded = super()._get_validation_exclusions()
        return excluded | {"extension"} if self.cleaned_data.get("extension") is None else excluded


@admin.register(Prompt)
class PromptAdmin(LedgerAdmin):
    """Audio files and call flows, found by their extension."""

    form = PromptForm
    list_display = ("name", "account", "extension", "kind", "created_at")
    list_filter = (("account", filters.RelatedDropdownFilter),)
    list_select_related = ("account",)
    search_fields = ("name", "=extension")
    fields = ("account", ("name", "extension"), "file", "flow")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """Return what cannot be changed: a prompt stays with its account."""
        return ("account",) if obj else ()

    @admin.display(description="Kind")
    def kind(self, row: Prompt) -> str:
        """Say what it is."""
        return "Call flow" if row.is_flow() else "Audio file"

    def make(self, request: HttpRequest, fields: dict[str, Any]) -> Model:
        """Store a prompt. Raises AlreadyThere."""
        fields["file"] = fields["file"] or None
        return prompts.store_prompt(**fields)

    def alter(self, request: HttpRequest, row: Prompt, changed: Mapping[str, Any]) -> None:
        """Change a prompt; a new file or flow takes the place of the old. Raises AlreadyThere."""
        fields = dict(changed)
        file = fields.pop("file", None)
        prompts.change_prompt(prompt=row, file=file if isinstance(file, UploadedFile) else None, **fields)

    def delete_model(self, request: HttpRequest, obj: Prompt) -> None:
        """Remove a prompt and its file."""
        prompts.remove_prompt(prompt=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Prompt]) -> None:
        """Remove prompts and their files."""
        for prompt in queryset:
            prompts.remove_prompt(prompt=prompt)
