"""Walks a call flow, whoever the carrier: it yields what to do next and is told what came of it.

The walker does no input or output and knows no clock. A carrier drives it:

    walk = Walk(flow)
    command = walk.start()
    while command is not None:
        command = walk.told(... what the carrier did of the command, and which keys were pressed meanwhile ...)

Keys pressed while something is said count for the next detect, as people press before the sentence is over.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

# How long after a text the key that repeats it is waited for, in seconds (Go4clients contract, section 5).
REPEAT_SECONDS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What the carrier is to do next: "say", "play", "wait", "dial" or "hangup".

    A say or play with `stops_on_key` ends at the first key. A wait ends at the first key or after `seconds`.
    """

    do: str
    text: str = ""
    voice: str = ""
    url: str = ""
    prompt: int | None = None
    seconds: int = 0
    to: str = ""
    members: bool = False
    stops_on_key: bool = False


@dataclass(slots=True)
class Walk:
    """One walk through one flow. `steps` and `digits` say what was walked and pressed so far."""

    flow: Mapping[str, Any]
    steps: list[dict[str, Any]] = field(default_factory=list)
    digits: str = ""
    # Seconds after the answer, as the carrier last told.
    at: float = 0.0
    _typed: deque[str] = field(default_factory=deque)
    _run: Generator[Command, bool, bool] | None = None
    _last_audio: Mapping[str, Any] | None = None

    def start(self) -> Command | None:
        """Return the first command, or None where there is nothing to do but hang up."""
        self._run = self._steps(self.flow.get("steps", []))
        return next(self._run, None)

    def told(self, *, at: float, keys: str = "", done: bool = True) -> Command | None:
        """Take what came of the last command, and return the next, or None at the end: then hang up.

        `at` is seconds after the answer; `keys` all that was pressed meanwhile; `done` is False where the command
        failed: a bridge that did not come about, a recording that could not be played.
        """
        if self._run is None:
            raise ValueError("The walk has not been started.")
        self.heard(keys)
        self.at = at
        try:
            return self._run.send(done)
        except StopIteration:
            return None

    def heard(self, keys: str) -> None:
        """Note keys that were pressed, also those that no step waits for."""
        self.digits += keys
        self._typed.extend(keys)

    def _note(self, do: str, **more: Any) -> dict[str, Any]:
        step = {"do": do, "at": round(self.at, 3), **more}
        self.steps.append(step)
        return step

    def _steps(self, steps: Sequence[Mapping[str, Any]]) -> Generator[Command, bool, bool]:
        """Walk steps in order; return whether the call goes on after them."""
        for index, step in enumerate(steps):
            before_detect = index + 1 < len(steps) and steps[index + 1]["do"] == "detect"
            if not (yield from self._step(step, before_detect)):
                return False
        return True

    def _step(self, step: Mapping[str, Any], before_detect: bool) -> Generator[Command, bool, bool]:
        match step["do"]:
            case "say" | "play":
                yield from self._audio(step, before_detect)
            case "repeat":
                if self._last_audio is not None:
                    yield from self._audio({**self._last_audio, "plays": 1, "repeat_key": None}, before_detect)
            case "detect":
                return (yield from self._detect(step))
            case "dial":
                return (yield from self._dial(step))
            case "hangup":
                self._note("hangup")
                return False
        return True

    def _audio(self, step: Mapping[str, Any], before_detect: bool) -> Generator[Command, bool, None]:
        self._last_audio = dict(step)
        key = step.get("repeat_key")
        plays = step.get("plays", 1)
        command = Command(
            do=step["do"],
            text=step.get("text", ""),
            voice=step.get("voice", ""),
            url=step.get("url", ""),
            prompt=step.get("prompt"),
            stops_on_key=before_detect or bool(key),
        )
        while plays > 0:
            if before_detect and self._typed:
                return
            plays -= 1
            note = self._note(step["do"])
            played = yield command
            if not played:
                note["failed"] = True
            if key and (yield from self._wants_repeat(key, last=plays == 0)):
                plays += 1

    def _wants_repeat(self, key: str, *, last: bool) -> Generator[Command, bool, bool]:
        """Tell whether the repetition key was pressed while the text was said or shortly after its last play."""
        if last and not self._typed:
            yield Command(do="wait", seconds=REPEAT_SECONDS)
        pressed = key in self._typed
        self._typed.clear()
        if pressed:
            self._note("repeat", key=key)
        return pressed

    def _detect(self, step: Mapping[str, Any]) -> Generator[Command, bool, bool]:
        options = {option["key"]: option for option in step["options"]}
        note = self._note("detect", key="")
        for _ in range(step.get("tries", 2)):
            if not self._typed:
                yield Command(do="wait", seconds=step.get("seconds", 8))
            key = self._typed.popleft() if self._typed else ""
            note["key"] = key or note["key"]
            if key in options:
                note["option"] = options[key].get("id", "")
                return (yield from self._steps(options[key]["steps"]))
        return True

    def _dial(self, step: Mapping[str, Any]) -> Generator[Command, bool, bool]:
        note = self._note("dial", to=step.get("to", "members"))
        bridged = yield Command(
            do="dial",
            to=step.get("to", ""),
            members=step.get("members", False),
            seconds=step.get("seconds", 30),
        )
        note["bridged"] = bridged
        # What stands behind a dial is for the case that nobody could be reached.
        return not bridged
