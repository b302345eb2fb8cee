"""How it is written: bytes to values and back. Does no IO, reads no clock, logs nothing."""
