"""Forms of the ledger, and fields that people can type: windows as lines, holidays as dates."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.forms.fields import InvalidJSONInput
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminTextareaWidget

from campaigns import hours, refusals
from campaigns.models import Account

if TYPE_CHECKING:
    # Generic for the type checker alone.
    ModelForm = forms.ModelForm[Any]
else:
    ModelForm = forms.ModelForm

_LINE = re.compile(r"(?:([a-z ,\-–]+?)\s+)?(\d{1,2}:\d\d)\s*[-–]\s*(\d{1,2}:\d\d)", re.ASCII | re.IGNORECASE)
EVERY_DAY = list(hours.DAYS)


class LedgerForm(ModelForm):
    """A form that knows whose rows it makes, so that what must be unique in an account is checked in the form."""

    # Set by the admin for each request.
    account: ClassVar[Account | None] = None
    request: ClassVar[HttpRequest | None] = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.account is not None and self.instance._state.adding and hasattr(self.instance, "account_id"):
            self.instance.account = self.account

    def _get_validation_exclusions(self) -> set[str]:
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return excluded - {"account"} if getattr(self.instance, "account_id", None) else excluded

    def clean(self) -> dict[str, Any]:
        """Give emptied JSON fields their default: null is no list of windows."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for field in self._meta.model._meta.concrete_fields:
            if isinstance(self.fields.get(field.name), forms.JSONField) and cleaned.get(field.name) is None:
                cleaned[field.name] = None if field.null else field.get_default()
        return cleaned


class Text(UnfoldAdminTextareaWidget):
    """A text of some lines, which can be drawn larger."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"rows": 3, **(attrs or {})})


class JSONText(forms.JSONField):
    """JSON as a person reads it: indented, and nothing where there is none."""

    def prepare_value(self, value: Any) -> Any:
        """Return the text of a value; what was typed stays as it was typed."""
        if isinstance(value, InvalidJSONInput) or value is None:
            return value
        return json.dumps(value, indent=2, ensure_ascii=False)


class LinesField(forms.CharField):
    """A list, typed one entry a line."""

    widget = Text

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        super().__init__(strip=True, **kwargs)

    def read(self, line: str) -> Any:
        """Return the entry of a line. Raises ValidationError."""
        return line

    def written(self, entry: Any) -> str:
        """Return the line of an entry."""
        return str(entry)

    def to_python(self, value: Any) -> list[Any]:  # type: ignore[override]
        """Return the entries. Raises ValidationError naming the line."""
        if isinstance(value, list):
            return value
        lines = [line.strip() for line in (value or "").splitlines()]
        return [self.read(line) for line in lines if line]

    def prepare_value(self, value: Any) -> Any:
        """Return the text of stored entries; what was typed stays as it was typed."""
        return "\n".join(self.written(entry) for entry in value) if isinstance(value, list) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Tell whether the entries are others, however they are typed."""
        try:
            return bool(self.to_python(data) != (initial or []))
        except forms.ValidationError:
            return True


class WindowsField(LinesField):
    """Calling windows: "mon-fri 09:00-20:00" a line; without days, every day."""

    def read(self, line: str) -> dict[str, Any]:
        """Return a window as it is stored. Raises ValidationError."""
        found = _LINE.fullmatch(line)
        if found is None:
            raise forms.ValidationError(f'"{line}" is no window; such as "mon-fri 09:00-20:00" is wanted.')
        days, start, end = found.groups()
        window = {"days": _days(days or "", line), "start": start.zfill(5), "end": end.zfill(5)}
        try:
            hours.parse_windows([window])
        except refusals.InvalidWindows as refusal:
            raise forms.ValidationError(f'"{line}": {refusal.message}') from refusal
        return window

    def written(self, entry: Any) -> str:
        """Return the line of a window."""
        return window_line(entry)


class DatesField(LinesField):
    """Dates, "2026-12-25" a line; the model judges them."""


def window_line(window: dict[str, Any]) -> str:
    """Return a stored window as a person types it."""
    days = window.get("days") or EVERY_DAY
    span = f"{window['start']}-{window['end']}"
    return span if set(days) == set(EVERY_DAY) else f"{_day_span(days)} {span}"


def _day_span(days: Iterable[str]) -> str:
    """Return days as spans: "mon-fri,sun"."""
    indexes = sorted({EVERY_DAY.index(day) for day in days})
    spans: list[list[int]] = []
    for index in indexes:
        if spans and index == spans[-1][-1] + 1:
            spans[-1].append(index)
        else:
            spans.append([index])
    return ",".join(_span(span) for span in spans)


def _span(span: list[int]) -> str:
    joint = "-" if len(span) > 2 else ","
    ends = [span[0], span[-1]] if len(span) > 1 else span
    return joint.join(EVERY_DAY[index] for index in ends)


def _days(text: str, line: str) -> list[str]:
    """Return the days of "mon-fri, sun"; none stands for every day. Raises ValidationError."""
    chosen: set[int] = set()
    for part in filter(None, text.lower().replace("–", "-").replace(" ", "").split(",")):
        first, _, last = part.partition("-")
        if first[:3] not in EVERY_DAY or (last or first)[:3] not in EVERY_DAY:
            raise forms.ValidationError(f'"{line}": {part!r} names no days; {", ".join(EVERY_DAY)} do.')
        start, end = EVERY_DAY.index(first[:3]), EVERY_DAY.index((last or first)[:3])
        chosen |= {index % 7 for index in range(start, end + 1 if end >= start else end + 8)}
    return [day for index, day in enumerate(EVERY_DAY) if index in chosen] or list(EVERY_DAY)
