"""What the machine under the stall tells of itself: its power, its disk, whether that keeps what it was given; and switching it off.

Found out here, told to the other processes as notices (`stall.runtime`); nothing here writes to the database.
"""
