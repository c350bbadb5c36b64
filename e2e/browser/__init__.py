"""What a user sees: a stand-in for the caller's page on one origin, the preview in its sandboxed frame on another."""
