"""Real servers for tests, on free ports of 127.0.0.1. Each ends with the test run; what cannot be started here says what is missing."""

import os
from typing import NoReturn

import pytest


def missing(what: str) -> NoReturn:
    """Skips with a reason, or fails where every service is required (`VEIVIS_REQUIRE_SERVICES=1`, as in CI)."""
    if os.environ.get("VEIVIS_REQUIRE_SERVICES") == "1":
        pytest.fail(f"required here, but {what}", pytrace=False)
    pytest.skip(what)
