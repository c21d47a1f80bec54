"""Tells by the first digits of a number whether a numbering plan's pattern must match it, cannot, or may.

The patterns of phonenumbers are regular expressions over digits, without loops. Here they are followed digit by digit
(by derivatives): after a few digits most of them have either failed or want nothing more but so many digits.
"""

from __future__ import annotations

import functools
import re

# A pattern is a sequence of items; an item is a set of digits, or a choice between sequences.
Item = frozenset[str] | tuple["Sequence", ...]
Sequence = tuple[Item, ...]

ANY = frozenset("0123456789")
_TOKEN = re.compile(r"\\d|\[[0-9-]+\]|[0-9]|\(\?:|\(|\)|\||\?|\{\d+(?:,\d+)?\}")


class Unknown(ValueError):
    """The pattern is written in a way that is not followed here."""


@functools.lru_cache(maxsize=2**16)
def verdict(pattern: str, start: str, length: int) -> bool | None:
    """Tell whether a pattern matches every number of a length that starts so (True), none (False), or some (None).

    Raises Unknown.
    """
    states = [state for state in _after(pattern, start) if _fits(state, length - len(start))]
    if not states:
        return False
    return True if any(_takes_all(state, length - len(start)) for state in states) else None


@functools.lru_cache(maxsize=2**16)
def _after(pattern: str, start: str) -> frozenset[Sequence]:
    """Return what may follow the first digits."""
    if not start:
        return frozenset(_heads(_parsed(pattern)))
    digit = start[-1]
    return frozenset(
        rest for state in _after(pattern, start[:-1]) if state and digit in state[0] for rest in _heads(state[1:])
    )


def _heads(sequence: Sequence) -> list[Sequence]:
    """Return the sequences, each led by a set of digits or empty, that a sequence may begin as."""
    if not sequence or isinstance(sequence[0], frozenset):
        return [sequence]
    return [head for choice in sequence[0] for head in _heads(choice + sequence[1:])]


@functools.lru_cache(maxsize=2**16)
def _fits(sequence: Sequence, length: int) -> bool:
    """Tell whether a sequence can be as long as this."""
    if not sequence:
        return length == 0
    if isinstance(sequence[0], frozenset):
        return length > 0 and _fits(sequence[1:], length - 1)
    return any(_fits(choice + sequence[1:], length) for choice in sequence[0])


@functools.lru_cache(maxsize=2**16)
def _takes_all(sequence: Sequence, length: int) -> bool:
    """Tell whether a sequence takes whatever digits there are, of this length; False where that is not plain."""
    if not sequence:
        return length == 0
    if isinstance(sequence[0], frozenset):
        return length > 0 and sequence[0] == ANY and _takes_all(sequence[1:], length - 1)
    return any(_takes_all(choice + sequence[1:], length) for choice in sequence[0])


@functools.lru_cache(maxsize=2**16)
def _parsed(pattern: str) -> Sequence:
    tokens = _TOKEN.findall(pattern)
    if "".join(tokens) != pattern:
        raise Unknown(pattern)
    choice = _choice(tokens)
    if tokens:
        raise Unknown(pattern)
    return (choice,)


def _choice(tokens: list[str]) -> tuple[Sequence, ...]:
    """Read alternatives up to a closing bracket or the end, taking their tokens off the list."""
    choices: list[Sequence] = []
    sequence: list[Item] = []
    while tokens and tokens[0] != ")":
        token = tokens.pop(0)
        if token == "|":
            choices.append(tuple(sequence))
            sequence = []
        elif token[0] in "?{":
            sequence += _repeated(sequence.pop(), token)
        else:
            sequence.append(_item(token, tokens))
    return (*choices, tuple(sequence))


def _item(token: str, tokens: list[str]) -> Item:
    if token.startswith("("):
        choice = _choice(tokens)
        if not tokens:
            raise Unknown("a bracket is not closed")
        tokens.pop(0)
        return choice
    if token == r"\d":
        return ANY
    return frozenset(digit for digit in ANY if re.fullmatch(token, digit))


def _repeated(item: Item, token: str) -> list[Item]:
    """Return so many of an item, then as many again as may be left out."""
    if token == "?":
        return [((item,), ())]
    least, _, most = token[1:-1].partition(",")
    optional: Sequence = ()
    for _ in range(int(most or least) - int(least)):
        optional = (((item, *optional), ()),)
    return [item] * int(least) + list(optional)
