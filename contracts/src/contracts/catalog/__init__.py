"""What catalog says to the other services."""
