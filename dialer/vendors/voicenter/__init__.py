"""The Voicenter Dialer API; docs/vendors/voicenter.md says what of it is served, and how."""
