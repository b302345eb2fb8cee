"""The ways to a terminal, one module each; `stall.reader.transport` is their front door."""
