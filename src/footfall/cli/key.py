"""`footfall key`: add, list and revoke API keys."""

from datetime import UTC, datetime
from typing import Any

from footfall.compose import now, open_registry
from footfall.registry.key import digest, mint
from footfall.registry.port import Refused, Registry, RegistryBroken, Scope
from footfall.settings import Settings

EXPECTED = (Refused, RegistryBroken)


def run(settings: Settings, given: dict[str, Any]) -> None:
    """Do what `action` says."""
    registry = open_registry(settings)
    try:
        ACTIONS[given["action"]](registry, given)
    finally:
        registry.close()


def _add(registry: Registry, given: dict[str, Any]) -> None:
    scopes = tuple(Scope(scope) for scope in dict.fromkeys(given["scopes"]))
    secret, key = mint(given["site_id"], scopes, now())
    registry.put_key(key)
    print("Keep this key; it cannot be shown again:")
    print(secret)


def _list(registry: Registry, _: dict[str, Any]) -> None:
    for key in registry.all_keys():
        made = datetime.fromtimestamp(key.made // 1_000_000, UTC).date()
        print(f"{key.id}  {key.site}  {', '.join(key.scopes)}  made {made}")


def _revoke(registry: Registry, given: dict[str, Any]) -> None:
    wanted = given["key_id"]
    whole = next((key.id for key in registry.all_keys() if key.digest == digest(wanted)), wanted)
    registry.remove_key(whole)
    print(f"revoked {whole}")


ACTIONS = {"add": _add, "list": _list, "revoke": _revoke}
