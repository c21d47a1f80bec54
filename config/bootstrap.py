"""Placeholder until written."""


def prepare(argv: list[str]) -> None:
    """Do nothing."""
