"""Ways to reach other systems, one module a kind."""
