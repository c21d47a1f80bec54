"""The witness: a carrier in a process of its own, with a log of its own, that judges what the engine does."""
