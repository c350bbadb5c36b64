"""Where sessions live: `base` is the port, every sub-package is one adapter."""
