"""The words of the hub: every message, code and value type that services say to each other."""
