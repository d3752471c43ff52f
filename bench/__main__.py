"""`make bench`: what Footfall does on this machine, as ratios measured in one run.

Figures of one machine at one moment mean little; those of two programs measured in turn do.
Every answer counted is checked against what is stored afterwards.
"""

import argparse
from pathlib import Path

from bench import aws, collecting, imports, reports, style, trackers, visibility

RESULTS = Path("bench/results")


def main() -> None:
    parser = argparse.ArgumentParser("python -m bench", description=__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        choices=[
            "collecting",
            "visibility",
            "reports",
            "imports",
            "trackers",
            "aws",
            "hour",
            "style",
            [],
        ],
        help=(
            "which; all but the last two, unless named:"
            " the one takes long, the other is of the code"
        ),
    )
    parser.add_argument("--seconds", type=int, default=8, help="how long each load lasts")
    parser.add_argument("--rounds", type=int, default=3, help="how many pairs are measured in turn")
    parser.add_argument(
        "--sizes",
        type=_sizes,
        default=[1, 10],
        metavar="N,N",
        help="of how many million events reports are measured (1,10)",
    )
    parser.add_argument(
        "--fresh", action="store_true", help="make the events that reports are measured of anew"
    )
    given = parser.parse_args()
    names = given.names or ["collecting", "visibility", "reports", "imports", "trackers", "aws"]
    lines: list[str] = []
    if "collecting" in names:
        lines += collecting.measure(given.seconds, given.rounds)
    if "visibility" in names:
        lines += visibility.measure(given.seconds)
    if "reports" in names:
        lines += reports.measure(given.sizes, given.fresh)
    if "imports" in names:
        lines += imports.measure()
    if "aws" in names:
        lines += aws.measure(given.sizes)
    if "hour" in names:
        lines += aws.measure_hour(max(given.sizes))
    if "style" in names:
        lines += style.measure()
    if "trackers" in names:
        lines += trackers.measure()
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "latest.txt").write_text("\n".join(lines) + "\n")


def _sizes(text: str) -> list[int]:
    return [int(each) for each in text.split(",")]


if __name__ == "__main__":
    main()
