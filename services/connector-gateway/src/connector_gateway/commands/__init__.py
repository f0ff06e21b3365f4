"""Every change that connector-gateway makes, by noun; one function is one transaction."""
