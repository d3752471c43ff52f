"""The tracker under its names: what a page finds there, today and after an upgrade."""

import gzip
import re
from base64 import b64encode
from hashlib import sha384

import httpx
import pytest

from footfall.gateway.script import DEFAULT_PATH, Script, serve
from tests.server import Server, footfall

NEW, OLD = Script(b"new" * 100), Script(b"old" * 100)


def test_a_version_is_found_by_pages_that_pin_it_after_an_upgrade(tmp_path):
    serve(OLD, tmp_path / "scripts", {DEFAULT_PATH})
    found = serve(NEW, tmp_path / "scripts", {DEFAULT_PATH})
    assert {path: file.body for path, file in found.items()} == {DEFAULT_PATH: NEW.body, NEW.pinned(DEFAULT_PATH): NEW.body, OLD.pinned(DEFAULT_PATH): OLD.body}


def test_a_damaged_version_is_not_served(tmp_path):
    serve(OLD, tmp_path, {DEFAULT_PATH})
    (tmp_path / f"{OLD.name}.js").write_bytes(OLD.body[:-1])
    assert OLD.pinned(DEFAULT_PATH) not in serve(NEW, tmp_path, {DEFAULT_PATH})


def test_where_nothing_can_be_kept_the_current_version_is_served(tmp_path, caplog):
    (tmp_path / "scripts").write_text("no folder")
    assert serve(NEW, tmp_path / "scripts", {DEFAULT_PATH})[DEFAULT_PATH].body == NEW.body
    assert "cannot be kept" in caplog.text


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [(b"gzip, deflate, br", True), (b"br;q=1.0, GZIP;q=0.5", True), (b"", False), (b"br", False), (b"gzip;q=0", False), (b"gzip; q=0.000, br", False), (b"xgzip", False)],
)
def test_it_is_packed_for_those_who_say_that_they_can_unpack(tmp_path, accepted, packed):
    file = serve(NEW, tmp_path, {DEFAULT_PATH})[DEFAULT_PATH]
    body, headers = file.answer(accepted)
    assert (dict(headers).get(b"content-encoding") == b"gzip", dict(headers)[b"vary"]) == (packed, b"accept-encoding")
    assert (gzip.decompress(body) if packed else body) == NEW.body


def test_a_snippet_cannot_be_ended_by_the_name_of_its_site():
    snippet = NEW.snippet('"><script>', 'https://x/"', DEFAULT_PATH, pinned=False)
    assert snippet.count("<script") == 1
    assert 'src="https://x/&quot;/js/f.js" data-site="&quot;&gt;&lt;script&gt;"' in snippet


@pytest.mark.slow
def test_a_server_has_it_under_all_its_names(tmp_path):
    footfall("site", "add", "example.com", data=tmp_path)
    server = Server(tmp_path, "--script", "/assets/menu.js")
    try:
        for path in (DEFAULT_PATH, "/assets/menu.js"):
            stable = server.client.get(path)
            assert stable.headers["content-type"] == "text/javascript; charset=utf-8"
            assert (stable.headers["access-control-allow-origin"], stable.headers["cache-control"]) == ("*", "public, max-age=3600")
            assert server.client.get(path, headers={"if-none-match": stable.headers["etag"]}).status_code == 304
            snippet = footfall("site", "snippet", "example.com", "--address", server.url, "--pinned", "--script", path, data=tmp_path)
            (address,), (integrity,) = re.findall(r' src="([^"]+\.js)"', snippet), re.findall(r' integrity="([^"]+)"', snippet)
            pinned = httpx.get(address)
            assert pinned.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert integrity == "sha384-" + b64encode(sha384(pinned.content).digest()).decode()
            assert pinned.content == stable.content
    finally:
        server.stop()
