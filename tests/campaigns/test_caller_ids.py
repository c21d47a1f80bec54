"""The order in which a caller id is looked for, as a table."""

from __future__ import annotations

import collections

import pytest

from campaigns import caller_ids
from campaigns.models import CallerId

ISRAEL = CallerId(number="972722000001", country="IL")
ITALY = CallerId(number="390600000002", country="IT")
ANYWHERE = CallerId(number="972722000003")
EXTENSION = CallerId(number="972722000004", member_code="SIP7")
EXTENSION_ITALY = CallerId(number="390600000005", country="IT", member_code="SIP7")
EVERYTHING = [ANYWHERE, EXTENSION_ITALY, EXTENSION, ITALY, ISRAEL]
TO_ISRAEL, TO_ITALY, TO_FRANCE = "+972502454545", "+390612345678", "+33123456789"


@pytest.mark.parametrize(
    ("requested", "destination", "listed", "member_code", "campaign", "shown"),
    [
        # What was asked for goes before everything.
        ("0722776772", TO_ISRAEL, EVERYTHING, "SIP7", "390612", "0722776772"),
        ("Anonymous", TO_ISRAEL, EVERYTHING, "SIP7", "390612", "Anonymous"),
        ("anonymous", TO_ISRAEL, [], "", "390612", "Anonymous"),
        # Then the number for the called country, even where the member has one.
        ("", TO_ISRAEL, EVERYTHING, "SIP7", "390612", ISRAEL.number),
        ("", TO_ITALY, EVERYTHING, "SIP7", "390612", ITALY.number),
        # Then the member's: for the country, else the one for any.
        ("", TO_FRANCE, EVERYTHING, "SIP7", "390612", EXTENSION.number),
        ("", TO_ITALY, [EXTENSION, EXTENSION_ITALY], "SIP7", "390612", EXTENSION_ITALY.number),
        ("", TO_FRANCE, [EXTENSION_ITALY], "SIP7", "390612", "390612"),
        # No member is known, or it is another: the campaign's.
        ("", TO_FRANCE, EVERYTHING, "", "390612", "390612"),
        ("", TO_FRANCE, EVERYTHING, "SIP8", "390612", "390612"),
        # A number for any country is never chosen for it.
        ("", TO_ISRAEL, [ANYWHERE], "SIP7", "390612", "390612"),
        # Nothing found: none is shown.
        ("", TO_ISRAEL, [ANYWHERE], "", "", ""),
        ("", "not a number", EVERYTHING, "", "", ""),
    ],
)
def test_the_first_that_is_set_is_shown(requested, destination, listed, member_code, campaign, shown):
    assert (
        caller_ids.resolve(
            requested=requested,
            destination=destination,
            listed=listed,
            member_code=member_code,
            campaign_caller_id=campaign,
        )
        == shown
    )


def _shown(destination, listed):
    return caller_ids.resolve(
        requested="", destination=destination, listed=listed, member_code="", campaign_caller_id=""
    )


def test_several_numbers_share_by_weight_and_a_party_always_sees_the_same():
    listed = [CallerId(number="972700", country="IL", weight=3), CallerId(number="972701", country="IL", weight=1)]
    parties = [f"+97250{n:07}" for n in range(2000)]
    counts = collections.Counter(_shown(party, listed) for party in parties)
    assert 1350 < counts["972700"] < 1650
    assert counts.total() == 2000
    assert _shown(parties[0], listed) == _shown(parties[0], list(reversed(listed)))


def test_weights_of_nought_still_show_a_number():
    assert _shown(TO_ISRAEL, [CallerId(number="972700", country="IL", weight=0)]) == "972700"


@pytest.mark.parametrize(
    ("destination", "country"),
    [
        ("+972502454545", "IL"),
        ("+12125550123", "US"),
        ("+14165550123", "CA"),
        ("+77012345678", "KZ"),
        ("+79161234567", "RU"),
        # No such number, but its country code has a main country.
        ("+1999", "US"),
        ("+999123", ""),
    ],
)
def test_country_of_a_number(destination, country):
    assert caller_ids.country_of(destination) == country
