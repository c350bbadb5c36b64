"""The Kubernetes API as API and operator use it: one client, its errors, and the settings that both read."""
