"""Every change of accounts: one function, one transaction."""
