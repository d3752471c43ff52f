"""What DuckDB's errors mean to the owner, as sentences."""

import os
from errno import EDQUOT, ENOSPC

import duckdb

FULL = tuple(os.strerror(number).lower() for number in (ENOSPC, EDQUOT))
SPILLING = "max_temp_directory_size"

DISK_FULL = "the disk is full; make room and give the same command again"
NO_MEMORY = "this needs more memory than --store-memory allows: set more, such as --store-memory 1GB"


def sentence(error: duckdb.Error) -> str:
    """Return what to do about an error, or its own words."""
    text = str(error)
    of_the_system = isinstance(error, duckdb.OperationalError)
    if of_the_system and any(each in text.lower() for each in FULL):
        return DISK_FULL
    if isinstance(error, duckdb.OutOfMemoryException):
        return DISK_FULL if SPILLING in text else NO_MEMORY
    return text


def is_of_the_machine(error: duckdb.Error) -> bool:
    """Whether an error is of the machine, not of what was asked."""
    return sentence(error) in (DISK_FULL, NO_MEMORY)
