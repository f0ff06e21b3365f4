"""Every change of catalog: one function, one transaction."""
