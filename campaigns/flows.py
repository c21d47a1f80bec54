"""The one call flow that every vendor's form becomes: a tree of steps, validated once, walked by every carrier.

A flow is {"steps": [step, …]}. Steps, by their "do":

    say     text, voice?, plays? (1), repeat_key?     speak a text; the key replays it
    play    url | prompt, plays? (1), repeat_key?     play a recording: a URL, or a stored prompt's extension
    detect  options, seconds? (8), tries? (2)         wait for one key; a key with an option runs its steps
            option: key, id?, steps
    dial    to | members: true, seconds? (30)         bridge to a number, or to a free member
    repeat                                            play the last say or play once more
    hangup                                            end the call

Steps run in order; the end of the list hangs up. After an option's steps the walk goes on behind the detect.
Steps behind a dial run only if the bridge failed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from campaigns import refusals

MAX_DEPTH = 10
MAX_STEPS = 200
MAX_TEXT = 5000
KEYS = frozenset("0123456789*#")

Step = dict[str, Any]
Flow = dict[str, Any]


def check(value: object) -> None:
    """Refuse a malformed flow. Raises InvalidFlow naming the path of what is wrong."""
    if not isinstance(value, dict) or set(value) != {"steps"}:
        raise refusals.InvalidFlow('flow: an object with "steps" is wanted.', field="flow")
    _Checker().steps(value["steps"], "flow.steps", 1)


class _Checker:
    """Walks a flow once, counting its steps."""

    def __init__(self) -> None:
        self.count = 0

    def steps(self, value: object, path: str, depth: int) -> None:
        if not isinstance(value, list):
            raise _wrong(path, "a list of steps is wanted")
        if depth > MAX_DEPTH:
            raise _wrong(path, f"more than {MAX_DEPTH} levels deep")
        for index, step in enumerate(value):
            self.step(step, f"{path}[{index}]", depth)

    def step(self, step: object, path: str, depth: int) -> None:
        self.count += 1
        if self.count > MAX_STEPS:
            raise _wrong(path, f"more than {MAX_STEPS} steps")
        if not isinstance(step, dict) or step.get("do") not in _FIELDS:
            raise _wrong(f"{path}.do", f"one of {', '.join(_FIELDS)} is wanted")
        fields = _FIELDS[step["do"]]
        if unknown := set(step) - set(fields) - {"do"}:
            raise _wrong(f"{path}.{sorted(map(str, unknown))[0]}", f"{step['do']} has no such field")
        for name, fine in fields.items():
            if name in step and (problem := fine(step[name])):
                raise _wrong(f"{path}.{name}", problem)
        if step["do"] in _NEEDS and sum(name in step for name in _NEEDS[step["do"]]) != 1:
            raise _wrong(path, f"{step['do']} takes exactly one of {', '.join(_NEEDS[step['do']])}")
        if step["do"] == "detect":
            self.options(step["options"], f"{path}.options", depth)

    def options(self, value: list[object], path: str, depth: int) -> None:
        seen: set[str] = set()
        for index, option in enumerate(value):
            here = f"{path}[{index}]"
            if not isinstance(option, dict) or set(option) - {"key", "id", "steps"}:
                raise _wrong(here, "an object with key, id and steps is wanted")
            key = option.get("key")
            if not isinstance(key, str) or key not in KEYS or len(key) != 1:
                raise _wrong(f"{here}.key", "one of 0-9, * and # is wanted")
            if key in seen:
                raise _wrong(f"{here}.key", f"a second option on key {key}")
            seen.add(key)
            if problem := _text(option.get("id", "")):
                raise _wrong(f"{here}.id", problem)
            self.steps(option.get("steps"), f"{here}.steps", depth + 1)


def _wrong(path: str, problem: str) -> refusals.InvalidFlow:
    return refusals.InvalidFlow(f"{path}: {problem}.", field=path)


def _text(value: object) -> str:
    return "" if isinstance(value, str) and len(value) <= 255 else "a text of at most 255 characters is wanted"


def _speech(value: object) -> str:
    fine = isinstance(value, str) and len(value.strip()) > 0 and len(value) <= MAX_TEXT
    return "" if fine else f"a text of 1 to {MAX_TEXT} characters is wanted"


def _url(value: object) -> str:
    fine = isinstance(value, str) and value.startswith(("http://", "https://")) and len(value) <= 2000
    return "" if fine else "an http or https address is wanted"


def _whole(low: int, high: int) -> Callable[[object], str]:
    def fine(value: object) -> str:
        good = isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
        return "" if good else f"a whole number from {low} to {high} is wanted"

    return fine


def _key(value: object) -> str:
    return "" if isinstance(value, str) and len(value) == 1 and value in KEYS else "one of 0-9, * and # is wanted"


def _number(value: object) -> str:
    fine = isinstance(value, str) and 1 <= len(value.removeprefix("+")) <= 15 and value.removeprefix("+").isdecimal()
    return "" if fine else "a number of 1 to 15 digits is wanted"


def _options(value: object) -> str:
    return "" if isinstance(value, list) and value else "a list of at least one option is wanted"


def _true(value: object) -> str:
    return "" if value is True else "true is wanted"


_FIELDS: Mapping[str, Mapping[str, Callable[[object], str]]] = {
    "say": {"text": _speech, "voice": _text, "plays": _whole(1, 20), "repeat_key": _key},
    "play": {"url": _url, "prompt": _whole(0, 2**53), "plays": _whole(1, 20), "repeat_key": _key},
    "detect": {"options": _options, "seconds": _whole(1, 60), "tries": _whole(1, 10)},
    "dial": {"to": _number, "members": _true, "seconds": _whole(1, 300)},
    "repeat": {},
    "hangup": {},
}
_NEEDS: Mapping[str, tuple[str, ...]] = {
    "say": ("text",),
    "play": ("url", "prompt"),
    "detect": ("options",),
    "dial": ("to", "members"),
}


def spoken(text: str, *, voice: str = "", plays: int = 1, repeat_key: str = "") -> Flow:
    """Return the flow that says one text."""
    step: Step = {"do": "say", "text": text}
    if voice:
        step["voice"] = voice
    if plays != 1:
        step["plays"] = plays
    if repeat_key:
        step["repeat_key"] = repeat_key
    return {"steps": [step]}
