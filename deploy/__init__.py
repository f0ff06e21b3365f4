"""How the hub is set up and run: on one machine by hand, in containers, on Kubernetes."""
