"""The manners of the hub: how every service behaves, whatever it is about."""
