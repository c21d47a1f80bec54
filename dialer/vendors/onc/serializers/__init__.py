"""ONC's shapes and the ledger's rows, each from the other: campaigns, and contacts with their channels."""
