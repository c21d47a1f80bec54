"""Every operation that writes, each with the scene that it begins in."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from django.db import transaction
from django.test import Client

from campaigns import identifiers
from campaigns.imports import columns, contacts, files
from campaigns.imports import suppressions as suppression_imports
from campaigns.models import CallAttempt
from campaigns.operations import calls as call_operations
from campaigns.operations import campaigns as campaign_operations
from campaigns.operations import prompts, suppressions
from campaigns.states import Api, CampaignState
from dialer import checking, claiming, credentials, hangups, outcomes, placing, repeats, turning
from reports import building, exports
from reports.queries import Scope
from tests.trials.crashing import scenes
from tests.trials.crashing.scenes import Scene

KEY = "3f1c-march"


@dataclass(frozen=True, slots=True)
class Operation:
    """What is done, and the scene before it. `again`: whoever hears no answer does it again, and it is done once."""

    name: str
    scene: Callable[[Path], Scene]
    act: Callable[[Scene], Any]
    again: bool = True


def _ended(folder: Path) -> Scene:
    """All tries have ended, and no report is built; some calls wait for another try, which is due."""
    scene = scenes.placed(folder)
    outcomes.apply(scenes.events(scene), now=scene.now + dt.timedelta(seconds=5))
    scene.later(minutes=2)
    return scene


def _over(folder: Path) -> Scene:
    """The campaign's last moment has passed."""
    scene = scenes.with_calls(folder)
    ends_at = scene.now + dt.timedelta(seconds=5)
    campaign_operations.update_campaign(campaign=scene.campaign, now=scene.now, ends_at=ends_at)
    scene.later(seconds=10)
    return scene


def _withdrawn(folder: Path) -> Scene:
    """Two of the numbers were listed after their calls were claimed."""
    scene = scenes.claimed(folder)
    listed = list(CallAttempt.objects.order_by("id").values_list("destination", flat=True)[:2])
    suppressions.suppress(account=scene.account, destinations=listed, now=scene.now)
    return scene


def _paused(folder: Path) -> Scene:
    scene = scenes.with_calls(folder)
    campaign_operations.move_campaign(campaign=scene.campaign, to=CampaignState.PAUSED, now=scene.now)
    return scene


def _due(folder: Path, **after: float) -> Scene:
    scene = scenes.placed(folder)
    scene.later(**after)
    return scene


def _simulated(folder: Path) -> Scene:
    scene = scenes.placed(folder, sandbox=True)
    scene.later(seconds=40)
    return scene


def _reported(folder: Path) -> Scene:
    scene = _ended(folder)
    building.build()
    return scene


def _keyed(folder: Path) -> Scene:
    scene = scenes.empty(folder)
    scene.more["key"] = credentials.issue_key(account=scene.account)
    return scene


def _old_keys(folder: Path) -> Scene:
    scene = _keyed(folder)
    for number in range(3):
        _send(scene, key=f"old-{number}")
    scene.later(hours=25)
    return scene


def _claim(scene: Scene) -> None:
    claiming.claim(account_id=scene.account.pk, now=scene.now)


def _place(scene: Scene) -> None:
    placing.place(scene.attempts, now=scene.now)


def _move(to: CampaignState, scene: Scene) -> None:
    campaign_operations.move_campaign(campaign=scene.campaign, to=to, now=scene.now)


def _cancel(scene: Scene) -> None:
    call_operations.cancel_calls(account=scene.account, ids=scene.calls, now=scene.now)


def _suppress(scene: Scene) -> None:
    listed = [f"+39312{1000 + index}{suffix}" for index, suffix in enumerate(scenes.SUFFIXES)]
    suppressions.suppress(account=scene.account, destinations=listed, now=scene.now)


def _add(scene: Scene) -> None:
    wanted = scenes.new_calls(scene, scenes.SUFFIXES)
    for index, call in enumerate(wanted):
        call.external_id = f"crm-{index}"
    with transaction.atomic():
        intake = call_operations.take(account=scene.account, api=Api.NATIVE, now=scene.now)
        call_operations.add_calls(calls=wanted, intake=intake, now=scene.now)


def _import(policy: contacts.Duplicates, scene: Scene) -> None:
    rows = "".join(f"Anna {n},+39312{1000 + n}{suffix},{n}\n" for n, suffix in enumerate((*scenes.SUFFIXES, "203")))
    path = scene.write("people.csv", f"name,phone,priority\n{rows}Nobody,none,1\n")
    source = files.open_file(path)
    wish = contacts.Wish(
        source=source,
        campaign=scene.campaign,
        fields=columns.choose(source.header, []),
        duplicates=policy,
        refused=scene.folder / "refused.csv",
    )
    contacts.store(wish, now=scene.now)


def _list(scene: Scene) -> None:
    rows = "".join(f"+39312{1000 + n}{suffix}\n" for n, suffix in enumerate(scenes.SUFFIXES))
    source = files.open_file(scene.write("never.csv", f"phone\n{rows}"))
    fields = columns.choose(source.header, [], columns.SUPPRESSION_FIELDS)
    suppression_imports.store(
        suppression_imports.Wish(source=source, account=scene.account, fields=fields), now=scene.now
    )


def _export(scene: Scene) -> None:
    scope = Scope(account_id=scene.account.pk, campaign_id=scene.campaign.pk)
    exports.export(scope, scene.folder / "attempts.csv")


def _send(scene: Scene, key: str = KEY) -> None:
    """Send calls as a client does who may have to send them again."""
    numbers = [f"+39312{1000 + index}{suffix}" for index, suffix in enumerate(scenes.SUFFIXES)]
    body = {"campaign": scene.campaign.pk, "calls": [{"number": number} for number in numbers]}
    headers = {"Authorization": f"Bearer {scene.more['key']}", "Idempotency-Key": key}
    _answered(Client(headers=headers), "/api/v1/calls/bulk/", body)


def _send_to_jaicp(scene: Scene) -> None:
    body = [{"phone": f"39312{1000 + index}{suffix}"} for index, suffix in enumerate(scenes.SUFFIXES)]
    token = identifiers.jaicp_token(scene.campaign)
    _answered(Client(headers={"Idempotence-Key": KEY}), f"/api/calls/campaign/{token}/addPhones", body)


def _answered(client: Client, path: str, body: Any) -> None:
    client.raise_request_exception = False
    answer = client.post(path, json.dumps(body), content_type="application/json", SERVER_NAME="127.0.0.1")
    if answer.status_code >= 300:
        raise ConnectionError(f"{answer.status_code} {answer.content[:200]!r}")


def _hang_up(scene: Scene) -> None:
    hangups.hang_up(CallAttempt.objects.order_by("id")[2], now=scene.now)


def _cancel_waiting(scene: Scene) -> None:
    call_operations.cancel_waiting(account=scene.account, calls=scene.campaign.calls.all(), now=scene.now)


def _change(scene: Scene) -> None:
    windows = [{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "start": "08:00", "end": "20:00"}]
    campaign_operations.update_campaign(campaign=scene.campaign, now=scene.now, windows=windows, capacity=7)


def _copy(scene: Scene) -> None:
    campaign_operations.copy_campaign(campaign=scene.campaign, name="Copy", now=scene.now)


def _store_prompt(scene: Scene) -> None:
    prompts.store_prompt(account=scene.account, name="Welcome", flow={"steps": []})


IMPORT, UPDATE = (partial(_import, policy) for policy in (contacts.Duplicates.REFUSE, contacts.Duplicates.UPDATE))
OPERATIONS = (
    Operation("claim", scenes.with_calls, _claim),
    Operation("claim of a retry", _ended, _claim),
    Operation("end of a campaign", _over, _claim),
    Operation("place", scenes.claimed, _place, again=False),
    Operation("place, some withdrawn", _withdrawn, _place, again=False),
    Operation("place on the simulator", partial(scenes.claimed, sandbox=True), _place),
    Operation("events", scenes.placed, lambda scene: outcomes.apply(scenes.events(scene), now=scene.now)),
    Operation("check", partial(_due, seconds=40), lambda scene: checking.check(now=scene.now), again=False),
    Operation("check on the simulator", _simulated, lambda scene: checking.check(now=scene.now)),
    Operation("a whole turn", _ended, lambda scene: turning.turn_here(now=scene.now), again=False),
    Operation("hang up", scenes.placed, _hang_up, again=False),
    Operation("pause", scenes.with_calls, partial(_move, CampaignState.PAUSED)),
    Operation("resume", _paused, partial(_move, CampaignState.RUNNING)),
    Operation("finish", scenes.placed, partial(_move, CampaignState.FINISHED)),
    Operation("change", scenes.with_calls, _change),
    Operation("cancel", scenes.placed, _cancel),
    Operation("cancel the waiting", _ended, _cancel_waiting),
    Operation("suppress", scenes.with_calls, _suppress),
    Operation("bulk add", scenes.empty, _add),
    Operation("bulk request with a key", _keyed, _send),
    Operation("JAICP request with a key", scenes.empty, _send_to_jaicp),
    Operation("keys forgotten", _old_keys, lambda scene: repeats.prune(now=scene.now)),
    Operation("import", scenes.empty, IMPORT),
    Operation("import that updates", scenes.with_calls, UPDATE, again=False),
    Operation("import of suppressions", scenes.with_calls, _list),
    Operation("export", _reported, _export),
    Operation("report build", _ended, lambda scene: building.build()),
    Operation("report rebuild", _reported, lambda scene: building.rebuild(scene.campaign.pk)),
    Operation("account", scenes.empty, lambda scene: credentials.open_account(name="New"), again=False),
    Operation("copy", scenes.with_calls, _copy, again=False),
    Operation("prompt", scenes.empty, _store_prompt, again=False),
)
