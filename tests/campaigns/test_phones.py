"""Numbers are read as phonenumbers reads them, however they are written and however fast."""

from __future__ import annotations

import time

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns import phones, refusals
from campaigns.phones import patterns, plans, reading
from campaigns.states import ZoneSource

COUNTRIES = sorted(phonenumbers.SUPPORTED_REGIONS)
CODES = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)
# Countries in which the first digits, and what kind of number it is, decide the zone.
MANY_ZONES = [1, 7, 34, 39, 44, 47, 52, 55, 61, 62, 64, 243, 262, 299, 351, 358, 593, 599, 689, 691, 976]
KINDS = sorted(phonenumbers.PhoneNumberType.values())


def verdict(read, *arguments):
    """Return the destination read, or the reason of the refusal."""
    try:
        return read(*arguments)
    except refusals.InvalidNumber as refusal:
        return refusal.message


def digits(low, high):
    """Return a strategy of ASCII digits."""
    return st.text("0123456789", min_size=low, max_size=high)


@st.composite
def real_numbers(draw):
    """Draw a number of a country and a kind, its last digits changed, as it may be written at home or abroad."""
    country, kind = draw(st.sampled_from(COUNTRIES)), draw(st.sampled_from(KINDS))
    example = phonenumbers.example_number_for_type(country, kind) or phonenumbers.example_number(country)
    national = phonenumbers.national_significant_number(example)
    tail = draw(digits(0, 4))
    national = national[: len(national) - len(tail)] + tail + draw(digits(0, 1))
    trunk = phonenumbers.PhoneMetadata.metadata_for_region(country).national_prefix or ""
    code = str(example.country_code)
    written = draw(st.sampled_from(["+" + code, "", trunk, code, "+" + code + trunk, code + trunk, trunk + code]))
    return written + national, draw(st.sampled_from([country, country, country, "IT", "US", "ZZ"]))


def assert_as_the_library(text, country):
    """Assert that the quick and the plain way say the same."""
    assert verdict(phones.normalise, text, country) == verdict(reading.by_library, phones.cleaned(text), country)


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(CODES), digits(1, 16), st.sampled_from(COUNTRIES))
def test_any_digits_behind_a_country_code_are_judged_as_by_the_library(code, national, country):
    assert_as_the_library(f"+{code}{national}", country)


@settings(max_examples=1500, deadline=None)
@given(real_numbers())
def test_numbers_of_all_countries_and_kinds_are_judged_as_by_the_library(number):
    assert_as_the_library(*number)


@settings(max_examples=1500, deadline=None)
@given(st.sampled_from(MANY_ZONES), digits(1, 4), digits(2, 9))
def test_zones_of_countries_that_have_many_are_those_of_the_library(code, start, rest):
    assert_as_the_library(f"+{code}{start}{rest}", "IT")


@settings(max_examples=600, deadline=None)
@given(digits(1, 18), st.sampled_from([*COUNTRIES, "ZZ", ""]), st.sampled_from(["", "+"]))
def test_digits_alone_are_judged_as_by_the_library(text, country, plus):
    assert_as_the_library(plus + text, country)


def test_a_number_that_only_begins_like_a_trunk_prefix_is_kept_whole():
    assert phones.normalise("8011234567", "BY").address == "+3758011234567"
    assert_as_the_library("8011234567", "BY")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("+39 312 342 7359", "+393123427359"),
        ("0039 312 342 7359", "+393123427359"),
        ("tel:+39-312-342-7359", "+393123427359"),
        ("+39.312.342.7359", "+393123427359"),
        ("\u00a0+39\u00a0312\u202f342\u20097359 ", "+393123427359"),
        ("312 342 7359", "+393123427359"),
        ("06 1234 5678", "+390612345678"),
        ("3931234567", "+393931234567"),
        ("393123427359", "+393123427359"),
        ("+٣٩٣١٢٣٤٢٧٣٥٩", "+393123427359"),
        ("＋39 312 342 7359", "+393123427359"),
        ("(+39) 312/3427359", "+393123427359"),
        ("\u202a+393123427359\u202c", "+393123427359"),
        ("+1 (201) 555-0123", "+12015550123"),
        ("+49 (0) 151 23448719", "+4915123448719"),
    ],
)
def test_messy_spellings_are_read(text, address):
    assert phones.normalise(text, "IT").address == address


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("  \u00a0", "empty"),
        ("3,93E+11", "scientific notation"),
        ("9.72E+11", "scientific notation"),
        ("4E11", "scientific notation"),
        ("call me", "letters"),
        ("+39 312 CALL", "letters"),
        ("+393123427359; +393123427360", "two numbers"),
        ("+393123427359 / 393123427360", "two numbers"),
        ("+39 3", "too short"),
        ("+3931234273591234", "too long"),
        ("+2101234567", "no such country code"),
        ("???", "no phone number"),
        ("²³", "no phone number"),
    ],
)
def test_each_refusal_has_its_own_reason(text, reason):
    with pytest.raises(refusals.InvalidNumber) as refusal:
        phones.normalise(text, "IT")
    assert reason in refusal.value.message
    assert refusal.value.field == "number"


@pytest.mark.parametrize(
    ("number", "zones"),
    [
        ("+4915123448719", "Europe/Berlin"),
        ("+12015550123", "America/New_York"),
        ("+74951234567", "Europe/Moscow"),
        ("+5511961261033", "America/Sao_Paulo"),
        ("+393123427359", "Europe/Rome,Europe/Vatican"),
    ],
)
def test_zones_follow_from_the_number(number, zones):
    found = phones.normalise(number, "US")
    assert (found.zones, found.source) == (zones, ZoneSource.NUMBER)


def test_a_number_of_no_country_has_no_zone_of_its_own():
    found = phones.normalise("+80012345678", "US")
    assert (found.zones, found.source) == ("", ZoneSource.ACCOUNT)


@pytest.mark.parametrize("number", ["+4915123448719", "+393123427359", "+390612345678", "+12015550123", "+79123418585"])
def test_usual_numbers_need_no_library(number):
    assert plans.of_international(number).zones


def test_a_pattern_that_cannot_be_followed_is_left_to_the_library():
    with pytest.raises(patterns.Unknown):
        patterns.verdict(r"1(?=2)\d+", "1", 8)
    assert patterns.verdict(r"1(?:[2-4]\d{2}|9)?5{1,2}", "12", 5) is None
    assert patterns.verdict(r"1(?:[2-4]\d{2}|9)?\d{1,2}", "12", 5) is True
    assert patterns.verdict(r"1(?:[2-4]\d{2}|9)?\d{1,2}", "2", 5) is False


@pytest.mark.parametrize(("start", "rest"), [("+4915123", 6), ("+1201555", 4), ("+3931234", 5)])
def test_plain_numbers_are_read_many_times_as_fast_as_by_the_library(start, rest):
    numbers = [f"{start}{n:0{rest}}" for n in range(2000)]

    def seconds(read):
        started = time.process_time()
        for number in numbers:
            read(number, "DE")
        return time.process_time() - started

    quick = min(seconds(phones.normalise) for _ in range(3))
    assert seconds(reading.by_library) > 5 * quick
