"""The HTTP face of kontext-preview: thin endpoints, one service, and a backend behind a port."""
