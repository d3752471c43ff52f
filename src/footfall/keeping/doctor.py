"""What may be wrong with a data folder: the checks, in the order in which they are told."""

from collections.abc import Iterator

from footfall.keeping import files, flow, folder, proxy
from footfall.keeping.patient import Finding, Patient

CHECKS = (
    folder.owned,
    folder.near,
    folder.room,
    files.versions,
    files.whole,
    files.facts,
    files.rollups,
    files.cut,
    folder.set_aside,
    folder.left,
    flow.running,
    proxy.addresses,
    flow.waiting,
    flow.clock,
    flow.secrets,
)


def examine(patient: Patient) -> Iterator[Finding]:
    """All findings. A check that cannot be made is one too."""
    if not patient.data.is_dir():
        yield Finding(
            "folder",
            f"there is no data folder {patient.data}",
            "name it with --data, or begin one with 'footfall serve'",
        )
        return
    for check in CHECKS:
        try:
            yield from check(patient)
        except OSError as exc:
            yield Finding(
                "folder",
                f"it cannot be looked at: {exc}",
                "run this as the user that runs Footfall",
            )
