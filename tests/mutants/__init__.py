"""Faults that somebody might write one day; each must be caught by a test that is named here."""
