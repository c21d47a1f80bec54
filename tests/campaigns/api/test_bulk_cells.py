"""What the bulk door stores is what was sent, whatever stands in a cell and however cells of a column differ."""

from __future__ import annotations

import pytest

from campaigns.models import Call

AWKWARD = (
    {"text": 'a\\b\tc\nd\re "f" \\N \\. \u2028 \x7f ☎ 😀'},
    {"large": 2**63 - 1, "small": -(2**63), "unsigned": 2**64 - 1},
    {"beyond": 10**30},
    {"number": 1.5, "tiny": 1e-7, "none": None, "flags": [True, False], "deep": {"list": [{"a": []}, ""]}},
    {},
    {"": "", "\\": "\\\\"},
)


@pytest.mark.parametrize("repeat", [1, 400])
def test_custom_data_comes_back_as_it_was_sent(api, world, repeat):
    sent = [*AWKWARD] * repeat
    calls = [{"number": "+390612345678", "custom_data": data} for data in sent]
    ids = api.post("calls/bulk/", {"campaign": world.campaign().pk, "calls": calls})["ids"]
    stored = dict(Call.objects.values_list("pk", "custom_data"))
    assert [stored[pk] for pk in ids] == sent


def test_columns_hold_what_few_rows_say(api, world):
    texts = ["", "plain", "tab\there", "back\\slash", "line\nbreak", "\\N", "ünï"]
    moments = [None, "2031-03-03T12:00:00Z", "2031-03-03T14:00:00+02:00"]
    calls = [
        {
            "number": "+390612345678",
            "message": texts[row % len(texts)],
            "reference": texts[-1 - row % len(texts)],
            "not_after": moments[row % len(moments)],
            "max_attempts": [None, 3][row % 2],
            "timezone": ["", "", "Europe/Berlin"][row % 3],
        }
        for row in range(2100)
    ]
    ids = api.post("calls/bulk/", {"campaign": world.campaign().pk, "calls": calls})["ids"]
    stored = Call.objects.in_bulk(ids)
    for pk, sent in zip(ids, calls, strict=True):
        call = stored[pk]
        assert (call.message, call.reference, call.max_attempts) == (
            sent["message"],
            sent["reference"],
            sent["max_attempts"],
        )
        assert (call.not_after is None) == (sent["not_after"] is None)
        assert call.not_after is None or call.not_after.isoformat() == "2031-03-03T12:00:00+00:00"
        own = sent["timezone"]
        assert (call.zones, call.zone_source) == ((own, "contact") if own else ("Europe/Rome", "number"))
