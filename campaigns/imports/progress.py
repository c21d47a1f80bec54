"""Shows on a terminal how far an import has come."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

from campaigns.imports.files import Source


@contextmanager
def shown(source: Source) -> Iterator[Callable[[int], None]]:
    """Have a function that is told how many bytes of the file are read; the bar is on stderr, of a terminal only."""
    quiet = not sys.stderr.isatty()
    with tqdm(total=source.size, unit="B", unit_scale=True, desc=source.path.name, disable=quiet) as bar:

        def advance(position: int) -> None:
            bar.update(position - bar.n)

        yield advance
