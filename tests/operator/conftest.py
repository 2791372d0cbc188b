"""The whole stack on virtual time, see `support/stack.py`."""

from __future__ import annotations

from typing import Any

import pytest
from support.bodies import cluster, workers
from support.pair import pair
from support.stack import run


@pytest.fixture
def make() -> Any:
    """Bodies of objects."""
    return cluster


@pytest.fixture
def scale() -> Any:
    """A merge patch that sets the number of workers."""
    return workers


@pytest.fixture
def running() -> Any:
    """`async with running() as stack`: a stack with the CRDs and the app, the operator started."""
    return run


@pytest.fixture(name="pair")
def two_operators() -> Any:
    """`async with pair() as (stack, one, two)`: two operators that stand for election."""
    return pair
