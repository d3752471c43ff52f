"""What makes a release of a clean tree: see `python -m release`."""


class Refused(Exception):
    """Why there can be no release, as one sentence."""
