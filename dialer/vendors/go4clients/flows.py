"""The vendor's `callSteps` as the one call flow of the ledger.

A tree is read twice: texts have an error of their own that is told before the campaign is looked at, everything
else about the tree is told after.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from campaigns import flows
from campaigns.flows import Flow, Step
from dialer.vendors.go4clients import voices
from dialer.vendors.go4clients.errors import Code, Fault
from dialer.vendors.go4clients.fields import Fields, as_digits

ROOT = "callSteps"
# With fewer digits a number is none that begins with a country's code.
_FEWEST_ABROAD = 7


def check_texts(value: object, path: str = ROOT) -> None:
    """Refuse a tree in which a SAY has no text or too long a one; nothing else is looked at. Raises Fault."""
    for index, item in enumerate(value if isinstance(value, list) else []):
        if not isinstance(item, dict):
            continue
        here, fields = f"{path}[{index}]", Fields(item)
        kind = _kind(fields)
        if kind == "SAY":
            voices.spoken(fields.get("text"), f"{here}.text")
        elif kind == "DETECT":
            check_texts(fields.get("options"), f"{here}.options")
        elif kind == "OPTION":
            check_texts(fields.get("steps"), f"{here}.steps")


def read(value: object, *, voice: str) -> Flow:
    """Return the flow of a tree; `voice` speaks where a SAY names none. Raises Fault, InvalidFlow."""
    if not isinstance(value, list) or not value:
        raise _wrong(ROOT, "a list of at least one step is wanted")
    flow: Flow = {"steps": _Reader(voice).steps(value, ROOT, 1)}
    flows.check(flow)
    return flow


class _Reader:
    """Reads a tree once, counting its steps."""

    def __init__(self, voice: str) -> None:
        self.voice = voice
        self.count = 0

    def steps(self, value: object, path: str, depth: int) -> list[Step]:
        if not isinstance(value, list):
            raise _wrong(path, "a list of steps is wanted")
        if depth > flows.MAX_DEPTH:
            raise _wrong(path, f"more than {flows.MAX_DEPTH} levels deep")
        return [self.step(item, f"{path}[{index}]", depth) for index, item in enumerate(value)]

    def step(self, item: object, path: str, depth: int) -> Step:
        self.count += 1
        if self.count > flows.MAX_STEPS:
            raise _wrong(path, f"more than {flows.MAX_STEPS} steps")
        fields = _object(item, path)
        read = _STEPS.get(_kind(fields))
        if read is None:
            raise _wrong(f"{path}.type", f"one of {', '.join(_STEPS)} is wanted")
        return read(self, fields, path, depth)

    def say(self, fields: Fields, path: str, depth: int) -> Step:
        step: Step = {"do": "say", "text": voices.spoken(fields.get("text"), f"{path}.text")}
        named = fields.get("voice", "convertVoice")
        voice = self.voice if named is None else voices.known(named)
        if voice is None:
            raise _wrong(f"{path}.voice", "no such voice")
        return step | {"voice": voice} if voice else step

    def play(self, fields: Fields, path: str, depth: int) -> Step:
        source = fields.get("source")
        if not isinstance(source, str) or not source.strip().lower().startswith(("http://", "https://")):
            raise _wrong(f"{path}.source", "an http or https address is wanted")
        scheme, colon, rest = source.strip().partition(":")
        return {"do": "play", "url": scheme.lower() + colon + rest}

    def detect(self, fields: Fields, path: str, depth: int) -> Step:
        listed = fields.get("options")
        if not isinstance(listed, list) or not listed:
            raise _wrong(f"{path}.options", "a list of at least one OPTION is wanted")
        options: dict[str, Step] = {}
        for index, item in enumerate(listed):
            here = f"{path}.options[{index}]"
            option = self.option(_object(item, here), here, depth)
            if options.setdefault(option["key"], option) is not option:
                raise _wrong(f"{here}.dtfmCommand", f"a second option on key {option['key']}")
        return {"do": "detect", "options": list(options.values())}

    def option(self, fields: Fields, path: str, depth: int) -> Step:
        if _kind(fields) != "OPTION":
            raise _wrong(f"{path}.type", "OPTION is wanted")
        key = as_digits(fields.get("dtfmCommand", "dtmfCommand"))
        if key is None or key not in flows.KEYS:
            raise _wrong(f"{path}.dtfmCommand", "one of 0-9, * and # is wanted")
        named = fields.get("optionId")
        label = key if named is None else as_digits(named)
        if label is None or len(label) > 255:
            raise _wrong(f"{path}.optionId", "a text of at most 255 characters is wanted")
        return {"key": key, "id": label, "steps": self.steps(fields.get("steps"), f"{path}.steps", depth + 1)}

    def dial(self, fields: Fields, path: str, depth: int) -> Step:
        digits = (as_digits(fields.get("destination")) or "").removeprefix("+")
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 15):
            raise _wrong(f"{path}.destination", "a number of 1 to 15 digits is wanted")
        # Shorter ones are the client's way of ending a call, or extensions.
        return {"do": "dial", "to": "+" + digits if len(digits) >= _FEWEST_ABROAD else digits}

    def repeat(self, fields: Fields, path: str, depth: int) -> Step:
        return {"do": "repeat"} if fields.get("source") is None else self.play(fields, path, depth)

    def hangup(self, fields: Fields, path: str, depth: int) -> Step:
        return {"do": "hangup"}


_STEPS: dict[str, Callable[[_Reader, Fields, str, int], Step]] = {
    "SAY": _Reader.say,
    "PLAY": _Reader.play,
    "DETECT": _Reader.detect,
    "DIAL": _Reader.dial,
    "REPEAT_AUDIO": _Reader.repeat,
    "HANGUP": _Reader.hangup,
}
# A text with placeholders for the columns of a file: single calls have none.
_OF_FILES = frozenset({"WILCARD_SAY", "WILDCARD_SAY"})


def _kind(fields: Fields) -> str:
    value = fields.get("type")
    return value.strip().upper() if isinstance(value, str) else ""


def _object(item: Any, path: str) -> Fields:
    if not isinstance(item, dict):
        raise _wrong(path, "an object is wanted")
    fields = Fields(item)
    if _kind(fields) in _OF_FILES:
        raise _wrong(f"{path}.type", "steps with placeholders are for campaigns fed from a file")
    return fields


def _wrong(path: str, problem: str) -> Fault:
    return Fault(Code.CALL_REFUSED, f"{path}: {problem}.")
