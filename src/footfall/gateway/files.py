"""Static files, read into memory once: there are few and they are small."""

import gzip
import mimetypes
import re
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from footfall.gateway.wire import Headers

POLICY = b"default-src 'self'; img-src 'self' data: https:; base-uri 'none'; form-action 'self'; frame-ancestors 'self'; object-src 'none'"
IMMUTABLE = b"public, max-age=31536000, immutable"
REVALIDATE = b"no-cache"
OWN_PAGE: Headers = [(b"referrer-policy", b"same-origin"), (b"content-security-policy", POLICY)]
TEXTS = {"application/json", "application/javascript", "image/svg+xml"}
_GZIP = re.compile(rb"(?:^|,)\s*gzip\s*(?:;\s*q\s*=\s*(?!0(?:\.0*)?\s*(?:,|$))[\d.]+\s*)?(?:,|$)", re.I)


class File(NamedTuple):
    """A body with its headers, the tag by which a client may know it, and what it is packed, if that pays."""

    body: bytes
    packed: bytes | None
    etag: bytes
    headers: list[tuple[bytes, bytes]]

    def answer(self, accepted: bytes) -> tuple[bytes, list[tuple[bytes, bytes]]]:
        """Body and headers for a client, by its `Accept-Encoding`."""
        if self.packed is None:
            return self.body, self.headers
        if not _GZIP.search(accepted):
            return self.body, [*self.headers, (b"vary", b"accept-encoding")]
        return self.packed, [*self.headers, (b"vary", b"accept-encoding"), (b"content-encoding", b"gzip")]


def load(root: Path, prefix: str, hashed: str = "assets") -> dict[str, File]:
    """The files below a folder by URL path; `index.html` also stands for its folder.

    Those in a folder called `hashed` carry their content's hash in their name and never change.
    """
    found: dict[str, File] = {}
    for path in sorted(root.rglob("*")) if root.is_dir() else ():
        if not path.is_file():
            continue
        name = path.relative_to(root).as_posix()
        file = made(path.name, path.read_bytes(), IMMUTABLE if hashed in path.relative_to(root).parts[:-1] else REVALIDATE, OWN_PAGE)
        found[prefix + name] = file
        if path.name == "index.html":
            found[prefix + name.removesuffix("index.html")] = file
    return found


def made(name: str, body: bytes, cache: bytes, more: Sequence[tuple[bytes, bytes]]) -> File:
    """A file of this name and body; its kind goes by the name."""
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    text = kind.startswith("text/") or kind in TEXTS
    packed = gzip.compress(body, mtime=0) if text else None
    etag = b'"' + blake2b(body, digest_size=12).hexdigest().encode() + b'"'
    headers = [
        (b"content-type", (kind + "; charset=utf-8" if text else kind).encode()),
        (b"etag", b"W/" + etag),  # packed or not, it is the same to whoever asks
        (b"cache-control", cache),
        (b"x-content-type-options", b"nosniff"),
        *more,
    ]
    return File(body, packed if packed and len(packed) < len(body) else None, etag, headers)
