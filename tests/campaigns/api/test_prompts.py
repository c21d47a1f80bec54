"""Prompts over HTTP: audio comes as a form, flows as JSON."""

from __future__ import annotations

import io

import pytest

from campaigns.models import Prompt
from tests.campaigns.api.client import faults, wav

FLOW = {"steps": [{"do": "hangup"}]}


@pytest.fixture(autouse=True)
def _media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def test_audio_is_stored_under_a_name_of_our_own_and_read_back(api, tmp_path):
    made = api.upload("prompts/", extension=200938, name="Hello", file=wav())
    assert (made["extension"], made["name"], made["flow"]) == (200938, "Hello", None)
    audio = api.client.get(made["file"], headers={"Authorization": f"Bearer {api.key}"})
    assert (audio.status_code, audio["Content-Type"]) == (200, "audio/wav")
    assert b"".join(audio.streaming_content) == wav().read()
    audio.close()
    (stored,) = tmp_path.rglob("*.wav")
    assert "hello" not in str(stored)
    assert api.client.get(made["file"]).status_code == 401


def test_a_flow_is_stored_as_json(api):
    made = api.post("prompts/", {"extension": 7, "name": "Menu", "flow": FLOW})
    assert (made["flow"], made["file"]) == (FLOW, None)
    assert api.all("prompts/", extension=7) == [made]
    api.get(f"prompts/{made['id']}/audio/", status=404)
    in_form = api.upload("prompts/", extension=8, name="Menu", flow='{"steps": [{"do": "hangup"}]}')
    assert in_form["flow"] == FLOW


def test_an_extension_is_found_where_none_is_wanted(api):
    assert api.post("prompts/", {"name": "a", "flow": FLOW})["extension"] == 1
    api.post("prompts/", {"name": "b", "flow": FLOW, "extension": 40})
    assert api.post("prompts/", {"name": "c", "flow": FLOW})["extension"] == 41
    assert "extension" in faults(api.post("prompts/", {"name": "d", "flow": FLOW, "extension": 40}, status=409))


def test_a_prompt_is_changed_and_its_file_goes_with_it(api, tmp_path, django_capture_on_commit_callbacks):
    made = api.upload("prompts/", name="Hello", file=wav())
    path = f"prompts/{made['id']}/"
    assert api.patch(path, {"name": "Good day", "extension": 9}) == made | {"name": "Good day", "extension": 9}
    with django_capture_on_commit_callbacks(execute=True):
        assert api.patch(path, {"flow": FLOW})["file"] is None
    assert list(tmp_path.rglob("*.wav")) == []
    second = api.upload("prompts/", name="Hello", file=wav())
    assert "extension" in faults(api.patch(path, {"extension": second["extension"]}, status=409))
    with django_capture_on_commit_callbacks(execute=True):
        api.delete(f"prompts/{second['id']}/")
        api.delete(path)
    assert list(tmp_path.rglob("*.wav")) == []
    assert not Prompt.objects.exists()


def test_what_is_no_prompt_is_refused(api):
    assert "WAV" in faults(api.upload("prompts/", status=400, name="a", file=io.BytesIO(b"MZ" * 100)))["file"]
    assert "file" in faults(api.post("prompts/", {"name": "a"}, status=400))
    assert "file" in faults(api.post("prompts/", {"name": "a", "file": "x"}, status=400))
    assert (
        "flow.steps[0].do" in faults(api.post("prompts/", {"name": "a", "flow": {"steps": [{}]}}, status=400))["flow"]
    )
    assert "name" in faults(api.post("prompts/", {"flow": FLOW}, status=400))
    both = api.upload("prompts/", status=400, name="a", file=wav(), flow='{"steps": []}')
    assert "Either" in faults(both)["file"]
    assert not Prompt.objects.exists()


def test_a_page_costs_the_same_however_many(api, django_assert_num_queries):
    api.post("prompts/", {"name": "0", "flow": FLOW})
    with django_assert_num_queries(2):
        assert len(api.get("prompts/")["results"]) == 1
    for number in range(49):
        api.post("prompts/", {"name": str(number), "flow": FLOW})
    with django_assert_num_queries(2):
        assert len(api.get("prompts/")["results"]) == 50
