"""Connections of other systems to the hub: deliveries in, dispatches out, lawful suspension."""
