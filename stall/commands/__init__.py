"""One module per command of the stall command line; loaded only when called."""

#: The box's data folder where nobody says `--data`; the appliance's own command sets it.
DATA_VARIABLE = "STALL_DATA"
