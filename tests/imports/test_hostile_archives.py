"""Archives that are damaged, somebody else's, or made to do harm: one clear sentence, little memory, and nothing has changed."""

import io
import json
import tracemalloc
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import msgspec
import pytest

from footfall.control.port import Refusal
from footfall.domain.site import Site
from footfall.imports.archive import NotAnArchive, is_archive
from footfall.registry.sqlite import SqliteRegistry
from footfall.store.archive import FILES, FORMAT, MANIFEST, ROLLUPS, Sum
from footfall.store.port import StoreBroken
from tests.imports.places import Place
from tests.imports.test_carrying import young
from tests.traffic import SITE, Act, apply, made

Parts = dict[str, bytes]
MB = 1 << 20


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    place = young("coast")
    path = place.take_out("coast", tmp_path_factory.mktemp("sound") / "site.zip")
    place.close()
    return path.read_bytes()


@pytest.fixture
def place() -> Iterator[Place]:
    found = Place(1_770_000_000_000_000)
    yield found
    found.close()


def parts_of(archive: bytes) -> Parts:
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        return {name: file.read(name) for name in file.namelist()}


def zipped(parts: Parts, more: Parts | None = None, compression: int = zipfile.ZIP_STORED) -> bytes:
    into = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(into, "w", compression) as file:
        warnings.simplefilter("ignore")  # of names that are there twice
        for name, data in [*parts.items(), *(more or {}).items()]:
            file.writestr(name, data)
    return into.getvalue()


def signed(parts: Parts, **rows: int) -> bytes:
    """A zip whose manifest fits its parts, whatever they are."""
    manifest = json.loads(parts[MANIFEST])
    for name in FILES:
        manifest["parts"][name] |= {"size": len(parts[name]), "sha256": sha256(parts[name]).hexdigest()}
        manifest["parts"][name]["rows"] = rows.get(name.split(".")[0], manifest["parts"][name]["rows"])
    return zipped({**parts, MANIFEST: json.dumps(manifest).encode()})


def told(held: Parts, **fields: object) -> bytes:
    """A zip whose manifest says something else."""
    return zipped({**held, MANIFEST: json.dumps({**json.loads(held[MANIFEST]), **fields}).encode()})


def site(parts: Parts, **fields: object) -> bytes:
    return told(parts, site={**json.loads(parts[MANIFEST])["site"], **fields})


def changed(part: str, sql: str) -> Callable[[bytes], bytes]:
    """An archive with a part made of what a SELECT gives of it."""

    def change(archive: bytes) -> bytes:
        parts = parts_of(archive)
        parts[f"{part}.parquet"] = parquet(sql, parts[f"{part}.parquet"])
        return signed(parts)

    return change


def parquet(sql: str, data: bytes = b"") -> bytes:
    with TemporaryDirectory() as folder, duckdb.connect() as connection:
        (Path(folder) / "was").write_bytes(data)
        select = sql.format(was=f"read_parquet('{folder}/was')")
        connection.execute(f"COPY ({select}) TO '{folder}/now' (FORMAT parquet)")
        return (Path(folder) / "now").read_bytes()


def flipped(name: str) -> Callable[[bytes], bytes]:
    """One bit of a part is another."""

    def flip(archive: bytes) -> bytes:
        data = parts_of(archive)[name]
        start = archive.index(data) + len(data) // 2
        return archive[:start] + bytes([archive[start] ^ 1]) + archive[start + 1 :]

    return flip


def with_sums(*lines: bytes) -> Callable[[bytes], bytes]:
    return lambda archive: signed({**parts_of(archive), ROLLUPS: b"".join(lines)}, rollups=len(lines))


def with_part(name: str, data: bytes) -> Callable[[bytes], bytes]:
    return lambda archive: signed({**parts_of(archive), name: data})


def huge_directory(archive: bytes) -> bytes:
    """A list of contents that says it takes 4 GB."""
    end = archive.rindex(b"PK\x05\x06")
    return archive[: end + 12] + (0xFFFFFFF0).to_bytes(4, "little") + archive[end + 16 :]


def long_directory(archive: bytes) -> bytes:
    return zipped({f"{number:07}{'x' * 200}": b"" for number in range(60_000)})


HARMFUL: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda _: b"", "no archive of Footfall, or it is damaged"),
    "text": (lambda _: b"visitors,pageviews\n1,2\n" * 1000, "no archive of Footfall, or it is damaged"),
    "foreign zip": (lambda _: zipped({"word/document.xml": b"<x/>"}), "a zip, but no archive of Footfall"),
    "cut": (lambda archive: archive[: len(archive) // 2], "no archive of Footfall, or it is damaged"),
    "cut at the end": (lambda archive: archive[:-30], "no archive of Footfall, or it is damaged"),
    "without its beginning": (lambda archive: archive[1000:], "damaged"),
    **{f"bit in {name}": (flipped(name), "damaged|cannot be read") for name in ("events.parquet", "days.parquet", MANIFEST)},
    "newer": (lambda archive: told(parts_of(archive), format=FORMAT + 1), "written by a newer Footfall .* upgrade"),
    "newer with other parts": (lambda archive: told({**parts_of(archive), "news": b""}, format=FORMAT + 7), "newer Footfall"),
    "no format": (lambda archive: told(parts_of(archive), format="one"), "manifest cannot be read"),
    "manifest of nonsense": (lambda archive: zipped({**parts_of(archive), MANIFEST: b"[" * 100_000}), "manifest cannot be read"),
    "manifest without a site": (lambda archive: told(parts_of(archive), site=None), "manifest cannot be read"),
    "manifest with more": (lambda archive: told(parts_of(archive), keys=["secret"]), "manifest cannot be read"),
    "manifest of other parts": (lambda archive: told(parts_of(archive), parts={}), "speaks of other parts"),
    "part missing": (lambda archive: zipped({name: data for name, data in parts_of(archive).items() if name != "visits.parquet"}), "other parts than it should: 'visits.parquet'"),
    "part too many": (lambda archive: zipped(parts_of(archive), {"more": b"x"}), "other parts than it should"),
    "path upwards": (lambda archive: zipped(parts_of(archive), {"../../escaped.parquet": b"x"}), "other parts than it should"),
    "path from the root": (lambda archive: zipped(parts_of(archive), {"/tmp/escaped.parquet": b"x"}), "other parts than it should"),
    "part twice": (lambda archive: zipped(parts_of(archive), {"events.parquet": b"x"}), "something twice"),
    "bomb": (lambda archive: zipped({**parts_of(archive), "events.parquet": bytes(200 * MB)}, compression=zipfile.ZIP_DEFLATED), "compressed or too long"),
    "huge manifest": (lambda archive: zipped({**parts_of(archive), MANIFEST: b" " * (9 * MB)}), "too long|too large"),
    "huge list of contents": (huge_directory, "no archive of Footfall, or it is damaged"),
    "long list of contents": (long_directory, "no archive of Footfall, or it is damaged"),
    "another part": (lambda archive: zipped({**parts_of(archive), "drops.parquet": b"x" * 135}), "is damaged: drops.parquet"),
    "more rows than bytes": (lambda archive: signed(parts_of(archive), events=10**15), "is damaged: events.parquet"),
    "fewer rows than there are": (lambda archive: signed(parts_of(archive), events=3), "another number of events"),
    "no parquet": (with_part("visits.parquet", b"PAR1" + b"x" * 5000 + b"PAR1"), "cannot be read"),
    "other columns": (changed("days", "SELECT day, version FROM {was}"), "days have other columns"),
    "column of another type": (changed("days", "SELECT day, CAST(version AS VARCHAR) AS version, settled, trimmed FROM {was}"), "days have other columns"),
    "a day twice": (changed("days", "SELECT * FROM {was} WHERE day <> (SELECT max(day) FROM {was}) UNION ALL (SELECT * FROM {was} ORDER BY day LIMIT 1)"), "cannot be read"),
    "events of no day": (changed("days", "SELECT * REPLACE (day + 4000 AS day) FROM {was}"), "events that no Footfall writes"),
    "events of no time": (changed("events", "SELECT * REPLACE (CAST(NULL AS TIMESTAMP) AS time) FROM {was}"), "events that no Footfall writes"),
    "sums of nonsense": (with_sums(b"nonsense\n"), "sums of days cannot be read"),
    "sums that cannot be unpacked": (with_sums(msgspec.json.encode(Sum(b"q", "2026-01-01", b"junk")) + b"\n"), "sums of days cannot be read"),
    "sums of no day": (with_sums(msgspec.json.encode(Sum(b"q", "yesterday", b"junk")) + b"\n"), "sums of days cannot be read"),
    "sums that are a bomb": (with_sums(msgspec.json.encode(Sum(b"q", "2026-01-01", zlib.compress(bytes(300 * MB)))) + b"\n"), "claim to be too large"),
    "site of no zone": (lambda archive: site(parts_of(archive), zones=[{"name": "../../etc", "since": 0}]), "not a time zone"),
    "site of a strange id": (lambda archive: site(parts_of(archive), id="../x"), "site id '../x' must be"),
    "domain that is taken": (lambda archive: site(parts_of(archive), domains=["taken.example"]), "'taken.example' already belongs to site 'other'"),
}


@pytest.mark.parametrize("case", HARMFUL)
def test_what_is_harmful_changes_nothing(case: str, sound: bytes, place: Place, tmp_path: Path) -> None:
    make, says = HARMFUL[case]
    (tmp_path / "x.zip").write_bytes(make(sound))
    other = Site("other", ("taken.example",))
    place.registry.put_site(other, new=True)
    place.rollups.put("coast", b"kept", {})
    tracemalloc.start()
    with pytest.raises((NotAnArchive, Refusal), match=says):
        place.take_in(tmp_path / "x.zip")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 40 * MB
    assert [place.facts.rows(f"SELECT count(*) FROM {name}") for name in ("events", "visits", "days", "drops", "ids", "imports")] == [[(0,)]] * 6
    assert list(place.registry.sites()) == [other]
    assert place.rollups._connection.execute("SELECT question FROM questions").fetchall() == [(b"kept",)]
    assert list(tmp_path.iterdir()) == [tmp_path / "x.zip"]


def test_the_sound_one_is_taken_in(sound: bytes, place: Place, tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(signed(parts_of(sound)))
    assert place.take_in(tmp_path / "x.zip")["adopted"]


def test_one_of_several_gigabytes_is_read_as_any_other(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its list of contents is in another form, which Python chooses at a size."""
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 1000)
    was = young("coast")
    path = was.take_out("coast", tmp_path / "large.zip")
    assert b"PK\x06\x06" in path.read_bytes()
    assert place.take_in(path)["adopted"]
    was.close()


def test_a_site_with_facts_is_not_touched(sound: bytes, place: Place, tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(sound)
    place.registry.put_site(SITE["coast"], new=True)
    apply(place.facts, made([Act(place.now, site="coast")]))
    before = place.holds("coast")
    with pytest.raises(Refusal, match="site 'coast' has facts already"):
        place.take_in(tmp_path / "x.zip")
    assert place.holds("coast") == before


def test_archives_are_told_from_other_files(sound: bytes, tmp_path: Path) -> None:
    for name, data, expected in (
        ("a", sound, True),
        ("b", zipped({"x": b""}), True),
        ("cut", sound[:100], True),
        ("c", b'1.2.3.4 - - "GET / HTTP/1.1"\n', False),
        ("d", b"", False),
    ):
        (tmp_path / name).write_bytes(data)
        assert is_archive(tmp_path / name) is expected
    assert not is_archive(tmp_path)
    assert not is_archive(tmp_path / "nowhere")


class Cutting(SqliteRegistry):
    """A registry after whose first change the facts can no longer be written."""

    place: Place | None = None

    def put_site(self, site: Site, *, new: bool, was: Site | None = None) -> None:
        super().put_site(site, new=new, was=was)
        if self.place:
            self.place.facts._connection.close()
            self.place = None


@pytest.mark.parametrize("before", [(), (replace(SITE["coast"], goals=()),)], ids=["new", "there"])
def test_facts_that_cannot_be_written_at_last_leave_the_site_as_it_was(sound: bytes, before: tuple[Site, ...], tmp_path: Path) -> None:
    place = Place(0, *before)
    place.registry.close()
    place.registry = registry = Cutting(":memory:")
    for site in before:
        registry.put_site(site, new=True)
    registry.place = place
    (tmp_path / "x.zip").write_bytes(sound)
    with pytest.raises(StoreBroken):
        place.take_in(tmp_path / "x.zip")
    assert list(registry.sites()) == list(before)
    place.close()


def test_an_archive_of_the_first_format_tells_no_senders(sound: bytes, place: Place, tmp_path: Path) -> None:
    older = changed("ids", "SELECT id, arrived, time, shard, sequence FROM {was}")(sound)
    (tmp_path / "site.zip").write_bytes(told(parts_of(older), format=1))
    assert place.take_in(tmp_path / "site.zip")["adopted"]
    ((known, senders),) = place.facts.rows("SELECT count(*), count(sender) FROM ids")
    assert (known > 0, senders) == (True, 0)
