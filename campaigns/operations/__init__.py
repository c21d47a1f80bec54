"""Writes that touch several rows, or whose order matters: each opens one transaction of its own."""
