"""ZVT, the protocol of card terminals in Germany, Austria and Switzerland: the codec's front door.

Sans-IO and written from the published papers PA00P016 rev. 04 (transport) and PA00P015 rev. 13.08
(commands). `Decoder` for a serial line, `ApduStream` for TCP, `parse_apdu` for what the units mean.
"""

from stall.wire.readers import zvt_codes as codes
from stall.wire.readers import zvt_commands as commands
from stall.wire.readers.zvt_apdu import (
    Abort,
    Busy,
    Completion,
    Intermediate,
    Message,
    Negative,
    Positive,
    PrintLine,
    PrintText,
    SetClock,
    Unknown,
    parse_apdu,
    redact,
    split_apdu,
)
from stall.wire.readers.zvt_frames import (
    ACK,
    NAK,
    Ack,
    Apdu,
    ApduStream,
    BadFrame,
    Decoder,
    Event,
    Nak,
    Noise,
    crc16,
    encode_frame,
)
from stall.wire.readers.zvt_status import DayTotals, SchemeTotal, StatusInformation

__all__ = [
    "ACK",
    "NAK",
    "Abort",
    "Ack",
    "Apdu",
    "ApduStream",
    "BadFrame",
    "Busy",
    "Completion",
    "DayTotals",
    "Decoder",
    "Event",
    "Intermediate",
    "Message",
    "Nak",
    "Negative",
    "Noise",
    "Positive",
    "PrintLine",
    "PrintText",
    "SchemeTotal",
    "SetClock",
    "StatusInformation",
    "Unknown",
    "codes",
    "commands",
    "crc16",
    "encode_frame",
    "parse_apdu",
    "redact",
    "split_apdu",
]
