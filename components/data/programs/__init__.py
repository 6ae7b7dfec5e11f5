"""Programs that run in pods."""
