"""Phones talk here: buyer pages and the till. Views call flows and store reads only."""
