"""What submissions says to the other services."""
