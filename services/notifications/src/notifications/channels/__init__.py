"""Ways by which people are told beyond the inbox: pages, feeds, mail."""
