"""Go4clients' Personalized Calls API; docs/vendors/go4clients.md says what of it is served, and how."""
