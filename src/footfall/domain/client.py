"""What a user agent and a screen tell: browser, system, class of device, robot or not."""

import re
from typing import NamedTuple

HEADSET = re.compile(r"\bVR\b|oculusbrowser|picobrowser|\bquest \d|wolvic|visionos|hololens", re.I)
WATCH = re.compile(r"apple ?watch|watch ?os", re.I)
CONSOLE = re.compile(r"playstation|nintendo|xbox", re.I)
TV = re.compile(r"smart-?tv|hbbtv|appletv|googletv|bravia|netcast|web0s|webos\.tv|crkey|roku|viera|\btv\b|(?-i:\bAFT[A-Z0-9]+\b)", re.I)
TABLET = re.compile(r"ipad|tablet(?! pc)|kindle|silk/|playbook|nexus (?:7|9|10)\b|sm-t\d|sm-x\d|lenovo tab|mediapad", re.I)
MOBILE = re.compile(r"iphone|ipod|mobi|windows phone|blackberry|bb10|opera mini|iemobile|symbian|kaios|fennec", re.I)
DESKTOP = re.compile(r"\(pc;|windows nt|macintosh|mac os x|x11|linux x86_64|linux i686|cros |ubuntu|fedora|freebsd|openbsd|netbsd", re.I)

Pair = tuple[str | None, str | None]
SCREENS = ((576, "Mobile"), (992, "Tablet"), (1440, "Laptop"))


class Client(NamedTuple):
    """What is kept of a user agent; the agent itself is not."""

    browser: str | None
    browser_version: str | None
    os: str | None
    os_version: str | None
    device: str
    robot: bool


ROBOT = Client(None, None, None, None, "other", robot=True)
DEVICES = {"iOS": "mobile", "iPadOS": "tablet", "tvOS": "tv", "watchOS": "other"}
"""Of systems that run on devices of one class alone."""

FROZEN = 26
"""From this version of iOS on, agents name an older one; Safari's version is the system's."""


def client(user_agent: str, browser: Pair, system: Pair) -> Client:
    """Return what is kept of a user agent, given its browser and system with their versions."""
    name, version = browser
    os, os_version = system
    if name == "Safari" and os in ("iOS", "iPadOS") and _major(version) >= FROZEN:
        os_version = version
    found = DEVICES.get(os or "") or device(user_agent)
    return Client(name, version, os, os_version, found, robot=False)


def _major(version: str | None) -> int:
    digits = (version or "").partition(".")[0]
    return int(digits) if digits.isdecimal() and len(digits) < 6 else 0


def device(user_agent: str) -> str:
    """The class of device: desktop, mobile, tablet, tv or other.

    An Android without `Mobile` is a tablet (Google's advice to makers since Android 3); the
    order matters: a console says `Windows` or `iPhone`, a television or tablet `Mobile` or
    `Linux`, and an old Internet Explorer on any desk `Tablet PC`.
    """
    if any(each.search(user_agent) for each in (CONSOLE, HEADSET, WATCH)):
        return "other"
    if TV.search(user_agent):
        return "tv"
    if TABLET.search(user_agent):
        return "tablet"
    if MOBILE.search(user_agent):
        return "mobile"
    if "Android" in user_agent:
        return "mobile" if "Dalvik" in user_agent else "tablet"  # an app without a browser
    return "desktop" if DESKTOP.search(user_agent) else "other"


def screen_class(width: int | None) -> str | None:
    """The class of a width in CSS pixels; the width itself is not kept."""
    if not width:
        return None
    return next((name for limit, name in SCREENS if width < limit), "Desktop")
