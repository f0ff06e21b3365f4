"""The workloads of the hub, measured beside the raw limit of the machine they ran on."""
