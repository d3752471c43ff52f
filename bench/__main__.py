"""`make bench`: what Footfall does on this machine, as ratios measured in one run.

Figures of one machine at one moment mean little; those of two programs measured in turn do.
Every answer counted is checked against what is stored afterwards.
"""

import argparse
from pathlib import Path

from bench import collecting, visibility

RESULTS = Path("bench/results")


def main() -> None:
    parser = argparse.ArgumentParser("python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=["collecting", "visibility", []], help="which; all unless named")
    parser.add_argument("--seconds", type=int, default=8, help="how long each load lasts")
    parser.add_argument("--rounds", type=int, default=3, help="how many pairs are measured in turn")
    given = parser.parse_args()
    names = given.names or ["collecting", "visibility"]
    lines: list[str] = []
    if "collecting" in names:
        lines += collecting.measure(given.seconds, given.rounds)
    if "visibility" in names:
        lines += visibility.measure(given.seconds)
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "latest.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
