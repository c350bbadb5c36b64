"""What the control plane costs per session: a real API server and operator, and pods that are played."""
