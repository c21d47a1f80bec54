"""Audio files and call flows become prompts under their extensions."""

from __future__ import annotations

import io
import json
import wave

import pytest
from django.core.management import CommandError, call_command

from campaigns.models import Prompt

FLOW = {"steps": [{"do": "say", "text": "Press 1."}, {"do": "hangup"}]}


@pytest.fixture
def media(settings, tmp_path):
    """Keep stored files in a folder of the test's own."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


@pytest.fixture
def stored(world, media, tmp_path):
    """Return a function that writes files by name and content, imports them all, and returns what was told."""

    def imported(files, *options):
        paths = []
        for name, content in files.items():
            path = tmp_path / name
            path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
            paths.append(str(path))
        out = io.StringIO()
        call_command("import_prompts", "Acme", *paths, *options, stdout=out)
        return out.getvalue()

    return imported


def sound(frames=800):
    """Return a WAV file of silence."""
    target = io.BytesIO()
    with wave.open(target, "wb") as audio:
        audio.setnchannels(1)
        audio.setsampwidth(2)
        audio.setframerate(8000)
        audio.writeframes(b"\0\0" * frames)
    return target.getvalue()


def test_audio_and_flows_are_stored(world, stored, media):
    told = stored({"7-welcome back.wav": sound(), "8-menu.json": FLOW})
    assert told.splitlines() == ["7 welcome back (audio)", "8 menu (flow)"]
    audio, flow = Prompt.objects.filter(account=world.account).order_by("extension")
    assert (audio.extension, audio.name, audio.flow) == (7, "welcome back", None)
    assert (media / audio.file.name).read_bytes() == sound()
    assert (flow.extension, flow.flow, flow.file.name) == (8, FLOW, "")


def test_a_used_extension_is_refused_unless_it_is_to_be_replaced(stored, media):
    stored({"7-welcome.wav": sound()})
    with pytest.raises(CommandError, match=r"7-other\.json: Extension 7 is used already"):
        stored({"7-other.json": FLOW})
    stored({"7-other.json": FLOW}, "--replace")
    prompt = Prompt.objects.get(extension=7)
    assert (prompt.name, prompt.flow, prompt.file.name) == ("other", FLOW, "")
    stored({"7-third.wav": sound(400)}, "--replace")
    prompt.refresh_from_db()
    assert (prompt.name, prompt.flow, prompt.file.size) == ("third", None, len(sound(400)))


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("welcome.wav", sound(), "EXTENSION-name.wav or EXTENSION-name.json is wanted"),
        ("7-welcome.mp3", sound(), "EXTENSION-name.wav or EXTENSION-name.json is wanted"),
        ("7-welcome.wav", b"no sound at all", "no WAV file of uncompressed"),
        ("7-welcome.wav", b"", "no WAV file of uncompressed"),
        ("7-welcome.wav", sound()[:-100], "cut short"),
        ("7-welcome.wav", sound(0), "the sound is empty"),
        ("7-menu.json", b"{", "no JSON"),
        ("7-menu.json", b"\xff\xfe", "no JSON"),
        ("7-menu.json", b"[" * 100_000, "no JSON"),
        ("7-menu.json", {"steps": [{"do": "shout"}]}, "flow.steps[0].do: one of say"),
        ("7-menu.json", b'"' + b"x" * 2_000_000 + b'"', "larger than 1 MB"),
    ],
)
def test_what_is_unfit_is_refused_by_name_and_the_others_are_stored(stored, name, content, told):
    with pytest.raises(CommandError) as fault:
        stored({name: content, "9-fine.json": FLOW})
    assert name in str(fault.value)
    assert told in str(fault.value)
    assert [prompt.extension for prompt in Prompt.objects.all()] == [9]


def test_a_missing_file_and_an_unknown_account_are_refused(world, media, tmp_path):
    with pytest.raises(CommandError, match=r"7-nowhere\.wav: No such file"):
        call_command("import_prompts", "Acme", str(tmp_path / "7-nowhere.wav"))
    with pytest.raises(CommandError, match="There is no account 'Nobody'"):
        call_command("import_prompts", "Nobody", str(tmp_path / "7-nowhere.wav"))
