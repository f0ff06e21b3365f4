"""Kafka, wherever it runs: its jars, its log, and the topics made from the registry."""
