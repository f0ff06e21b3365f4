"""Every change of submissions, by noun: one function, one transaction."""
