"""Sites by every name they go by."""

from collections.abc import Iterable

from footfall.domain.host import BELOW
from footfall.domain.site import Site
from footfall.registry.host import host_name


class Directory:
    """The sites by their ids, domains and aliases. Immutable: a change makes a new one."""

    def __init__(self, sites: Iterable[Site]) -> None:
        self._named: dict[str, Site] = {}
        for site in sites:
            for name in (*site.aliases, *site.domains, site.id):
                self._named[name] = site
        self._wide = any(name.startswith(BELOW) for name in self._named)

    def find(self, website: str | None, host: str) -> Site | None:
        """Return the site of an id, domain or alias; where none is given, that of the page's host.

        A domain is found however it is spelled. Of domains that begin with `*.` the one with the
        most labels goes first.
        """
        if website is None:
            return self._of_host(host)
        return self._named.get(website) or self._spelled(website.strip(), host)

    def _spelled(self, website: str, host: str) -> Site | None:
        if not website:
            return self._of_host(host)
        return self._named.get(website) or self._named.get(website.lower()) or self._of_host(host_name(website))

    def _of_host(self, host: str) -> Site | None:
        found = self._named.get(host) or self._named.get(host.removeprefix("www."))
        if found or not self._wide:
            return found
        rest = host
        while rest and found is None:
            rest = rest.partition(".")[2]
            found = self._named.get(BELOW + rest)
        return found
