"""Making this machine the appliance: releases, files swapped in one go, what stood there before, and the way back.

`release` builds a folder to run from (plain standard library: it runs before anything is installed), `plan` says what would
change, `swap` changes it so that a power cut in the middle is undone, `services` speaks to systemd, `health` judges what came up.
"""
