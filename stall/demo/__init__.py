"""A whole stall on one machine: supervisor of the real commands and a journey that checks them."""
