"""Guarantees that only a real cluster can keep or break: run with `--on cluster`."""
