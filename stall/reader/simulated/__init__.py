"""The other end of the cable: a card terminal as a process of its own, with its own books and a panel for its faults.

What the till believes never reaches it but through that cable, and what it books leaves it only so.
"""
