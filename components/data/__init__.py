"""Databases and caches that components keep their state in."""
