#!/usr/bin/env python3
"""The official OpenAI client, unmodified, on an upstream of Anthropic's dialect. The environment is that of
upstreams.py; without Tutti, the mock's own chats stand for what it would make of Anthropic's answers."""

import cross_chats  # noqa: F401
import cross_refusals  # noqa: F401
from upstreams import run_suite

if __name__ == "__main__":
    raise SystemExit(run_suite())
