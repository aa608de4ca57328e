from __future__ import annotations

import os
import random

import pytest
from hypothesis import HealthCheck, settings

QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]

# The same examples every run: a red build is red for everyone. KMEMLAB_HYPOTHESIS=explore looks for new ones.
settings.register_profile("fixed", derandomize=True, database=None, deadline=None, max_examples=40, suppress_health_check=QUIET)
settings.register_profile("explore", deadline=None, max_examples=1000, suppress_health_check=QUIET)
settings.load_profile(os.environ.get("KMEMLAB_HYPOTHESIS", "fixed"))


# Labs and lessons of the tests keep nothing on the disk of whoever runs them; those about keeping say where.
os.environ["KMEMLAB_AUTOSAVE"] = "off"
os.environ["KMEMLAB_PROGRESS"] = "off"

# Tests that walk at random take this seed, the same in every process; they say it in their names.
os.environ.setdefault("KMEMLAB_SEED", str(random.randrange(10**6)))

GROUPS = ("browser", "compiled")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the compiled engine first: minutes of the C compiler, and browser tests, which mostly wait, go well beside it."""
    items.sort(key=lambda item: "compiled" not in item.keywords)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say once for each group of tests that the machine cannot run, and why; the contract's line."""
    reasons: dict[str, str] = {}
    for report in terminalreporter.stats.get("skipped", []):
        for group in GROUPS:
            if group in report.keywords:
                reasons.setdefault(group, str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr))
    for group, reason in reasons.items():
        terminalreporter.write_line(f"skipped group: {group} ({reason.removeprefix('Skipped: ')})")
