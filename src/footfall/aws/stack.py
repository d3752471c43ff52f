"""A stack of CloudFormation, changed by change sets: what would change is known before it does."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, repeat
from time import sleep, time
from typing import Any, NamedTuple, TypeVar

from footfall.aws import template as templates
from footfall.aws.account import Account, CannotDeploy, code

MOST_BODY = 51_200
"""Bytes of a template that go with a call."""

PAUSES_SECONDS = (0.1, 0.2, 0.5, 1, 2, 3)
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]
NOTHING = ("didn't contain changes", "No updates are to be performed")
UNFINISHED = {"REVIEW_IN_PROGRESS"}
STUCK = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"}

T = TypeVar("T")
Shown = Callable[[str, int], None]
"""Told of each step: what it is, and how many resources are done."""


class Change(NamedTuple):
    """What would be done to a resource: `Add`, `Modify` or `Remove`.

    `replacement` says whether a new one takes its place: `True`, `False`, `Conditional` or nothing.
    """

    action: str
    name: str
    type: str
    replacement: str


@dataclass(frozen=True)
class Stack:
    """A stack by its name, whether it is there or not."""

    account: Account
    name: str

    def described(self) -> dict[str, Any] | None:
        """Return the stack as CloudFormation describes it, if it is there and not only planned."""
        found = self._found(self.name)
        if found is None or found["StackStatus"] in {*UNFINISHED, "DELETE_COMPLETE"}:
            return None
        return found

    def resource(self, name: str) -> str:
        """Return the name of a resource of the template in the account; raise `CannotDeploy`."""
        found = self.resources().get(name)
        if found is None:
            raise CannotDeploy(
                f"the stack {self.name} has no {name}:"
                " bring it up to this version with 'footfall aws deploy'"
            )
        return found[1]

    def must_be_there(self) -> dict[str, Any]:
        """The stack; raises `CannotDeploy` where it is not."""
        found = self.described()
        if found is None:
            raise CannotDeploy(
                f"there is no stack {self.name} in {self.account.region}:"
                " 'footfall aws deploy' makes one"
            )
        return found

    def outputs(self) -> dict[str, str]:
        """Its outputs."""
        outputs = (self.described() or {}).get("Outputs", [])
        return {each["OutputKey"]: each["OutputValue"] for each in outputs}

    def parameters(self) -> dict[str, str]:
        """Its parameters' values."""
        parameters = (self.described() or {}).get("Parameters", [])
        return {each["ParameterKey"]: each["ParameterValue"] for each in parameters}

    def resources(self) -> dict[str, tuple[str, str]]:
        """Types and physical ids of its resources."""
        paginator = self._cloudformation.get_paginator("list_stack_resources")
        found = {}
        for page in paginator.paginate(StackName=self.name):
            for each in page["StackResourceSummaries"]:
                physical = each.get("PhysicalResourceId", "")
                found[each["LogicalResourceId"]] = (each["ResourceType"], physical)
        return found

    def template(self) -> dict[str, Any]:
        """The template it was made of."""
        body = self._cloudformation.get_template(StackName=self.name)["TemplateBody"]
        return templates.parsed(body) if isinstance(body, str) else dict(body)

    @contextmanager
    def planned(
        self,
        template: str | None,
        values: Mapping[str, str],
        store: Callable[[str], str] | None = None,
    ) -> Iterator["Plan"]:
        """Plan what a template (by default the deployed one) and parameters would change.

        Parameters not named keep their values. `store` puts a template that is too large for a
        call somewhere and returns its URL. What was planned and not done leaves nothing. Raises
        `CannotDeploy`.
        """
        there = self.described()
        if there and there["StackStatus"] in STUCK:
            raise CannotDeploy(
                f"the stack {self.name} was not finished ({there['StackStatus']}):"
                " remove it with 'footfall aws destroy' and deploy again"
            )
        if template is None:
            self.must_be_there()
        before = {each["ParameterKey"] for each in (there or {}).get("Parameters", [])}
        kind = "UPDATE" if there else "CREATE"
        made = self._cloudformation.create_change_set(
            StackName=self.name,
            ChangeSetName=f"footfall-{int(time() * 1000)}",
            ChangeSetType=kind,
            Capabilities=CAPABILITIES,
            Parameters=self._given(template, values, before),
            **_form(template, store),
        )
        changes = _settled(lambda: self._changes(made["Id"]))
        plan = Plan(self, made["Id"], made["StackId"], there is None, changes)
        try:
            yield plan
        finally:
            if not plan.done:
                self._discard(plan)

    def _given(
        self, template: str | None, values: Mapping[str, str], before: set[str]
    ) -> list[dict[str, Any]]:
        """Return the parameters of a change; those that the stack had and are not named stay."""
        parsed = self.template() if template is None else templates.parsed(template)
        known = set(parsed.get("Parameters", {}))
        unknown = sorted(set(values) - known)
        if unknown:
            raise CannotDeploy(
                f"the template has no parameter {unknown[0]!r}; it has {', '.join(sorted(known))}"
            )
        given: list[dict[str, Any]] = []
        for name, value in values.items():
            given.append({"ParameterKey": name, "ParameterValue": value})
        for name in sorted((before & known) - set(values)):
            given.append({"ParameterKey": name, "UsePreviousValue": True})
        return given

    def remove(self, shown: Shown) -> None:
        """Delete it and wait; what its template keeps stays. Raises `CannotDeploy`."""
        stack_id = str(self.must_be_there()["StackId"])  # a deleted one is only known by its id
        since = self._last_event(stack_id)
        self._cloudformation.delete_stack(StackName=self.name)
        self._followed(stack_id, since, shown, {"DELETE_COMPLETE"})

    @cached_property
    def _cloudformation(self) -> Any:
        return self.account.client("cloudformation")

    def _found(self, name: str) -> dict[str, Any] | None:
        try:
            return dict(self._cloudformation.describe_stacks(StackName=name)["Stacks"][0])
        except Exception as exc:
            if code(exc) == "ValidationError" and "does not exist" in str(exc):
                return None
            raise

    def _changes(self, change_set: str) -> tuple[Change, ...] | None:
        """The changes, once it is known; nothing until then."""
        changes: list[Change] = []
        paginator = self._cloudformation.get_paginator("describe_change_set")
        for page in paginator.paginate(ChangeSetName=change_set):
            if page["Status"] == "FAILED":
                reason = page.get("StatusReason", "")
                if any(each in reason for each in NOTHING):
                    return ()
                raise CannotDeploy(f"CloudFormation refuses the template: {reason}")
            if page["Status"] != "CREATE_COMPLETE":
                return None
            changes += [_change(each["ResourceChange"]) for each in page["Changes"]]
        return tuple(changes)

    def _discard(self, plan: "Plan") -> None:
        if plan.new:
            self._cloudformation.delete_stack(StackName=plan.stack_id)  # with its change set
        else:
            self._cloudformation.delete_change_set(ChangeSetName=plan.id)

    def _last_event(self, stack_id: str) -> str:
        events = self._cloudformation.describe_stack_events(StackName=stack_id)["StackEvents"]
        return events[0]["EventId"] if events else ""

    def _events(self, stack_id: str, since: str) -> list[dict[str, Any]]:
        """Those after one, oldest first."""
        found: list[dict[str, Any]] = []
        paginator = self._cloudformation.get_paginator("describe_stack_events")
        for page in paginator.paginate(StackName=stack_id):
            for event in page["StackEvents"]:
                if event["EventId"] == since:
                    return found[::-1]
                found.append(event)
        return found[::-1]

    def _followed(self, stack_id: str, since: str, shown: Shown, good: set[str]) -> None:
        """Wait until what goes on with a stack is over; raise `CannotDeploy` if it ends badly."""
        told = 0

        def over() -> str | None:
            nonlocal told
            events = self._events(stack_id, since)
            _show(events, told, shown)
            told = len(events)
            return _ended(events, stack_id)

        status = _settled(over)
        if status not in good:
            failed = [each for each in self._events(stack_id, since) if _is_failure(each)]
            why = "; ".join(map(_reason, failed[:3])) or "CloudFormation gives no reason"
            raise CannotDeploy(f"the stack {self.name} ended as {status}: {why}")


@dataclass(slots=True)
class Plan:
    """A change set. Of a `new` stack it names all that is made."""

    stack: Stack
    id: str
    stack_id: str
    new: bool
    changes: tuple[Change, ...]
    done: bool = False

    def carry_out(self, shown: Shown) -> None:
        """Do it and wait; raise `CannotDeploy` if something fails.

        CloudFormation then brings back what was before.
        """
        since = self.stack._last_event(self.stack_id)
        self.done = True
        # What is kept was counted into; a first attempt that fails has counted nothing.
        self.stack._cloudformation.execute_change_set(
            ChangeSetName=self.id, RetainExceptOnCreate=True
        )
        self.stack._followed(self.stack_id, since, shown, {"CREATE_COMPLETE", "UPDATE_COMPLETE"})


def _change(found: Mapping[str, Any]) -> Change:
    return Change(
        action=found["Action"],
        name=found["LogicalResourceId"],
        type=found["ResourceType"],
        replacement=found.get("Replacement", ""),
    )


def _show(events: Sequence[Mapping[str, Any]], told: int, shown: Shown) -> None:
    """Show the events after those told already."""
    complete = [each for each in events if each["ResourceStatus"].endswith("_COMPLETE")]
    done = {each["LogicalResourceId"] for each in complete}
    for event in events[told:]:
        status = event["ResourceStatus"].lower().replace("_", " ")
        shown(f"{event['LogicalResourceId']} {status}", len(done))


def _ended(events: Sequence[Mapping[str, Any]], stack_id: str) -> str | None:
    """Return how a stack ended, by its events.

    Its own status may for a moment be that of what was done before.
    """
    own = [each for each in events if each.get("PhysicalResourceId") == stack_id]
    statuses = [each["ResourceStatus"] for each in own]
    ended = [each for each in statuses if not each.endswith("_IN_PROGRESS")]
    return str(ended[-1]) if ended else None


def _is_failure(event: Mapping[str, Any]) -> bool:
    """Return whether an event is a failure, and not that of what was cancelled for another."""
    cancelled = "cancelled" in event.get("ResourceStatusReason", "")
    return event["ResourceStatus"].endswith("_FAILED") and not cancelled


def _reason(event: Mapping[str, Any]) -> str:
    reason = event.get("ResourceStatusReason", "no reason given")
    return f"{event['LogicalResourceId']} ({event['ResourceType']}): {reason}"


def _form(template: str | None, store: Callable[[str], str] | None) -> dict[str, Any]:
    """How a template is handed over: as it is, by its URL, or without what only people read.

    The last is to be looked at only: what it makes is the same.
    """
    if template is None:
        return {"UsePreviousTemplate": True}
    parsed = templates.parsed(template)
    packed = json.dumps(parsed, separators=(",", ":"))
    bare = json.dumps(templates.undescribed(parsed), separators=(",", ":"))
    bodies = (template, packed) if store else (template, packed, bare)
    for body in bodies:
        if len(body.encode()) <= MOST_BODY:
            return {"TemplateBody": body}
    if store is None:
        raise CannotDeploy("the template is too large to be looked at without being uploaded")
    return {"TemplateURL": store(template)}


def _settled(look: Callable[[], T | None]) -> T:
    """What a look finds, once it finds something."""
    for pause in chain(PAUSES_SECONDS, repeat(PAUSES_SECONDS[-1])):
        found = look()
        if found is not None:
            return found
        sleep(pause)
    raise AssertionError
