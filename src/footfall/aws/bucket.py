"""Buckets: of code, of pages, and how one is emptied."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from footfall.aws.account import Account, code
from footfall.gateway.files import File

MISSING = {"404", "NoSuchBucket", "NoSuchKey", "NotFound"}
MOST_DELETED = 1000
"""The most that one call takes."""

FIRST_REGION = "us-east-1"
"""The region that S3 does not want named."""

CLOSED = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}


@dataclass(frozen=True)
class Bucket:
    """A bucket by its name."""

    account: Account
    name: str

    def made(self) -> "Bucket":
        """Return the bucket, made private where it is missing."""
        if not self._there(lambda: self._s3.head_bucket(Bucket=self.name)):
            where: dict[str, Any] = {}
            if self.account.region != FIRST_REGION:
                place = {"LocationConstraint": self.account.region}
                where["CreateBucketConfiguration"] = place
            self._s3.create_bucket(Bucket=self.name, **where)
            self._s3.put_public_access_block(
                Bucket=self.name, PublicAccessBlockConfiguration=CLOSED
            )
        return self

    def put(self, key: str, path: Path) -> None:
        """Put a file under a key that tells its content, unless it is there."""
        if not self._there(lambda: self._s3.head_object(Bucket=self.name, Key=key)):
            self._s3.upload_file(str(path), self.name, key)

    def show(self, files: Mapping[str, File], keep: str) -> None:
        """Make these files, by key, all that the bucket holds.

        Those whose keys begin with `keep` stay. Pages come after what they name.
        """
        for key in sorted(files, key=lambda key: (key.endswith(".html"), key)):
            headers = dict(files[key].headers)
            self._s3.put_object(
                Bucket=self.name,
                Key=key,
                Body=files[key].body,
                ContentType=headers[b"content-type"].decode(),
                CacheControl=headers[b"cache-control"].decode(),
            )
        others = [key for key in self._keys() if key not in files and not key.startswith(keep)]
        self._delete([{"Key": key} for key in others])

    def emptied(self) -> "Bucket":
        """Return the bucket, without any version of anything."""
        for page in self._s3.get_paginator("list_object_versions").paginate(Bucket=self.name):
            found = (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
            self._delete([{"Key": each["Key"], "VersionId": each["VersionId"]} for each in found])
        return self

    def remove(self) -> None:
        """Delete it with all it holds; one that is not there is fine."""
        if self._there(lambda: self._s3.head_bucket(Bucket=self.name)):
            self.emptied()
            self._s3.delete_bucket(Bucket=self.name)

    def url(self, key: str) -> str:
        """Return where CloudFormation finds an object."""
        root = self.account.endpoint or f"https://s3.{self.account.region}.amazonaws.com"
        return f"{root}/{self.name}/{key}"

    @cached_property
    def _s3(self) -> Any:
        return self.account.client("s3")

    def _keys(self) -> Iterator[str]:
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.name):
            yield from (each["Key"] for each in page.get("Contents", ()))

    def _delete(self, objects: list[dict[str, str]]) -> None:
        for start in range(0, len(objects), MOST_DELETED):
            some = objects[start : start + MOST_DELETED]
            self._s3.delete_objects(Bucket=self.name, Delete={"Objects": some, "Quiet": True})

    def _there(self, asked: Any) -> bool:
        try:
            asked()
        except Exception as exc:
            if code(exc) in MISSING:
                return False
            raise
        return True


def code_bucket(account: Account, stack: str) -> Bucket:
    """Return where a stack's code lies: buckets have names that nobody else in the world has."""
    return Bucket(account, f"{stack.lower()}-code-{account.number()}-{account.region}")
