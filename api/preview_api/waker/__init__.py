"""What answers on a preview's address while no pod of its session does: a small server of its own in the cluster."""
