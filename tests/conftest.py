from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]

# The same examples every run: a red build is red for everyone. KMEMLAB_HYPOTHESIS=explore looks for new ones.
settings.register_profile("fixed", derandomize=True, database=None, deadline=None, max_examples=40, suppress_health_check=QUIET)
settings.register_profile("explore", deadline=None, max_examples=1000, suppress_health_check=QUIET)
settings.load_profile(os.environ.get("KMEMLAB_HYPOTHESIS", "fixed"))
