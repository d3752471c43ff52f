"""The programs that `docs/senders.md` shows, run as they are by the servers people run them with.

Each page and order counts once.
"""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from tests.client.conftest import Shop
from tests.patience import SECONDS, wait_until
from tests.server import BROWSER, free_port

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
ENVIRONMENT = ROOT / "tests" / "clients" / ".venv" / "bin"
"""One that has the frameworks, and of Footfall's needs httpx alone."""

BLOCKS: list[str] = re.findall(
    r"```python\n(.*?)```", (ROOT / "docs" / "senders.md").read_text("utf-8"), re.S
)
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML,"
    " like Gecko) Version/17.4 Mobile/15E148 Safari/604.1"
)
DJANGO = {
    "settings.py": "SECRET_KEY = 'x'\nALLOWED_HOSTS = ['*']\nROOT_URLCONF = 'project.urls'\n",
    "urls.py": (
        "from django.http import HttpResponse\nfrom django.urls import path\nfrom project import"
        " views\n"
        "urlpatterns = [path('', lambda request: HttpResponse('<!doctype"
        " html><title>Shop</title>')), path('order', views.order)]\n"
    ),
}


def block(text: str) -> str:
    (found,) = [each for each in BLOCKS if text in each]
    return found


def shown(framework: str, folder: Path) -> list[str]:
    """Lay an example out in a folder; the command that serves it, but for the port."""
    if framework == "flask":
        (folder / "shop.py").write_text(block("import Flask"))
        return ["gunicorn", "--workers", "2", "--preload", "shop:app", "--bind"]
    if framework == "fastapi":
        (folder / "shop.py").write_text(block("import FastAPI"))
        return ["uvicorn", "--workers", "2", "shop:app", "--port"]
    project = folder / "project"
    project.mkdir()
    for name, text in {
        **DJANGO,
        "counting.py": _counting(),
        "wsgi.py": block("get_wsgi_application"),
        "views.py": _view(),
        "__init__.py": "",
    }.items():
        (project / name).write_text(text)
    return ["gunicorn", "project.wsgi", "--bind"]


def _counting() -> str:
    (found,) = [
        each
        for each in BLOCKS
        if each.startswith("import os\n\nfrom footfall.client import Client\n\nfootfall =")
    ]
    return found


def _view() -> str:
    return block("import JsonResponse").replace(
        "def order",
        "from django.views.decorators.csrf import csrf_exempt\n\n\n@csrf_exempt\ndef order",
    )


def answering(port: int) -> bool:
    with suppress(httpx.HTTPError):
        httpx.head(f"http://127.0.0.1:{port}/", timeout=SECONDS)
        return True
    return False


@contextmanager
def serving(framework: str, folder: Path, shop: Shop) -> Iterator[str]:
    """The example's address, as long as it runs; it ends as servers do when they are told to."""
    command, port = shown(framework, folder), free_port()
    for each in folder.rglob("*.py"):
        each.write_text(each.read_text().replace("https://stats.example.com", shop.server.url))
    bound = f"127.0.0.1:{port}" if command[-1] == "--bind" else str(port)
    log = (folder / "log").open("wb")
    running = subprocess.Popen(
        [ENVIRONMENT / command[0], *command[1:], bound],
        cwd=folder,
        stdout=log,
        stderr=log,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "FOOTFALL_KEY": shop.key},
    )
    try:
        wait_until(lambda: answering(port) or running.poll() is not None)
        assert running.poll() is None, (folder / "log").read_text()
        yield f"http://127.0.0.1:{port}"
    finally:
        running.terminate()
        running.wait(SECONDS)
        log.close()
    assert "Traceback" not in (folder / "log").read_text()


@pytest.mark.parametrize("framework", ["flask", "fastapi", "django"])
def test_an_example_counts_its_pages_and_orders(shop: Shop, tmp_path: Path, framework: str) -> None:
    with serving(framework, tmp_path, shop) as url:
        for agent, times in ((BROWSER, 2), (PHONE, 1)):
            asked = httpx.Client(
                base_url=url,
                timeout=SECONDS,
                headers={
                    "user-agent": agent,
                    "accept-language": "de-AT,de;q=0.9",
                    "referer": "https://www.google.com/",
                },
            )
            # What is no page view.
            assert asked.get("/missing").status_code == 404
            assert asked.head("/").status_code in (200, 405)
            for header in (
                {"sec-gpc": "1"},
                {"dnt": "1"},
                {"sec-purpose": "prefetch;prerender"},
                {"purpose": "prefetch"},
                {"sec-fetch-dest": "empty"},
                {"sec-fetch-dest": "iframe"},
            ):
                assert asked.get("/", headers=header).status_code == 200
            asked.get("/", headers={"user-agent": "Googlebot/2.1"})
            # What is, and the program ends before it has sent it.
            for _ in range(times):
                assert "Shop" in asked.get("/?utm_source=letter").text
            # Tagged too: another worker may send it first.
            assert asked.post("/order?utm_source=letter").json() == {"ordered": True}
            asked.close()
    shop.expect({"pageview": 3, "Order": 2}, "events", "event:name")
    shop.expect({"/": 3, "/order": 0})
    shop.expect({"desktop": 1, "mobile": 1}, "visitors", "visit:device")
    shop.expect({"letter": 2}, "visitors", "visit:source")
    shop.expect({"de-AT": 2}, "visitors", "visit:language")
    (money,) = shop.server.query(shop.site, ["total_revenue"])[0]["metrics"]
    assert (money["currency"], money["value"]) == ("EUR", 99.8)
