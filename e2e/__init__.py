"""Tests and measurements that need the whole product: a real server, real processes, a real browser."""
