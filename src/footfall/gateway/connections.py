"""How many connections there are, of whom, and which go when there are too many or they say nothing."""

from collections import Counter, OrderedDict
from collections.abc import Callable
from time import monotonic
from typing import Protocol

from footfall.domain.address import address_key, bare_address

MOST = 4_000
SHARE = 256
"""Of one address (IPv6: its /64). Those that rest make room, so only requests under way at once can meet it."""

PER_FILE = 2
"""Files that there must be for each connection: some are the engine's, and many connections may come at one moment."""

ALL = b""
"""The group of proxies, and of what comes by a socket of this machine without an address."""


class Connection(Protocol):
    """Something that can be closed."""

    def expire(self) -> None:
        """Be closed, since its time is over."""

    def hang_up(self) -> None:
        """Be closed at once, for another."""


class Connections:
    """All connections of a process. `trusts` says which addresses are proxies', whose share is all."""

    def __init__(
        self,
        trusts: Callable[[str], bool] = lambda _: False,
        most: int = MOST,
        share: int = SHARE,
    ) -> None:
        self.most = most
        self.refused: Counter[str] = Counter()
        """How many had to go before their time, by why."""
        self._share = share
        self._trusts = trusts
        self._quiet: OrderedDict[Connection, float] = OrderedDict()
        self._of: dict[Connection, OrderedDict[Connection, None]] = {}
        self._groups: dict[bytes, OrderedDict[Connection, None]] = {}

    def enter(self, connection: Connection, address: str, until: float) -> None:
        """Take one in that is quiet; where it is one too many, the one that is longest so goes."""
        group = self._group(address)
        group[connection] = None
        self._of[connection] = group
        self._quiet[connection] = until
        if len(group) > self._share and group is not self._groups.get(ALL):
            self._make_room(group)
            self.refused["connections_of_address"] += 1
        elif len(self._of) > self.most:
            self._make_room(self._quiet)
            self.refused["connections"] += 1

    def leave(self, connection: Connection) -> None:
        """Forget one."""
        self._quiet.pop(connection, None)
        group = self._of.pop(connection, None)
        if group is not None:
            del group[connection]

    def rest(self, connection: Connection, until: float) -> None:
        """Note that one is quiet from now on."""
        group = self._of.get(connection)
        if group is not None:
            self._quiet[connection] = until
            self._quiet.move_to_end(connection)
            group.move_to_end(connection)

    def hurry(self, connection: Connection, until: float) -> None:
        """Give one that is quiet this long, and no other place among them."""
        if connection in self._of:
            self._quiet[connection] = until

    def work(self, connection: Connection) -> None:
        """Note that one is being answered."""
        self._quiet.pop(connection, None)

    def lose(self) -> None:
        """Let those go whose time is over."""
        now = monotonic()
        for connection in [each for each, until in self._quiet.items() if until < now]:
            connection.expire()
        for key in [key for key, group in self._groups.items() if not group]:
            del self._groups[key]

    def _group(self, address: str) -> OrderedDict[Connection, None]:
        bare = bare_address(address)
        own = bare is not None and not self._trusts(bare)
        return self._groups.setdefault(address_key(address) if own else ALL, OrderedDict())

    def _make_room(self, among: OrderedDict[Connection, None] | OrderedDict[Connection, float]) -> None:
        for connection in among:
            if connection in self._quiet:
                self.leave(connection)
                connection.hang_up()
                return
