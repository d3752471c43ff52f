"""Client hints: what browsers say of themselves beside the user agent, some of them there alone."""

import re
from typing import NamedTuple

from footfall.domain.client import ROBOT, Client

BRAND = re.compile(r'"([^"]*)"\s*;\s*v="(\d{1,6})')
BRANDS = {
    "AVG Secure Browser": "AVG Secure Browser",
    "Amazon Silk": "Amazon Silk",
    "Avast Secure Browser": "Avast Secure Browser",
    "Brave": "Brave",
    "Coc Coc": "Coc Coc",
    "CocCoc": "Coc Coc",
    "DuckDuckGo": "DuckDuckGo",
    "Ecosia": "Ecosia",
    "Huawei Browser": "Huawei Browser",
    "HuaweiBrowser": "Huawei Browser",
    "Microsoft Edge": "Edge",
    "Norton Private Browser": "Norton Private Browser",
    "Norton Secure Browser": "Norton Secure Browser",
    "Oculus Browser": "Oculus Browser",
    "Opera": "Opera",
    "Opera GX": "Opera GX",
    "Samsung Internet": "Samsung Internet",
    "Vivaldi": "Vivaldi",
    "Whale": "Whale",
    "YaBrowser": "Yandex Browser",
    "Yandex": "Yandex Browser",
}
"""By the name of the brand; most of these have the user agent of Chrome."""

ENGINES = {"Chromium", "Google Chrome"}
GREASE = re.compile(r"Not[\W_]*A[\W_]*Brand|Not[\W_]*Brand", re.I)
"""A brand that is none, put there so that nobody relies on the list."""

PLAIN = ("Chrome", "Chromium", None)
PLATFORMS = {
    "Android": "Android",
    "Chrome OS": "Chrome OS",
    "Chromium OS": "Chrome OS",
    "Linux": "Linux",
    "Windows": "Windows",
    "iOS": "iOS",
    "macOS": "macOS",
}
WINDOWS_11 = 13
"""The least platform version of Windows 11; Windows 10 says 1 to 10."""


class Hints(NamedTuple):
    """The values of Sec-CH-UA, its -Mobile, -Platform and -Platform-Version, as they come."""

    brands: str = ""
    mobile: str = ""
    platform: str = ""
    version: str = ""


def hinted(client: Client, hints: Hints) -> Client:
    """Return the client as its hints tell it, where the user agent does not tell it better."""
    brands = dict(BRAND.findall(hints.brands))
    if client.robot or "HeadlessChrome" in brands:
        return ROBOT
    return _device(_system(_browser(client, brands), hints), hints)


def _browser(client: Client, brands: dict[str, str]) -> Client:
    if client.browser not in PLAIN:
        return client
    for brand, version in brands.items():
        if brand in BRANDS:
            return client._replace(browser=BRANDS[brand], browser_version=f"{version}.0")
    named = {brand for brand in brands if not GREASE.search(brand)}
    return client._replace(browser="Chromium") if named == {"Chromium"} else client


def _system(client: Client, hints: Hints) -> Client:
    platform = PLATFORMS.get(hints.platform.strip('" '))
    hidden = client.os is None or (client.os == "Linux" and platform in ("Android", "Chrome OS"))
    if platform and hidden:
        client = client._replace(os=platform, os_version=None)
    version = _version(client.os, hints.version) if client.os == platform else None
    return client._replace(os_version=version) if version else client


def _version(os: str | None, text: str) -> str | None:
    """Return a platform's version as that of the system; Linux gives its kernel's."""
    match = re.match(r'"?(\d{1,6})(?:\.(\d{1,6}))?', text)
    if match is None or os in (None, "Linux"):
        return None
    major, minor = match[1], match[2]
    if os == "Windows":
        if int(major) == 0:
            return None
        return "11" if int(major) >= WINDOWS_11 else "10"
    return major if minor is None or (os == "Android" and minor == "0") else f"{major}.{minor}"


def _device(client: Client, hints: Hints) -> Client:
    if client.device != "desktop":
        return client
    if hints.mobile == "?1":
        return client._replace(device="mobile")
    return client._replace(device="tablet") if client.os == "Android" else client
