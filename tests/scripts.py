"""Finds the scripts of a folder of tests that are run by themselves: trials and benchmarks."""

from __future__ import annotations

from pathlib import Path


def runnable(folder: Path) -> set[str]:
    """Return the names of the scripts of a folder that are commands."""
    return {path.name for path in folder.glob("[a-z]*.py") if "\nif __name__ ==" in path.read_text(encoding="utf-8")}
