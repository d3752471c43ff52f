"""Sites and keys in a table of DynamoDB; salts in another, which has no point-in-time recovery.

| item | pk | sk | holds |
|---|---|---|---|
| site | `R#site` | its id | `data`: JSON |
| key | `R#key` | its id | `data`: JSON |
| the last change of sites or keys | `R#change` | `-` | `id`: random |
| salt | `R#salt` | day | `secret`, `made` |

Every change of sites and keys is one transaction that goes through only if the last change is
still the one its checks were made after; so no two names clash, whoever writes at once.
"""

import secrets
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from random import random
from time import sleep
from typing import TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from footfall.domain.identity import SALT_BYTES, Salt
from footfall.domain.site import Site
from footfall.registry.port import Key, Refused, RegistryBroken, Scope
from footfall.registry.refusal import check_site, moved_key, no_key, no_site

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MOST_KEYS = 98
"""That go in one transaction, which takes 100 items, with their site and the note of the change."""

MOST_BYTES = 350_000
"""Of a site; an item takes 400 KB."""

PAUSES_SECONDS = [min(0.02 * 2**n, 0.5) for n in range(12)]
OVERTAKEN = {"ConditionalCheckFailed", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}

Item = dict[str, Any]


class _Table:
    """A table, its errors translated. Any thread may use it; the client stays open when it is given up."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table
        self._closed = False

    @contextmanager
    def _using(self) -> Iterator["DynamoDBClient"]:
        if self._closed:
            raise RegistryBroken(f"{self._table} is closed")
        try:
            yield self._client
        except (BotoCoreError, ClientError) as exc:
            raise RegistryBroken(str(exc)) from exc

    def _items(self, kind: str) -> list[Item]:
        with self._using() as client:
            pages = client.get_paginator("query").paginate(
                TableName=self._table, KeyConditionExpression="pk = :kind", ExpressionAttributeValues={":kind": {"S": f"R#{kind}"}}, ConsistentRead=True
            )
            return [item for page in pages for item in page["Items"]]

    def _item(self, kind: str, name: str) -> Item | None:
        with self._using() as client:
            return client.get_item(TableName=self._table, Key=_at(kind, name), ConsistentRead=True).get("Item")

    def close(self) -> None:
        """See `port`."""
        self._closed = True


class DynamodbRegistry(_Table):
    """Sites and keys."""

    def version(self) -> int:
        """See `port.Registry`."""
        return int(self._last_change(), 16)

    def sites(self) -> Sequence[Site]:
        """See `port.Registry`."""
        return [msgspec.json.decode(item["data"]["S"], type=Site) for item in self._items("site")]

    def put_site(self, site: Site, *, new: bool, was: Site | None = None) -> None:
        """See `port.Registry`."""
        data = _site(site)

        def plan() -> list[Item]:
            check_site(site, self.sites(), new=new, was=was)
            return [self._put("site", site.id, data)]

        self._change(plan)

    def remove_site(self, site_id: str) -> None:
        """See `port.Registry`. Of very many keys some may go before the site does."""
        gone = False

        def plan() -> list[Item]:
            nonlocal gone
            if self._item("site", site_id) is None:
                raise no_site(site_id)
            keys = [key.id for key in self.all_keys() if key.site == site_id]
            gone = len(keys) <= MOST_KEYS
            return [self._delete("key", key) for key in keys[:MOST_KEYS]] + [self._delete("site", site_id)] * gone

        while not gone:
            self._change(plan)

    def move_site(self, site_id: str, into: Site, scopes: Collection[Scope]) -> None:
        """See `port.Registry`."""
        data = _site(into)

        def plan() -> list[Item]:
            sites = self.sites()
            others = [each for each in sites if each.id != site_id]
            if len(others) == len(sites):
                raise no_site(site_id)
            check_site(into, others, new=all(each.id != into.id for each in others), was=None)
            keys = [key for key in self.all_keys() if key.site == site_id]
            if len(keys) >= MOST_KEYS:
                raise Refused(f"site {site_id!r} has {len(keys)} keys: revoke some of them first")
            actions = [self._delete("site", site_id), self._put("site", into.id, data)]
            for key in keys:
                moved = moved_key(key, into.id, scopes)
                change = self._put("key", key.id, _json(moved)) if moved else self._delete("key", key.id)
                actions.append(change)
            return actions

        self._change(plan)

    def all_keys(self) -> Sequence[Key]:
        """See `port.Registry`."""
        keys = [msgspec.json.decode(item["data"]["S"], type=Key) for item in self._items("key")]
        return sorted(keys, key=lambda key: (key.made, key.id))

    def put_key(self, key: Key) -> None:
        """See `port.Registry`."""

        def plan() -> list[Item]:
            if self._item("site", key.site) is None:
                raise no_site(key.site)
            if self._item("key", key.id) is not None:
                raise RegistryBroken(f"there is a key {key.id!r} already")
            return [self._put("key", key.id, _json(key))]

        self._change(plan)

    def remove_key(self, key_id: str) -> None:
        """See `port.Registry`."""

        def plan() -> list[Item]:
            if self._item("key", key_id) is None:
                raise no_key(key_id)
            return [self._delete("key", key_id)]

        self._change(plan)

    def _last_change(self) -> str:
        item = self._item("change", "-")
        return item["id"]["S"] if item else "0"

    def _change(self, plan: Callable[[], list[Item]]) -> None:
        """Do what a plan says unless something has changed since it looked; then it looks again."""
        for pause in PAUSES_SECONDS:
            noted: Item = {
                "TableName": self._table, "Key": _at("change", "-"), "UpdateExpression": "SET id = :new", "ConditionExpression": "attribute_not_exists(pk) OR id = :last",
                "ExpressionAttributeValues": {":last": {"S": self._last_change()}, ":new": {"S": secrets.token_hex(8)}},
            }  # fmt: skip
            actions: Any = [{"Update": noted}, *plan()]
            with self._using() as client:
                try:
                    client.transact_write_items(TransactItems=actions)  # boto3 gives it a token: sent again after a lost answer, it is done once
                    return
                except client.exceptions.TransactionCanceledException as exc:
                    if not any(reason.get("Code") in OVERTAKEN for reason in exc.response["CancellationReasons"]):
                        raise
            sleep(pause * random())
        raise RegistryBroken("others keep changing sites and keys")

    def _put(self, kind: str, name: str, data: str) -> Item:
        return {"Put": {"TableName": self._table, "Item": {**_at(kind, name), "data": {"S": data}}}}

    def _delete(self, kind: str, name: str) -> Item:
        return {"Delete": {"TableName": self._table, "Key": _at(kind, name)}}


class DynamodbSalts(_Table):
    """Salts."""

    def all(self) -> Sequence[Salt]:
        """See `port.Salts`."""
        return sorted(_salt(item) for item in self._items("salt"))

    def make(self, day: int, now_us: int) -> Salt:
        """See `port.Salts`."""
        while True:
            found = self._item("salt", str(day))
            if found is not None:
                return _salt(found)
            item = {**_at("salt", str(day)), "secret": {"B": secrets.token_bytes(SALT_BYTES)}, "made": {"N": str(now_us)}}
            with self._using() as client:
                try:
                    client.put_item(TableName=self._table, Item=item, ConditionExpression="attribute_not_exists(pk)")
                    return _salt(item)
                except client.exceptions.ConditionalCheckFailedException:
                    pass  # another has made it, or this one's first answer was lost

    def destroy(self, now_us: int) -> Sequence[int]:
        """See `port.Salts`. One that another has made anew meanwhile stays."""
        due = [salt for salt in self.all() if salt.destroyed_at <= now_us]
        return [salt.day for salt in due if self._destroy(salt)]

    def _destroy(self, salt: Salt) -> bool:
        with self._using() as client:
            try:
                client.delete_item(
                    TableName=self._table, Key=_at("salt", str(salt.day)), ConditionExpression="attribute_not_exists(pk) OR secret = :secret",
                    ExpressionAttributeValues={":secret": {"B": salt.secret}},
                )  # fmt: skip
            except client.exceptions.ConditionalCheckFailedException:
                return False
        return True


def _at(kind: str, name: str) -> Item:
    return {"pk": {"S": f"R#{kind}"}, "sk": {"S": name}}


def _salt(item: Item) -> Salt:
    return Salt(int(item["sk"]["S"]), item["secret"]["B"], int(item["made"]["N"]))


def _site(site: Site) -> str:
    data = _json(site)
    if len(data.encode()) > MOST_BYTES:
        raise Refused(f"site {site.id!r} is too large: its names, exclusions and goals may take {MOST_BYTES:,} bytes together")
    return data


def _json(value: Site | Key) -> str:
    return msgspec.json.encode(value).decode()
