"""Sessions on one machine: child processes, a SQLite file, and a listening socket per session."""
