"""Every way connector-gateway says no, by noun; the sentences stand in ``texts.toml``."""
