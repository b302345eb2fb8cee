"""Telium "Concert E+", the card terminals of France: link, one payment, the terminal as the worker sees it."""
