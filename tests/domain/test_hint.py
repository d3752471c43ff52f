"""What client hints tell beside a user agent."""

import pytest

from footfall.domain.client import ROBOT, Client
from footfall.domain.hint import Hints, hinted

GREASE = '"Not?A_Brand";v="99"'
CHROME = f'"Chromium";v="130", "Google Chrome";v="130", {GREASE}'
ON_WINDOWS = Client("Chrome", "130.0", "Windows", "10", "desktop", robot=False)
ON_LINUX = ON_WINDOWS._replace(os="Linux", os_version=None)
ON_PHONE = Client("Chrome", "130.0", "Android", "10", "mobile", robot=False)
ON_MAC = ON_WINDOWS._replace(os="macOS", os_version="10.15")

CASES = [
    ("nothing told", ON_WINDOWS, Hints(), {}),
    ("Chrome", ON_WINDOWS, Hints(CHROME, "?0", '"Windows"'), {}),
    ("Brave", ON_WINDOWS, Hints(f'"Brave";v="131", "Chromium";v="131", {GREASE}'), {"browser": "Brave", "browser_version": "131.0"}),
    ("Brave on a phone", ON_PHONE, Hints(f'{GREASE}, "Chromium";v="131","Brave"; v="131"', "?1", '"Android"'), {"browser": "Brave", "browser_version": "131.0"}),
    ("Vivaldi with Chrome's agent", ON_MAC, Hints('"Chromium";v="130", "Vivaldi";v="7"'), {"browser": "Vivaldi", "browser_version": "7.0"}),
    ("Edge with Chrome's agent", ON_WINDOWS, Hints('"Microsoft Edge";v="130", "Chromium";v="130"'), {"browser": "Edge"}),
    ("Yandex", ON_WINDOWS, Hints('"Chromium";v="128", "YaBrowser";v="24.10"'), {"browser": "Yandex Browser", "browser_version": "24.0"}),
    ("Chromium itself", ON_LINUX, Hints(f'"Chromium";v="130", {GREASE}'), {"browser": "Chromium"}),
    ("a brand unknown here", ON_MAC, Hints(f'"Chromium";v="130", "Some Browser";v="1", {GREASE}'), {}),
    ("an app's browser stays one", ON_PHONE._replace(browser="Facebook"), Hints('"Android WebView";v="130", "Brave";v="1"'), {}),
    ("Windows 11", ON_WINDOWS, Hints(CHROME, "?0", '"Windows"', '"15.0.0"'), {"os_version": "11"}),
    ("the first Windows 11", ON_WINDOWS, Hints(platform='"Windows"', version='"13.0.0"'), {"os_version": "11"}),
    ("Windows 10", ON_WINDOWS, Hints(platform='"Windows"', version='"10.0.0"'), {"os_version": "10"}),
    ("Windows 8", ON_WINDOWS._replace(os_version="8.1"), Hints(platform='"Windows"', version='"0.3.0"'), {}),
    ("macOS", ON_MAC, Hints(platform='"macOS"', version='"15.1.0"'), {"os_version": "15.1"}),
    ("Android", ON_PHONE, Hints(platform='"Android"', version='"14.0.0"'), {"os_version": "14"}),
    ("a kernel", ON_LINUX, Hints(platform='"Linux"', version='"6.5.0"'), {}),
    ("a version of something else", ON_WINDOWS, Hints(platform='"macOS"', version='"15.1.0"'), {}),
    ("a tablet that says it is a desktop", ON_LINUX, Hints(CHROME, "?0", '"Android"'), {"os": "Android", "device": "tablet"}),
    ("a phone that says so", ON_LINUX, Hints(CHROME, "?1", '"Android"'), {"os": "Android", "device": "mobile"}),
    ("Chrome OS", ON_LINUX, Hints(CHROME, "?0", '"Chrome OS"'), {"os": "Chrome OS"}),
    ("Ubuntu stays", ON_LINUX._replace(os="Ubuntu"), Hints(CHROME, "?0", '"Linux"'), {}),
    ("no system in the agent", ON_WINDOWS._replace(os=None, os_version=None), Hints(CHROME, "?0", '"macOS"'), {"os": "macOS"}),
    ("nonsense", ON_WINDOWS, Hints('";;"', "?", '"', '".x'), {}),
    ("numbers without end", ON_WINDOWS, Hints('"Brave";v="' + "9" * 500, "", '"Windows"', '"' + "9" * 500), {"browser": "Brave", "browser_version": "999999.0", "os_version": "11"}),
]  # fmt: skip


@pytest.mark.parametrize(("client", "hints", "other"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_hints(client, hints, other):
    assert hinted(client, hints) == client._replace(**other)


@pytest.mark.parametrize("client", [ROBOT, ON_LINUX])
def test_robots_stay_robots_and_headless_is_one(client):
    assert hinted(client, Hints('"HeadlessChrome";v="130", "Chromium";v="130"')) == ROBOT
