"""The twenty prints a demo sells when nobody brings files: drawn, each different, the same from the same seed."""
