"""JAICP Calls API (also Aimylogic and Tovie): programs push numbers into a campaign and read what became of them."""
