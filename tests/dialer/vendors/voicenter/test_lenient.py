"""The one lenient pass over broken JSON: what it mends, what it leaves, and that strings are safe from it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.vendors.voicenter import lenient

TEXTS = st.text(st.characters(codec="utf-8") | st.sampled_from('{}[]:,"\\\n \t'), max_size=12)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=20
)
INDENTS = st.sampled_from([None, 0, 1, 2, "\t"])
MANY = settings(max_examples=150, deadline=None)


@MANY
@given(VALUES, INDENTS, st.booleans())
def test_what_strict_json_accepts_is_not_changed(value, indent, ascii_only):
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    assert lenient.repair(text) == text


class _Broken:
    """Writes a value as the manual would, with each of its faults where a draw says so."""

    def __init__(self, draw) -> None:
        self.yes = lambda: draw(st.booleans())

    def write(self, value) -> str:
        if isinstance(value, dict):
            return self._object(value)
        if isinstance(value, list):
            items = ", ".join(map(self.write, value))
            return f"[{items}{self._trailing(value)}]"
        return json.dumps(value)

    def _object(self, value: dict) -> str:
        text = ""
        for index, (key, item) in enumerate(value.items()):
            bare = key.isidentifier() and self.yes()
            if index:
                # A comma may be missing only before a quoted key on a new line.
                text += "\n" if not bare and self.yes() else ",\n "
            text += f"{key if bare else json.dumps(key)}: {self.write(item)}"
        return f"{{{text}{self._trailing(value)}}}"

    def _trailing(self, value) -> str:
        return "\n," if value and self.yes() else ""


@st.composite
def broken(draw):
    value = draw(st.dictionaries(TEXTS | st.from_regex(r"[A-Za-z_]\w{0,5}", fullmatch=True), VALUES, max_size=5))
    return value, _Broken(draw).write(value) + draw(st.sampled_from(["", "}", "\n}\n}", " "]))


@MANY
@given(broken())
def test_every_fault_of_the_manual_is_mended_and_no_string_is_altered(case):
    value, text = case
    mended = lenient.repair(text)
    assert mended is not None
    assert json.loads(mended) == value


@MANY
@given(st.text(st.sampled_from('{}[]:,"\\ab1\n \u2028\x00'), max_size=40))
def test_any_text_is_answered_and_mending_twice_changes_nothing_that_is_json(text):
    mended = lenient.repair(text)
    try:
        json.loads(text)
    except ValueError:
        return
    assert mended == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": "x"\n"b": 1}', {"a": "x", "b": 1}),
        ('{"a": {"c": 1}\r\n  "b": [1]\n "d": true\n}', {"a": {"c": 1}, "b": [1], "d": True}),
        ('{"a": 1,}', {"a": 1}),
        ('[{"a": [1, 2, ], }, ]', [{"a": [1, 2]}]),
        ('{ErrorCode: 0, Description: "OK"}', {"ErrorCode": 0, "Description": "OK"}),
        ('{"a": 1}}', {"a": 1}),
        ('{"a": 1}\n}\n}', {"a": 1}),
        ('{"a": "x,}\\"\\n\\"b\\": {c:1,}"\n"b": ",]"}', {"a": 'x,}"\n"b": {c:1,}', "b": ",]"}),
    ],
)
def test_what_is_mended(text, value):
    mended = lenient.repair(text)
    assert mended is not None
    assert json.loads(mended) == value


@pytest.mark.parametrize(
    "text",
    [
        "{{{",
        '{"a": 1 "b": 2}',
        '{"a" "b"}',
        '{"a": 1,,}',
        "[,]",
        "{,}",
        "{'a': 1}",
        '["a"\n"b"]',
        '{"a": 1}]',
        '{"a": 1} {"b": 2}',
        '{"a": [1}',
        '{"a": "no end}',
        "{a-b: 1}",
        '{"a": nope}',
    ],
)
def test_what_is_not_mended(text):
    mended = lenient.repair(text)
    with pytest.raises(ValueError, match=r"."):
        json.loads(mended if mended is not None else text)


def test_a_long_text_takes_time_in_proportion():
    # Backslashes before quotes without an end are where a careless pattern looks at everything again and again.
    for text in ('"' + '\\"' * 500_000, "{" * 500_000, '{"a":1,}' * 100_000):
        lenient.repair(text)
