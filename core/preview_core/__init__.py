"""What the API, the operator and the command line share. Imports neither kopf nor fastapi."""
