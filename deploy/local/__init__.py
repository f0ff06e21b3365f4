"""The embedded hub: PostgreSQL, Kafka, Caddy and the services under one supervisor."""
