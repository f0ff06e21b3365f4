"""The web client (cổng thông tin): server-rendered pages over the public API and nothing else."""
