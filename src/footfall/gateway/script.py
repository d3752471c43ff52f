"""The tracker's script and its names: a stable one, and for every version one that says what is in it.

A page that pins a version by its integrity value must find that version for as long as it
stands, so each version that a gateway ever served is kept in the data folder.
"""

import logging
import os
from base64 import b64encode
from hashlib import sha384
from html import escape
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from footfall.gateway.files import IMMUTABLE, File, made
from footfall.gateway.wire import Headers

STABLE_SECONDS = 3_600
"""How long a browser may go without asking for a newer version."""

ANYWHERE: Headers = [(b"access-control-allow-origin", b"*"), (b"cross-origin-resource-policy", b"cross-origin")]
DEFAULT_PATH = "/js/f.js"

log = logging.getLogger(__name__)


class Script(NamedTuple):
    """One version of the tracker."""

    body: bytes

    @property
    def name(self) -> str:
        """What distinguishes it: the beginning of its hash."""
        return sha384(self.body).hexdigest()[:16]

    @property
    def integrity(self) -> str:
        """Its value for the attribute `integrity`."""
        return "sha384-" + b64encode(sha384(self.body).digest()).decode()

    def pinned(self, path: str) -> str:
        """The path of this version alone, where `path` is the stable one."""
        return f"{path.removesuffix('.js')}.{self.name}.js"

    def snippet(self, site: str, address: str, path: str, pinned: bool) -> str:
        """The lines of HTML that count a site's pages by the server at `address`."""
        root, who = escape(address.rstrip("/")), escape(site)
        source = f'src="{root}{self.pinned(path) if pinned else path}" data-site="{who}"'
        check = f' integrity="{self.integrity}" crossorigin="anonymous"' if pinned else ""
        image = f"{root}/v1/track.gif?w={escape(quote(site, safe=''))}"
        return f'''<script defer {source}{check}></script>
<noscript><img src="{image}" referrerpolicy="no-referrer-when-downgrade" alt="" width="1" height="1"></noscript>'''


def serve(script: Script, kept: Path, paths: set[str]) -> dict[str, File]:
    """What answers for the script under each of the stable paths; older versions are those in the folder `kept`."""
    stable = b"public, max-age=%d" % STABLE_SECONDS
    found = {path: made(path, script.body, stable, ANYWHERE) for path in paths}
    for version in (*_earlier(kept), script):
        found |= {version.pinned(path): made(path, version.body, IMMUTABLE, ANYWHERE) for path in paths}
    _keep(script, kept)
    return found


def _earlier(kept: Path) -> list[Script]:
    found = [(path.stem, Script(path.read_bytes())) for path in kept.glob("*.js")]
    return [script for name, script in found if script.name == name]  # what is damaged would be refused by browsers


def _keep(script: Script, kept: Path) -> None:
    target = kept / f"{script.name}.js"
    try:
        kept.mkdir(parents=True, exist_ok=True, mode=0o700)
        unfinished = kept / f"{script.name}.{os.getpid()}"
        unfinished.write_bytes(script.body)
        unfinished.replace(target)
    except OSError as exc:
        log.warning("this version of the tracker cannot be kept for pages that pin it: %s", exc)
