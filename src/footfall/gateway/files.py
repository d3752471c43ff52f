"""Static files, read into memory once: there are few and they are small."""

import mimetypes
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

POLICY = b"default-src 'self'; img-src 'self' data: https:; base-uri 'none'; form-action 'self'; frame-ancestors 'self'; object-src 'none'"
IMMUTABLE = b"public, max-age=31536000, immutable"
REVALIDATE = b"no-cache"


class File(NamedTuple):
    """A body with its headers, and the tag by which a client may know it."""

    body: bytes
    etag: bytes
    headers: list[tuple[bytes, bytes]]


def load(root: Path, prefix: str, hashed: str = "assets") -> dict[str, File]:
    """The files below a folder by URL path; `index.html` also stands for its folder.

    Those in a folder called `hashed` carry their content's hash in their name and never change.
    """
    found: dict[str, File] = {}
    for path in sorted(root.rglob("*")) if root.is_dir() else ():
        if not path.is_file():
            continue
        name = path.relative_to(root).as_posix()
        file = _file(path, hashed in path.relative_to(root).parts[:-1])
        found[prefix + name] = file
        if path.name == "index.html":
            found[prefix + name.removesuffix("index.html")] = file
    return found


def _file(path: Path, immutable: bool) -> File:
    body = path.read_bytes()
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if kind.startswith("text/") or kind in {"application/json", "application/javascript"}:
        kind += "; charset=utf-8"
    etag = b'"' + blake2b(body, digest_size=12).hexdigest().encode() + b'"'
    headers = [
        (b"content-type", kind.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"etag", etag),
        (b"cache-control", IMMUTABLE if immutable else REVALIDATE),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"same-origin"),
        (b"content-security-policy", POLICY),
    ]
    return File(body, etag, headers)
