"""What a user agent and a screen tell: browser, system, class of device, robot or not."""

import re
from typing import NamedTuple

CONSOLE = re.compile(r"playstation|nintendo|xbox", re.I)
TV = re.compile(r"smart-?tv|hbbtv|appletv|googletv|bravia|netcast|web0s|webos\.tv|crkey|roku|viera|\btv\b|(?-i:\bAFT[A-Z0-9]+\b)", re.I)
TABLET = re.compile(r"ipad|tablet(?! pc)|kindle|silk/|playbook|nexus (?:7|9|10)\b|sm-t\d|sm-x\d|lenovo tab|mediapad", re.I)
MOBILE = re.compile(r"iphone|ipod|mobi|windows phone|blackberry|bb10|opera mini|iemobile|symbian|kaios|fennec", re.I)
DESKTOP = re.compile(r"windows nt|macintosh|mac os x|x11|linux x86_64|linux i686|cros |ubuntu|fedora|freebsd|openbsd|netbsd", re.I)

SCREENS = ((576, "Mobile"), (992, "Tablet"), (1440, "Laptop"))


class Client(NamedTuple):
    """What is kept of a user agent; the agent itself is not."""

    browser: str | None
    browser_version: str | None
    os: str | None
    os_version: str | None
    device: str
    robot: bool


def device(user_agent: str) -> str:
    """The class of device: desktop, mobile, tablet, tv or other.

    An Android without `Mobile` is a tablet (Google's advice to makers since Android 3); the
    order matters: a console says `Windows` or `iPhone`, a television or tablet `Mobile` or
    `Linux`, and an old Internet Explorer on any desk `Tablet PC`.
    """
    if CONSOLE.search(user_agent):
        return "other"
    if TV.search(user_agent):
        return "tv"
    if TABLET.search(user_agent):
        return "tablet"
    if MOBILE.search(user_agent):
        return "mobile"
    if "Android" in user_agent:
        return "tablet"
    return "desktop" if DESKTOP.search(user_agent) else "other"


def screen_class(width: int | None) -> str | None:
    """The class of a width in CSS pixels; the width itself is not kept."""
    if not width:
        return None
    return next((name for limit, name in SCREENS if width < limit), "Desktop")
