"""Rehearses a campaign: the engine's own rules on virtual time, against a seeded outcome model, on a copy in memory.

Nothing of a rehearsal is stored anywhere. The database is read in short statements when the copy is taken, and not
touched afterwards. What a call may do and what becomes of it is decided by the functions that decide it in earnest:
`gates`, `outcomes.decide`, `pacing`, `retries`, `hours` and the simulator's `callees`. What is different is where the
rows are: in queues in memory, as statements and their transactions are nearly all that the engine's time goes to.
`tests/dialer/rehearsing` holds both to the same attempts, moment by moment.
"""
