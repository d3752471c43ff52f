"""A stack saved to this machine, removed with all it held, and brought back into a new one."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from footfall.domain.site import Site
from footfall.registry.dynamodb import DynamodbRegistry
from footfall.registry.port import Key, Scope
from footfall.store.aws.dynamodb import DynamodbFacts
from tests.aws.sky import Say, Sky, say, sky
from tests.aws.test_adopt import facts_of
from tests.store.relations import everything
from tests.traffic import SITE, Act, apply, at, made

__all__ = ["say", "sky"]
pytestmark = pytest.mark.slow
NINE = at("2026-06-10 09:00")
KEY = Key("abcdef", "0" * 64, "berlin", (Scope.STATS_READ,), 1)


def counting(sky: Sky) -> DynamodbFacts:
    """A stack that has counted something, some of it in files."""
    registry = DynamodbRegistry(sky.client("dynamodb"), sky.resource("Table"))
    registry.put_site(SITE["berlin"], new=True)
    registry.put_key(KEY)
    facts = facts_of(sky)
    apply(facts, made([Act(NINE), Act(NINE + 60_000_000)], prefix="old", one_shard=True))
    facts.compact("berlin")
    apply(
        facts,
        made(
            [Act(NINE), Act(NINE + 60_000_000), Act(NINE + 120_000_000, who="bob")],
            prefix="old",
            one_shard=True,
        ),
    )
    return facts


def known(sky: Sky) -> tuple[Sequence[Site], Sequence[Key]]:
    """The site and all keys; the example's addresses are those of its stack."""
    registry = DynamodbRegistry(sky.client("dynamodb"), sky.resource("Table"))
    return [site for site in registry.sites() if site.id == "berlin"], registry.all_keys()


def test_all_comes_back_but_the_secrets_of_days(sky: Sky, say: Say, tmp_path: Path) -> None:
    say("deploy")
    before = everything(counting(sky)), known(sky)
    sky.client("dynamodb").put_item(
        TableName=sky.resource("SaltsTable"),
        Item={"pk": {"S": "R#salt"}, "sk": {"S": "20614"}, "secret": {"B": b"secret of a day"}},
    )
    status, lines, errors = say("backup", tmp_path / "copy")
    assert (status, errors) == (0, "")
    assert lines[0] == "saved 1 days in files, 1 segments that wait for theirs, 2 sites and 1 keys"
    assert all(
        b"secret of a day" not in path.read_bytes() and (path.stat().st_mode & 0o077) == 0
        for path in (tmp_path / "copy").rglob("*")
        if path.is_file()
    )
    say("destroy", "--yes", "--delete-data")
    say("deploy")
    assert everything(facts_of(sky)) == ([], [])
    status, lines, errors = say("restore", tmp_path / "copy")
    assert (status, errors) == (0, "")
    assert lines[0].startswith("brought back, as of 20") and lines[0].endswith(
        ", 1 days in files, 1 segments that wait for theirs, 2 sites and 1 keys"
    )
    assert (everything(facts_of(sky)), known(sky)) == before
    assert say("restore", tmp_path / "copy")[0] == 0
    facts_of(sky).compact("berlin")
    assert (everything(facts_of(sky)), known(sky)) == before


def test_what_is_no_backup_changes_nothing(sky: Sky, say: Say, tmp_path: Path) -> None:
    say("deploy")
    facts = counting(sky)
    say("backup", tmp_path / "copy")
    before = everything(facts), known(sky)
    assert (
        say("backup", tmp_path / "copy")[2]
        == f"footfall: {tmp_path / 'copy'} is there already: name a new folder\n"
    )
    manifest = tmp_path / "copy" / "manifest.json"
    whole, held = manifest.read_text(), sorted((tmp_path / "copy" / "files").rglob("*.parquet"))[0]
    kept = held.read_bytes()
    for path, data, told in (
        (held, kept[:-1] + b"?", "is damaged or missing: nothing was changed"),
        (held, None, "is damaged or missing: nothing was changed"),
        (
            manifest,
            json.dumps({**json.loads(whole), "format": 9}).encode(),
            "was made by a newer Footfall",
        ),
        (manifest, b"{", "is no backup of a stack"),
        (manifest, None, "is no backup of a stack"),
    ):
        if data is None:
            path.unlink()
        else:
            path.write_bytes(data)
        status, lines, errors = say("restore", tmp_path / "copy")
        assert (status, lines) == (1, []) and told in errors
        held.write_bytes(kept)
        manifest.write_text(whole)
    assert (everything(facts_of(sky)), known(sky)) == before


def test_a_backup_that_fails_leaves_nothing(sky: Sky, say: Say, tmp_path: Path) -> None:
    say("deploy")
    counting(sky)
    for each in sky.client("s3").list_object_versions(Bucket=sky.resource("ArchiveBucket"))[
        "Versions"
    ]:
        sky.client("s3").delete_object(
            Bucket=sky.resource("ArchiveBucket"), Key=each["Key"], VersionId=each["VersionId"]
        )
    status, _, errors = say("backup", tmp_path / "copy")
    assert status == 1 and "the backup was not finished" in errors
    assert list(tmp_path.glob("copy*")) == []
