"""The native REST API of the ledger: campaigns, members, contacts, calls, attempts, suppressions, prompts."""
