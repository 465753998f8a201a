#!/usr/bin/env python3
"""The official OpenAI client, unmodified, against a running Tutti.

Environment: TUTTI_URL; TUTTI_SUITE (mock or local); for mock, TUTTI_MOCK_PORT of the scripted upstream.
"""

import importlib
import os

from openai_calls import run_suite

if __name__ == "__main__":
    suite = os.environ.get("TUTTI_SUITE", "mock")
    if suite not in ("mock", "local"):
        raise SystemExit("TUTTI_SUITE must be mock or local")
    importlib.import_module(f"openai_{suite}")
    raise SystemExit(run_suite())
