"""Runs all benchmarks one after another, each with its limit in the same run.

    DATABASE_URL=postgres://… python -m tests.benchmarks [--small] [--only NAME …]

Let nothing else be at work meanwhile. --small shows in about a minute that each works, and says nothing of speed. The
database named is filled and may be thrown away. Exits with 1 where a benchmark has failed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
# The words of a small size; at the full one each has its own defaults.
BENCHMARKS = {
    "claims.py": "--calls 20000 --large 20000 --rounds 1 --seconds 0.5 --ticks 3",
    "attempt_cycle.py": "--seconds 2 --rounds 1 --calls 100000",
    "bulk_doors.py": "--rows 500 --rounds 2 --large 2000",
    "import_contacts.py": "--rows 2000 --rounds 1",
    "build_reports.py": "2000",
    "export_attempts.py": "5000",
    "rehearsal.py": "--calls 1000",
    "pacing.py": "--members 5 --rates 0.2 --talk 60 --hours 1",
}


def main() -> None:
    """Run those wanted and tell how long each took."""
    names = [script.removesuffix(".py") for script in BENCHMARKS]
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--small", action="store_true", help="The sizes of continuous integration.")
    words.add_argument("--only", nargs="+", choices=names, default=names, metavar="NAME", help=", ".join(names))
    wanted = words.parse_args()
    failed = []
    for script, small in BENCHMARKS.items():
        if script.removesuffix(".py") not in wanted.only:
            continue
        chosen = small.split() if wanted.small else []
        print(f"== {' '.join(['python', f'tests/benchmarks/{script}', *chosen])}", flush=True)
        began = time.monotonic()
        if subprocess.run([sys.executable, str(HERE / script), *chosen], check=False).returncode:
            failed.append(script)
        print(f"-- {time.monotonic() - began:.0f} s", flush=True)
    print("failed:", *(failed or ["none"]), sep="\n  ")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
