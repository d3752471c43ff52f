"""Files that come with the package and lie elsewhere in the repository: lock and template."""

from importlib.resources import files
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]
LOCK, TEMPLATE = "requirements.txt", "template.yaml"
WHERE = {
    LOCK: REPOSITORY / "requirements-aws.txt",
    TEMPLATE: REPOSITORY / "infra" / "aws" / "template.yaml",
}


def shipped(name: str) -> str:
    """Return the text of the lock or of the template.

    It lies beside this module in a wheel, and in its own place in the repository.
    """
    installed = Path(str(files("footfall.aws"))) / name
    path = installed if installed.is_file() else WHERE[name]
    return path.read_text("utf-8")
