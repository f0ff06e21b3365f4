"""What connector-gateway says to the other services."""
