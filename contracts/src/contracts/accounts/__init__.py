"""What accounts says to the other services."""
