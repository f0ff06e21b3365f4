"""Every read of submissions, by noun."""
