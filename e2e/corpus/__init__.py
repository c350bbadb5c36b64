"""Projects in the shapes that callers send, each shown and edited in a real browser."""
