"""Django's PostgreSQL with patience that ends: what the program waits for, and for how long."""
