"""Whatever may befall the engine, in any order: the state machine of tests/dialer/test_state_machine.py, at any size.

Each example is a run of random steps (calls added, claims, lost and repeated messages, deaths at the wire, stray
events, pauses, windows, suppressions, cancelling, jumps of the clock); after each step nothing is that must never be,
and at the end of each example every call has come to its end.

python tests/trials/machine.py [--database both|sqlite|postgres] [--examples 500] [--steps 50] [--seed N] [--small]
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.trials import databases


def play(examples: int, steps: int, seed: int | None) -> tuple[int, int, int]:
    """Play as many examples; return how many were played, their steps, and the faults. Stops at the first fault."""
    from django.test import override_settings
    from hypothesis import seed as seeded
    from hypothesis import settings
    from hypothesis.stateful import invariant, run_state_machine_as_test

    from tests.dialer import test_state_machine as machine
    from tests.witness import CARRIER

    counted = {"examples": 0, "steps": 0}

    class Counted(machine.Engine):
        def __init__(self) -> None:
            super().__init__()
            counted["examples"] += 1

        @invariant()
        def is_counted(self) -> None:
            counted["steps"] += 1

    wanted = settings(machine.examples(examples), stateful_step_count=steps, database=None)
    if seed is not None:
        Counted = seeded(seed)(Counted)
    try:
        with override_settings(CARRIERS=dict.fromkeys(["voice", "sms", "email", "simulator"], CARRIER)):
            run_state_machine_as_test(Counted, settings=wanted)
    except Exception:
        traceback.print_exc()
        return counted["examples"], counted["steps"], 1
    return counted["examples"], counted["steps"], 0


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--database", choices=["both", *databases.KINDS], default="both")
    words.add_argument("--examples", type=int, default=500)
    words.add_argument("--steps", type=int, default=50)
    words.add_argument("--seed", type=int, help="play the same again")
    words.add_argument("--small", action="store_true", help="as the continuous run has it: 6 examples of 30 steps")
    wanted = words.parse_args()
    if wanted.small:
        wanted.examples, wanted.steps = 6, 30
    if not databases.is_inside():
        return databases.run_on(wanted.database, __file__, sys.argv[1:], DJANGO_SETTINGS_MODULE="config.settings")
    import django

    django.setup()
    started = time.monotonic()
    with databases.scratch():
        examples, steps, faults = play(wanted.examples, wanted.steps, wanted.seed)
    kind = os.environ[databases.INSIDE]
    seconds = time.monotonic() - started
    print(f"machine on {kind}: {examples} examples, {steps} steps, {faults} faults, {seconds:.0f} s", flush=True)
    return 1 if faults or examples < wanted.examples else 0


if __name__ == "__main__":
    sys.exit(main())
