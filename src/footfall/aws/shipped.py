"""What comes along with the package and lies elsewhere in the repository: the lock of its dependencies, and the template."""

from importlib.resources import files
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]
LOCK, TEMPLATE = "requirements.txt", "template.yaml"
WHERE = {LOCK: REPOSITORY / "requirements-aws.txt", TEMPLATE: REPOSITORY / "infra" / "aws" / "template.yaml"}


def shipped(name: str) -> str:
    """The text of the lock or of the template: beside this module in a wheel, in its own place in the repository."""
    installed = Path(str(files("footfall.aws"))) / name
    return (installed if installed.is_file() else WHERE[name]).read_text("utf-8")
