"""How the machine is set up: what is rendered from the settings, where it goes, and what judges it before it is there.

`files.plan` says every file, `validate.check` judges them, `boards` says what the machine is, `fragments` and `partitions` edit
what belongs to others. Nothing in here writes outside a scratch folder: putting files in place is `stall.box.install`.
"""
