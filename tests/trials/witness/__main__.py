"""Runs the witness until it is killed.

python -m tests.trials.witness --log FILE [--port N] [--seed TEXT] [--scale 0.1] [--congestion 0.01]
"""

from __future__ import annotations

import argparse
import gc
import threading
from pathlib import Path

from tests.trials.witness.log import Log
from tests.trials.witness.server import Server, Witness


def main() -> None:
    words = argparse.ArgumentParser(description="A fake carrier on the loopback that writes down what it was told.")
    words.add_argument("--log", type=Path, required=True)
    words.add_argument("--port", type=int, default=0)
    words.add_argument("--seed", default="")
    words.add_argument("--scale", type=float, default=0.1, help="How long a callee's second takes, in seconds.")
    words.add_argument("--congestion", type=float, default=0.01, help="The share of dials that find trunks full.")
    wanted = words.parse_args()
    # All that it keeps is kept for good: to look through it for what is not takes seconds, in which nobody is answered.
    gc.disable()
    witness = Witness(Log(wanted.log), seed=wanted.seed, scale=wanted.scale, congestion=wanted.congestion)
    threading.Thread(target=witness.network.run, daemon=True).start()
    server = Server(wanted.port, witness)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
