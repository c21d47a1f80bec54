"""What a call flow has recorded of a call, in the vendor's words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Steps = Iterable[Mapping[str, Any]]


def recorded(steps: Steps) -> dict[str, str]:
    """Return the keys pressed, by the id of the option that each chose, or by the place of the step that waited."""
    return {
        step.get("option") or str(index): step["key"]
        for index, step in enumerate(steps)
        if step.get("do") == "detect" and step.get("key")
    }


def result(steps: Steps) -> str | None:
    """Return the result that a flow has set: the id of the option chosen last, or None."""
    chosen = [step["option"] for step in steps if step.get("do") == "detect" and step.get("option")]
    return str(chosen[-1]) if chosen else None
