"""Buckets: of code, of pages, and how one is emptied."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from footfall.aws.account import Account, code
from footfall.gateway.files import File

MISSING = {"404", "NoSuchBucket", "NoSuchKey", "NotFound"}
FIRST_REGION = "us-east-1"
"""The region that S3 does not want named."""


@dataclass(frozen=True)
class Bucket:
    """A bucket by its name."""

    account: Account
    name: str

    def made(self) -> "Bucket":
        """The bucket, made private where it is missing."""
        if not self._there(lambda: self._s3.head_bucket(Bucket=self.name)):
            where = {} if self.account.region == FIRST_REGION else {"CreateBucketConfiguration": {"LocationConstraint": self.account.region}}
            self._s3.create_bucket(Bucket=self.name, **where)
            closed = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
            self._s3.put_public_access_block(Bucket=self.name, PublicAccessBlockConfiguration=closed)
        return self

    def put(self, key: str, path: Path) -> None:
        """Put a file under a key that tells its content, unless it is there."""
        if not self._there(lambda: self._s3.head_object(Bucket=self.name, Key=key)):
            self._s3.upload_file(str(path), self.name, key)

    def show(self, files: Mapping[str, File], keep: str) -> None:
        """Make these files, by key, all that the bucket holds, beside those whose keys begin with `keep`. Pages come after what they name."""
        for key in sorted(files, key=lambda key: (key.endswith(".html"), key)):
            headers = dict(files[key].headers)
            kind, cache = headers[b"content-type"].decode(), headers[b"cache-control"].decode()
            self._s3.put_object(Bucket=self.name, Key=key, Body=files[key].body, ContentType=kind, CacheControl=cache)
        self._delete([{"Key": key} for key in self._keys() if key not in files and not key.startswith(keep)])

    def emptied(self) -> "Bucket":
        """The bucket, without any version of anything."""
        for page in self._s3.get_paginator("list_object_versions").paginate(Bucket=self.name):
            self._delete([{"Key": each["Key"], "VersionId": each["VersionId"]} for each in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))])
        return self

    def remove(self) -> None:
        """Delete it with all it holds; one that is not there is fine."""
        if self._there(lambda: self._s3.head_bucket(Bucket=self.name)):
            self.emptied()
            self._s3.delete_bucket(Bucket=self.name)

    def url(self, key: str) -> str:
        """Where CloudFormation finds an object."""
        return f"{self.account.endpoint or f'https://s3.{self.account.region}.amazonaws.com'}/{self.name}/{key}"

    @cached_property
    def _s3(self) -> Any:
        return self.account.client("s3")

    def _keys(self) -> Iterator[str]:
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.name):
            yield from (each["Key"] for each in page.get("Contents", ()))

    def _delete(self, objects: list[dict[str, str]]) -> None:
        for start in range(0, len(objects), 1000):  # the most that one call takes
            self._s3.delete_objects(Bucket=self.name, Delete={"Objects": objects[start : start + 1000], "Quiet": True})

    def _there(self, asked: Any) -> bool:
        try:
            asked()
        except Exception as exc:
            if code(exc) in MISSING:
                return False
            raise
        return True


def code_bucket(account: Account, stack: str) -> Bucket:
    """Where a stack's code lies: buckets have names that nobody else in the world has."""
    return Bucket(account, f"{stack.lower()}-code-{account.number()}-{account.region}")
