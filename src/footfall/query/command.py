"""Reports for the owner of the data folder, who needs no key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from footfall.control.port import Refusal
from footfall.domain.wrong import Wrong
from footfall.query import stats
from footfall.query.answer import Answers
from footfall.query.rollup import TooCostly
from footfall.registry.port import Registry


@dataclass(frozen=True, slots=True)
class Report:
    """The command `report`: what `POST /api/v2/query` answers."""

    answers: Answers
    registry: Registry

    def __call__(self, site: str, query: Mapping[str, Any], conditions: Sequence[str] = ()) -> dict[str, Any]:
        """Of a site by its id. `conditions` are filters besides, as the older API writes them. Raises `Refusal`."""
        found = next((each for each in self.registry.sites() if each.id == site), None)
        if found is None:
            raise Refusal(f"there is no site {site!r}; 'footfall site list' shows all")
        try:
            goals = {goal.name for goal in found.goals}
            more = [each for text in conditions for each in stats.conditions(text, goals)]
            return self.answers.query(found, {**query, "filters": [*query.get("filters", []), *more]} if more else query)
        except (Wrong, TooCostly) as exc:
            raise Refusal(str(exc)) from exc
