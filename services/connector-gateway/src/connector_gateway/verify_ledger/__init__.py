"""Checking an export of the exchange ledger by its file alone; `LEDGER.md` is its book."""
