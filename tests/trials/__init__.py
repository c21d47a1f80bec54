"""Trials: the whole system, run as users run it, hurt, and judged from outside."""
