"""Stores that answer by meaning: vectors, text and the permissions of each document."""
