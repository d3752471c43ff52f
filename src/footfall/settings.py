"""Settings: read once, from flags, then `FOOTFALL_*` variables, then defaults; all problems at once."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from ipaddress import ip_network
from pathlib import Path
from typing import Any, NamedTuple

SIZES = {"": 1, "k": 1_000, "m": 1_000_000, "g": 1_000_000_000}
LEVELS = ("debug", "info", "warning", "error")


class BadSettings(Exception):
    """What is wrong with the settings, all of it, as one text."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set. Sizes are in bytes; addresses of parts are URLs."""

    data: Path
    host: str
    port: int
    workers: int
    trusted_proxy: tuple[str, ...]
    demo: bool
    script: str
    batch: int
    rate_limit: int
    stream: str
    stream_limit: int
    store: str
    store_memory: str
    rollups: str
    rollups_limit: int
    registry: str
    salts: str
    places: Path | None
    log_level: str


class Option(NamedTuple):
    """One setting: its default as text, how its text is read, and what it is, for people."""

    default: str
    read: Callable[[str], Any]
    metavar: str
    text: str


def _whole(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isdecimal() or not low <= int(text) <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(text)

    return read


def _size(text: str) -> int:
    match = re.fullmatch(r"(\d+)([kmg]?)b?", text.strip().lower())
    if not match:
        raise ValueError("must be a size such as 512MB or 2GB")
    return int(match[1]) * SIZES[match[2]]


def _memory(text: str) -> str:
    return f"{max(_size(text) // 1_000_000, 64)}MB"


def _networks(text: str) -> tuple[str, ...]:
    found = tuple(each.strip() for each in text.split(",") if each.strip())
    for each in found:
        try:
            ip_network(each, strict=False)
        except ValueError:
            raise ValueError(f"must be addresses or ranges such as 10.0.0.0/8, not {each!r}") from None
    return found


def _switch(text: str) -> bool:
    if text.lower() not in ("0", "1", "true", "false", "yes", "no", ""):
        raise ValueError("must be 1 or 0")
    return text.lower() in ("1", "true", "yes")


def _script(text: str) -> str:
    if not re.fullmatch(r"/[\w.-]+/[\w.-]+\.js", text, re.A) or text.startswith(("/api/", "/v1/")):
        raise ValueError("must be a folder and a name that ends in .js, such as /js/f.js")
    return text


def _file(text: str) -> Path | None:
    if text and not Path(text).is_file():
        raise ValueError(f"names no file: {text}")
    return Path(text) if text else None


def _level(text: str) -> str:
    if text.lower() not in LEVELS:
        raise ValueError(f"must be one of {', '.join(LEVELS)}")
    return text.lower()


def _url(*schemes: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text and text.partition(":")[0] not in schemes:
            raise ValueError(f"must begin with {' or '.join(f'{scheme}:' for scheme in schemes)}")
        return text

    return read


OPTIONS: dict[str, Option] = {
    "data": Option("footfall-data", Path, "DIR", "the folder that holds everything; made where it is missing"),
    "host": Option("127.0.0.1", str, "H", "the address to listen on; 0.0.0.0 for all"),
    "port": Option("8000", _whole(0, 65_535), "P", "the port to listen on; 0 for any free one"),
    "workers": Option("1", _whole(1, 64), "N", "how many gateway processes; one takes thousands of hits a second"),
    "trusted_proxy": Option("", _networks, "CIDR", "believe X-Forwarded-For from this address or range; may be given several times"),
    "demo": Option("0", _switch, "", "add the example site and serve it under /example/"),
    "script": Option("/js/f.js", _script, "PATH", "a path under which to serve the tracker beside /js/f.js, such as /assets/menu.js"),
    "batch": Option("100", _whole(1, 100_000), "N", "how many records the engine applies at once while it keeps up"),
    "rate_limit": Option("100", _whole(0, 1_000_000), "N", "hits a second that one address may send for long, more are answered 429; 0 for any number"),
    "stream": Option("", _url("sqlite", "memory", "kinesis"), "URL", "where hits wait for the engine; sqlite:FILE, by default stream.db in the data folder"),
    "stream_limit": Option("1GB", _size, "SIZE", "size of the stream at which hits are answered 503; a gigabyte holds over 2 million"),
    "store": Option("", _url("duckdb", "memory", "dynamodb"), "URL", "where facts are kept; duckdb:FILE, by default facts.duckdb in the data folder"),
    "store_memory": Option("512MB", _memory, "SIZE", "memory that reports and batches may use"),
    "rollups": Option("", _url("sqlite", "memory", "dynamodb"), "URL", "where sums of past days are kept; sqlite:FILE, by default rollups.db in the data folder"),
    "rollups_limit": Option("256MB", _size, "SIZE", "room that a site's sums on demand may take, beside those of the dashboard's reports"),
    "registry": Option("", _url("sqlite", "memory", "dynamodb"), "URL", "where sites and keys are kept; sqlite:FILE, by default registry.db in the data folder"),
    "salts": Option("", _url("sqlite", "memory", "dynamodb"), "URL", "where the secrets of days are kept; sqlite:FILE, by default salts.db in the data folder"),
    "places": Option("", _file, "FILE", "a country or city database (.mmdb) to use instead of the built-in one"),
    "log_level": Option("info", _level, "LEVEL", f"how much to log: {', '.join(LEVELS)}"),
}


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return f"FOOTFALL_{name.upper()}"


def read(given: Mapping[str, str], environment: Mapping[str, str]) -> Settings:
    """Settings from flags (as texts, by name) and the environment; raises `BadSettings`."""
    values: dict[str, Any] = {}
    problems: list[str] = []
    for name, option in OPTIONS.items():
        flag = given.get(name)
        text = flag if flag is not None else environment.get(variable(name)) or option.default
        try:
            values[name] = option.read(text)
        except (ValueError, OSError) as exc:
            shown = f"--{name.replace('_', '-')}" if flag is not None else variable(name)
            problems.append(f"{shown} {exc}")
    if problems:
        raise BadSettings("; ".join(problems))
    data = values["data"]
    for name, default in (
        ("stream", "sqlite:stream.db"),
        ("store", "duckdb:facts.duckdb"),
        ("rollups", "sqlite:rollups.db"),
        ("registry", "sqlite:registry.db"),
        ("salts", "sqlite:salts.db"),
    ):
        if not values[name]:
            scheme, _, file = default.partition(":")
            values[name] = f"{scheme}:{data / file}"
    return Settings(**values)


def environment(settings: Settings) -> dict[str, str]:
    """The settings as variables, for a child process."""
    return {variable(field.name): _text(getattr(settings, field.name)) for field in fields(settings)}


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(value)
    if isinstance(value, bool):
        return "1" if value else "0"
    return "" if value is None else str(value)
