"""One module per command of the stall command line; loaded only when called."""
