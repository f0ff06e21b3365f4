"""Faults of real processes under load, from a seed: nothing acknowledged is lost or doubled."""
