"""Facts in a table and a bucket that become another site's.

Of each day the files are put under the other site's name, and one transaction says that they are
its own and the first site's no more: whoever reads counts them once.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from footfall.store.aws.contents import segments_in
from footfall.store.aws.erasing import DynamodbErasing
from footfall.store.aws.pointer import Day, Pointer, file_key
from footfall.store.aws.table import translated
from footfall.store.removal import not_moved

if TYPE_CHECKING:
    from footfall.store.aws.window import Window

COUNT = "SELECT count(*) FROM events WHERE site = $site"
NOTHING = Pointer(Day(None, settled=False), {}, {})


class DynamodbMoving(DynamodbErasing):
    """See `store.removal.Moving`. Interrupted methods are done again, and go on."""

    def check_move(self, site: str, into: str) -> None:
        """See `Moving`."""
        ours, theirs = self.pointers.of(site).days, self.pointers.of(into).days
        both = sorted(ours.keys() & theirs.keys())
        gone = [day for day in both if ours[day].day.trimmed or theirs[day].day.trimmed]
        if gone:
            raise not_moved(site, into, gone, "footfall aws erase")

    def move(self, site: str, into: str) -> int:
        """See `Moving`. What waits in segments is made into files first."""
        self.check_move(site, into)
        for each in (site, into):
            self.compact(each)
        ours, theirs = self.pointers.of(site), self.pointers.of(into)
        old, replaced = list(self._versions(site)), list(self._versions(into))
        with self.reading(site) as reading:
            events = int(reading.rows(COUNT, {"site": site})[0][0])
        # Files hold them; else what comes yet would bring them back once the days are not here.
        for day, pointer in ours.days.items():
            self._delete_items(segments_in(self._rows, site, day, {}, pointer.marks))
        with self._window() as window:
            moved = {day: self._joined(window, (site, pointer), (into, theirs.days.get(day, NOTHING)), day) for day, pointer in sorted(ours.days.items())}
        self.pointers.move((site, ours.generation), (into, theirs.generation), moved)
        self._drop(site, ours.days)
        self._drop(into, {day: theirs.days[day] for day in moved.keys() & theirs.days.keys()})
        self._sweep(site, old)
        self._sweep(into, replaced)
        return events

    def _joined(
        self,
        window: "Window",
        ours: tuple[str, Pointer],
        theirs: tuple[str, Pointer],
        day: date,
    ) -> Pointer:
        """Put the files of a day of one site beside those of another, as the other's."""
        (site, gone), (into, stays) = ours, theirs
        files = dict(stays.files)
        for part, version in gone.files.items():
            if part in stays.files:
                both = {site: {day: gone}, into: {day: stays}}
                files[part] = self._put_together(window, into, day, part, both)
            else:
                files[part] = self._copied(site, into, day, part, version)
        return replace(stays, day=self._day(gone.day, stays.day), files=files)

    def _day(self, gone: Day, stays: Day) -> Day:
        """Return what is known of a day of both, in a version that neither had."""
        if gone.version is None:
            return stays
        if stays.version is None:
            return gone._replace(version=max(gone.version + 1, self._now()))
        version = max(gone.version + 1, stays.version + 1, self._now())
        return Day(version, settled=gone.settled and stays.settled)

    def _put_together(
        self,
        window: "Window",
        into: str,
        day: date,
        part: str,
        days: Mapping[str, Mapping[date, Pointer]],
    ) -> str:
        """Put a file with the rows of both sites; return its version."""
        paths = [self._loader.files(site, part, of)[day] for site, of in days.items()]
        path = window.put_together(part, paths)
        with translated(), path.open("rb") as body:
            put = self._s3.put_object(Bucket=self._bucket, Key=file_key(into, day, part), Body=body)
        path.unlink()
        return put["VersionId"]

    def _copied(self, site: str, into: str, day: date, part: str, version: str) -> str:
        """Copy a file to the other site's; return its version."""
        bucket = self._bucket
        with translated():
            copied = self._s3.copy_object(
                Bucket=bucket,
                Key=file_key(into, day, part),
                CopySource={
                    "Bucket": bucket,
                    "Key": file_key(site, day, part),
                    "VersionId": version,
                },
            )
        return copied["VersionId"]
