"""Who asks, as far as a User-Agent tells: the system, the kind of window. Pure, and never sure: an agent is what it says.

Sources: the agents of Apple's Captive Network Assistant name WebKit but no Safari; every Android WebView puts `; wv)` into
its comment (developer.chrome.com, "User-Agent in WebView"). Newer Androids may open a Chrome tab instead, which nothing tells
from Chrome itself.
"""

from __future__ import annotations

import re
from enum import StrEnum

#: What of an agent is read; the rest is never looked at.
MOST_READ = 512
PROBING_APPLE = "CaptiveNetworkSupport"
_APPLE = re.compile(r"\((?:iPhone|iPad|iPod|Macintosh)\b")
#: The real browsers name themselves beside the engine; the sheets do not.
_BROWSER = re.compile(r"\b(?:Safari|Chrome|Firefox|Edg|OPR)/[0-9]")


class System(StrEnum):
    """What runs on the client."""

    APPLE = "apple"
    ANDROID = "android"
    WINDOWS = "windows"
    LINUX = "linux"
    KINDLE = "kindle"
    UNKNOWN = "unknown"


class Sheet(StrEnum):
    """The small window a system opens over a Wi-Fi without internet, instead of a browser."""

    APPLE = "apple"
    ANDROID = "android"


def system_of(agent: str) -> System:
    """The system an agent names."""
    agent = agent[:MOST_READ]
    if PROBING_APPLE in agent or _APPLE.search(agent):
        return System.APPLE
    for word, system in (
        ("Kindle", System.KINDLE),
        ("Android", System.ANDROID),
        ("CrOS", System.ANDROID),  # asks and behaves as Android does
        ("Windows", System.WINDOWS),
        ("NCSI", System.WINDOWS),
        ("Linux", System.LINUX),
        ("NetworkManager", System.LINUX),
    ):
        if word in agent:
            return system
    return System.UNKNOWN


def sheet_of(agent: str) -> Sheet | None:
    """The captive sheet an agent is, or None for a browser or anything else."""
    agent = agent[:MOST_READ]
    if "Android" in agent:
        return Sheet.ANDROID if "; wv)" in agent else None
    if PROBING_APPLE not in agent and "AppleWebKit/" in agent and _APPLE.search(agent) and not _BROWSER.search(agent):
        return Sheet.APPLE
    return None


def is_browser(agent: str) -> bool:
    """Whether an agent is a browser of its own, with tabs and downloads: no sheet, and no program."""
    return _BROWSER.search(agent[:MOST_READ]) is not None and sheet_of(agent) is None
