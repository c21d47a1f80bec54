"""What a call does once it is answered: the flow of each of the vendor's call types."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from itertools import takewhile
from typing import Any

from campaigns import flows
from campaigns.models import Prompt

AUDIO = frozenset({"say", "play"})
MOST_PLAYS = 20


class CallType(IntEnum):
    """What stands in Type."""

    Default = 0
    TextToSpeech = 3
    IVRwithTTS = 4


BY_NUMBER: dict[int | None, CallType] = {kind.value: kind for kind in CallType}
BY_NAME = {kind.name.lower(): kind for kind in CallType}


def plays(repeats: int) -> int:
    """Return how often a recording or an introduction is played: IVRRepeats counts the plays after the first."""
    return 1 + repeats


def recording(prompt: Prompt, *, repeats: int) -> flows.Flow:
    """Return the flow of a stored recording or IVR; of the latter the introduction is repeated."""
    if prompt.flow is None:
        return {"steps": [{"do": "play", "prompt": prompt.extension, "plays": plays(repeats)}]}
    introduction, menu = _parts(prompt.flow)
    return {"steps": [*_repeated(introduction, plays(repeats)), *menu]}


def speech(text: str, *, voice: str, repeats: int) -> flows.Flow:
    """Return the flow that says a text."""
    return flows.spoken(text, voice=voice, plays=plays(repeats))


def introduced(prompt: Prompt, text: str, *, voice: str, repeats: int) -> flows.Flow:
    """Return an IVR's flow with a text in place of its own introduction; its own stays where there is no text."""
    if not text:
        return recording(prompt, repeats=repeats)
    introduction, menu = _parts(prompt.flow or {"steps": []})
    # What has no menu is all content.
    return {"steps": [*speech(text, voice=voice, repeats=repeats)["steps"], *(menu or introduction)]}


def _parts(flow: Mapping[str, Any]) -> tuple[list[flows.Step], list[flows.Step]]:
    """Return what an IVR says before its menu, and the menu."""
    steps = list(flow["steps"])
    introduction = list(takewhile(lambda step: step["do"] in AUDIO, steps))
    return introduction, steps[len(introduction) :]


def _repeated(introduction: list[flows.Step], times: int) -> list[flows.Step]:
    if len(introduction) != 1:
        return introduction * times
    # A key pressed while one step is played ends all its plays.
    (step,) = introduction
    return [{**step, "plays": min(MOST_PLAYS, step.get("plays", 1) * times)}] if times > 1 else introduction
