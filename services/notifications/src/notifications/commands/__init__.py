"""Every change of notifications, by noun: one function, one transaction."""
