"""One class for each of the vendor's methods."""
