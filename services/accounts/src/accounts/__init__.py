"""Who may use the hub: agencies, accounts on written request, sessions and keys (Điều 2, 4)."""
