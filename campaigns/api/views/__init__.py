"""One module for each resource: parse, one operation or query, render."""
