import gc
import signal

from tests.aws.cloud import cloud
from tests.aws.emulators import aws, second
from tests.aws.kinesis import kinesis
from tests.aws.zipped import code, unpacked

__all__ = ["aws", "cloud", "code", "kinesis", "second", "unpacked"]


def pytest_configure() -> None:
    """Programs that tests start must hear Ctrl-C, though a shell may have started this in its background, deaf to it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_unconfigure() -> None:
    """Hypothesis leaves a callback that keeps every module alive to the end, of which DuckDB's bindings complain at length."""
    gc.callbacks.clear()
