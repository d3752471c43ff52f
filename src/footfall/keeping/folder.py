"""The folder itself: whose it is, where it lies, what room it has, and what was left in it."""

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from footfall.keeping.exchange import LIST
from footfall.keeping.owner import name
from footfall.keeping.patient import Finding, Findings, Patient, lasting, readable, several
from footfall.keeping.port import FACTS, STREAM
from footfall.keeping.restore import REPLACED
from footfall.stream.repair import lost

NETWORK = {
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "fuse.sshfs",
    "9p",
    "ceph",
    "fuse.ceph",
    "glusterfs",
    "fuse.glusterfs",
    "afs",
    "lustre",
    "davfs",
    "fuse.davfs2",
    "fuse.s3fs",
}
MOUNTS = Path("/proc/self/mounts")
LEFT_ENDS = (".parquet", ".part", ".partial", ".tmp", ".new", ".restoring", ".unfinished")
LEFT_SECONDS = 3_600
"""What is younger may belong to a command that runs."""

ROOM_FOR_FACTS = 64_000_000
OTHERS = 0o007
MAKE_ROOM = (
    "make room, keep hits for less long (footfall site edit ID --retention-days N),"
    " or give --stream-limit a smaller size"
)


def owned(patient: Patient) -> Findings:
    """Whose it is, and who may read it."""
    found = patient.data.stat()
    files = [path for path in _all(patient.data) if not path.is_symlink()]
    foreign = [path for path in (patient.data, *files) if path.stat().st_uid != os.geteuid()]
    is_open = bool(found.st_mode & OTHERS)
    if foreign:
        whose = name(foreign[0].stat().st_uid)
        yield Finding(
            "folder",
            f"{foreign[0]} belongs to {whose}, and this runs as {name(os.geteuid())}",
            _whose(found.st_uid, patient.data),
        )
    if not os.access(patient.data, os.W_OK):
        yield Finding(
            "folder",
            f"{patient.data} cannot be written to",
            "give it to the user that runs Footfall, on a disk that is not mounted read-only",
        )
    if is_open:
        yield Finding(
            "folder",
            f"every user of this machine may look into {patient.data}",
            f"chmod 700 {patient.data}",
        )
    else:
        yield from _readable_by_others(files)
    if not foreign and not is_open:
        yield Finding("folder", f"{patient.data} is {name(found.st_uid)}'s, and closed to others")


def _readable_by_others(files: Sequence[Path]) -> Findings:
    for path in files:
        if path.stat().st_mode & OTHERS:
            yield Finding(
                "folder",
                f"every user of this machine may read {path.name}, should the folder be opened",
                f"chmod 600 {path}",
            )
            return


def near(patient: Patient) -> Findings:
    """Check whether it lies on a disk of this machine."""
    mounts = MOUNTS.read_text() if MOUNTS.exists() else ""
    kind = kind_of(patient.data.resolve(), mounts)
    if kind in NETWORK:
        yield Finding(
            "folder",
            f"it lies on a network file system ({kind}), whose locks and syncs cannot be trusted",
            "move the data folder to a disk of this machine",
        )


def kind_of(path: Path, mounts: str) -> str:
    """The kind of file system a path lies on, by the lines of /proc/mounts."""
    best, kind = -1, ""
    for line in mounts.splitlines():
        _, place, each, *_ = line.split(" ")
        where = Path(place.encode().decode("unicode_escape"))
        if path.is_relative_to(where) and len(where.parts) >= best:
            best, kind = len(where.parts), each
    return kind


def room(patient: Patient) -> Findings:
    """Check whether the disk has room for hits that wait, and for facts to grow."""
    facts = _size(patient, FACTS)
    waiting = max(0, patient.stream_limit - _size(patient, STREAM))
    growth = max(ROOM_FOR_FACTS, facts // 10)
    need = waiting + growth
    free = shutil.disk_usage(patient.data).free
    if free < need:
        why = (
            f"up to {readable(waiting)} for hits that wait while the engine is down,"
            f" and {readable(growth)} for facts to grow"
        )
        yield Finding(
            "disk",
            f"{readable(free)} are free and {readable(need)} may be needed: {why}",
            MAKE_ROOM,
        )
        return
    enough = "an upgrade needs as much as the facts at most"
    if free <= facts + need:
        enough = f"an upgrade may need {readable(facts)} more"
    yield Finding("disk", f"{readable(free)} are free; {enough}")


def _size(patient: Patient, name: str) -> int:
    path = patient.places.get(name)
    if path is None or not path.exists():
        return 0
    return path.stat().st_size


def set_aside(patient: Patient) -> Findings:
    """Damaged files that were set aside, and what a restore replaced."""
    for path in sorted(patient.data.glob("*.damaged-*")):
        if path.name.endswith(("-wal", "-shm")):
            continue
        yield Finding(
            "damage",
            f"{path.name} was damaged and set aside: {_missing(path)}",
            _after_damage(path),
        )
    for path in sorted(patient.data.glob(f"{REPLACED}*")):
        held = readable(sum(file.stat().st_size for file in path.rglob("*")))
        yield Finding(
            "folder",
            f"{path.name} ({held}) holds what a restore replaced",
            f"delete it once you need it no more: rm -r {path}",
        )


def left(patient: Patient) -> Findings:
    """What commands left that were killed."""
    found = [
        path
        for path in _all(patient.data)
        if (path.name.endswith(LEFT_ENDS) or path.parent.name.endswith(LEFT_ENDS))
        and path.parent.name != f"{FACTS}.tmp"
    ]
    for path in sorted({_outermost(path, patient.data) for path in found}):
        age = patient.now - path.stat().st_mtime * 1e6
        if age > LEFT_SECONDS * 1e6:
            yield Finding(
                "folder",
                f"{path.name} was left by a command that was killed {lasting(age)} ago",
                f"delete it: rm -r {path}",
            )
    if (patient.data / LIST).exists():
        yield Finding(
            "folder",
            "a restore was killed half-way",
            "start any command, such as 'footfall site list': it finishes the restore",
        )


def _missing(path: Path) -> str:
    if not path.name.startswith(STREAM):
        return "it is made again of what is in the facts"
    survived, missing = lost(str(path))
    if not survived:
        return (
            f"none of its {readable(path.stat().st_size)} could be read,"
            " so all hits that waited in it may be missing"
        )
    between = "none between them is missing"
    if missing:
        between = f"{several(missing, 'hit')} between them are missing"
    return (
        f"{several(survived, 'hit')} could be read and were kept, {between};"
        " of those after the last of them nothing is known"
    )


def _after_damage(path: Path) -> str:
    what = "look for the cause: the system's log, the disk's health (smartctl), a lack of power"
    return f"{what}; then delete it: rm {path}*"


def _all(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if not path.is_socket():
            yield path


def _outermost(path: Path, folder: Path) -> Path:
    """What is to be deleted: the folder that was left, or the file itself."""
    parents = [
        parent
        for parent in path.parents
        if parent.name.endswith(LEFT_ENDS) and parent != folder and parent.is_relative_to(folder)
    ]
    return parents[-1] if parents else path


def _whose(owner: int, path: Path) -> str:
    if owner != os.geteuid():
        me = name(os.geteuid())
        return f"run this, and all of Footfall, as {name(owner)}; or chown -R {me} {path}"
    return f"chown -R {name(owner)} {path}"
