"""Terminals talk here: the link, the worker that owns the port, the simulated terminal."""
