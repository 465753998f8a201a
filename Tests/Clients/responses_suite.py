#!/usr/bin/env python3
"""OpenAI's Responses through its official client, unmodified: to an upstream that has them, and translated for one
that hasn't. The environment is that of upstreams.py."""

import responses_answers  # noqa: F401
import responses_errors  # noqa: F401
from upstreams import run_suite

if __name__ == "__main__":
    raise SystemExit(run_suite())
