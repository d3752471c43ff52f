import gc

from tests.aws.emulators import aws

__all__ = ["aws"]


def pytest_unconfigure() -> None:
    """Hypothesis leaves a callback that keeps every module alive to the end, of which DuckDB's bindings complain at length."""
    gc.callbacks.clear()
