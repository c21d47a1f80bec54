"""Files into the ledger: contacts with their calls, destinations that must not be reached, and prompts.

A file is opened (`files`), its rows are read (`delimited`, `workbook`), its columns find their fields (`columns`),
each row is judged (`people`), kept aside in a table of the connection's own (`staging`) and stored by one short
transaction of the ledger (`campaigns.operations.staged`). `contacts` puts these together.
"""
