"""What is true: pure rules of the stall. Does no IO, reads no clock, logs nothing."""
