"""Scenarios: a hub filled with real agencies, real forms and accounts, over its public API."""
