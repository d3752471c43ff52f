"""The flags that size and bound a stack on AWS."""

import argparse

HITS = (
    "how many hits a second at busy times it is to be sized for;"
    " a shard for every 500, batches and memory to match"
)


def hits_and_door(command: argparse.ArgumentParser) -> None:
    """How much comes in, and what takes it."""
    command.add_argument(
        "--hits-per-second",
        metavar="N",
        type=whole,
        help=f"{HITS} [as it is; 1 shard at first]",
    )
    command.add_argument(
        "--front-door",
        choices=["rest", "function"],
        help=(
            "what takes hits: rest, API Gateway without code; or function, the gateway's own code"
            " behind CloudFront [as it is; rest at first]"
        ),
    )


def limits(command: argparse.ArgumentParser) -> None:
    """What keeps the stack from harm, and from costing too much."""
    command.add_argument(
        "--reserve",
        action=argparse.BooleanOptionalAction,
        help=(
            "keep places for the functions that count, so that reports never take them all;"
            " needs an account that may run 200 functions at once [as it is; not at first]"
        ),
    )
    command.add_argument(
        "--web-acl",
        dest="web_acls",
        metavar="ARN",
        action="append",
        default=[],
        help=(
            "a web ACL, such as one with a rate rule: of the region for API Gateway,"
            " global for CloudFront; may be given twice [as it is; none at first]"
        ),
    )
    command.add_argument(
        "--budget",
        metavar="DOLLARS",
        type=_whole_or_none,
        help=(
            "send an alarm beyond so many dollars a month of the whole account;"
            " 0 for none [as it is; none at first]"
        ),
    )
    command.add_argument(
        "--budget-email", metavar="ADDRESS", help="whom that alarm is sent to [--alarm-topic]"
    )
    command.add_argument(
        "--alarm-topic",
        metavar="ARN",
        help="the SNS topic that alarms go to [as it is; none at first]",
    )


def parameters(command: argparse.ArgumentParser) -> None:
    """What a template says, and which."""
    command.add_argument(
        "--parameter",
        dest="parameters",
        metavar="NAME=VALUE",
        type=_parameter,
        action="append",
        default=[],
        help="set a parameter of the template",
    )
    command.add_argument(
        "--template", metavar="FILE", help="a template of yours in place of Footfall's"
    )


def whole(text: str) -> int:
    """Parse a whole number from 1."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"must be a whole number from 1, not {text!r}")
    return int(text)


def _whole_or_none(text: str) -> int:
    return 0 if text == "0" else whole(text)


def _parameter(text: str) -> tuple[str, str]:
    name, found, value = text.partition("=")
    if not (name and found):
        raise argparse.ArgumentTypeError(f"must be NAME=VALUE, not {text!r}")
    return name, value
