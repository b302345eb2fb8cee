"""What the tests of a ZVT terminal speak of, under one name."""

from stall.reader.events import (
    Aborted,
    Approval,
    Completed,
    Event,
    Intermediate,
    Lost,
    NotApproved,
    NotStarted,
    Reversed,
    Started,
    Unreadable,
)
from stall.reader.profiles import PROFILES
from stall.reader.told import DayTotal, Told
from stall.reader.zvt.dialogue import Acknowledgement, Dialogue
from stall.reader.zvt.terminal import Terminal

__all__ = [
    "PROFILES",
    "Aborted",
    "Acknowledgement",
    "Approval",
    "Completed",
    "DayTotal",
    "Dialogue",
    "Event",
    "Intermediate",
    "Lost",
    "NotApproved",
    "NotStarted",
    "Reversed",
    "Started",
    "Terminal",
    "Told",
    "Unreadable",
]
