"""Stall: an offline-first pop-up stall appliance."""

__version__ = "0.1.0"
