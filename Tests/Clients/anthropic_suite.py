#!/usr/bin/env python3
"""The official Anthropic client, unmodified, against a running Tutti: on an upstream of its own dialect and on one of
OpenAI's. The environment is that of upstreams.py."""

import anthropic_messages  # noqa: F401
import anthropic_content  # noqa: F401
import anthropic_tools  # noqa: F401
import anthropic_errors  # noqa: F401
from upstreams import run_suite

if __name__ == "__main__":
    raise SystemExit(run_suite())
