"""Mends the broken JSON that the vendor's own manual prints, and nothing else.

It works by tokens, so what stands inside a string is never touched; text that is JSON comes back as it was.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+) | (?P<string>"(?:[^"\\]|\\.)*+") | (?P<open>[{\[]) | (?P<close>[}\]])
    | (?P<comma>,) | (?P<colon>:) | (?P<word>[^\s{}\[\]:,"]+) | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_ENDS_VALUE = frozenset({"string", "word", "close"})


class _Token(NamedTuple):
    kind: str
    start: int
    end: int
    on_new_line: bool = False


_NOTHING = _Token("", 0, 0)


def repair(text: str) -> str | None:
    """Return the text mended, or None where it cannot be.

    Drops a comma before a closing bracket, and surplus closing braces at the end; adds the comma that is missing
    between a value and a quoted key on a new line; puts quotes around bare keys.
    """
    edits: list[tuple[int, int, str]] = []
    stack: list[str] = []
    last, before = _NOTHING, _NOTHING
    on_new_line = False
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "other"
        if kind == "space":
            on_new_line = on_new_line or "\n" in match.group()
            continue
        if kind == "other":
            # A string without an end, or a space that is none of JSON's: no mending of ours would help.
            return None
        token = _Token(kind, match.start(), match.end(), on_new_line)
        on_new_line = False
        _mend(text, token, (last, before), stack, edits)
        last, before = token, last
    return _applied(text, edits)


def _mend(
    text: str,
    token: _Token,
    behind: tuple[_Token, _Token],
    stack: list[str],
    edits: list[tuple[int, int, str]],
) -> None:
    """Note what is to be changed now that this token has come; keep the stack of open brackets."""
    last, before = behind
    if token.kind == "open":
        stack.append(text[token.start])
    elif token.kind == "close":
        if last.kind == "comma" and before.kind in _ENDS_VALUE:
            edits.append((last.start, last.end, ""))
        if stack:
            stack.pop()
        elif text[token.start] == "}":
            edits.append((token.start, token.end, ""))
    elif token.kind == "colon" and stack and stack[-1] == "{":
        _mend_key(text, behind, edits)


def _mend_key(text: str, behind: tuple[_Token, _Token], edits: list[tuple[int, int, str]]) -> None:
    key, before = behind
    if key.kind == "string":
        if before.kind in _ENDS_VALUE and key.on_new_line:
            edits.append((before.end, before.end, ","))
    elif key.kind == "word" and before.kind in {"open", "comma"} and text[key.start : key.end].isidentifier():
        edits.append((key.start, key.start, '"'))
        edits.append((key.end, key.end, '"'))


def _applied(text: str, edits: list[tuple[int, int, str]]) -> str:
    pieces: list[str] = []
    reached = 0
    for start, end, replacement in edits:
        pieces += (text[reached:start], replacement)
        reached = end
    return "".join([*pieces, text[reached:]])
