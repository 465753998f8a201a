"""Other gateways in the same rounds: rolter and ferrogw, as they come from PyPI, with what they need to answer the same
request from the same upstream. Logs are at `error`: with theirs on, they would be slower."""

import json
import os

from environment import environment
from processes import Refusal, Server, free_port

# The key that native/chat.lua sends.
KEY = "caller-key"


def start(folder, mock, core, say):
    """Those that can be had and answer; of the others a sentence is said."""
    home = environment("benchmark-rivals", "requirements-rivals.txt", "rolter and ferrogw", "65 MB, some seconds",
                       ["bin/rolter", "--version"], say)
    servers = []
    for name, begin in (("rolter", start_rolter), ("ferrogw", start_ferrogw)) if home else ():
        try:
            servers.append(begin(home / "bin" / name, folder, mock, core))
        except (OSError, Refusal) as error:
            say(f"{name} is left out: {error}")
    return servers


def plain_environment(**more):
    return {key: value for key, value in os.environ.items() if not key.endswith("_API_KEY")} | more


def start_rolter(program, folder, mock, core):
    port, config = free_port(), folder / "rolter.toml"
    config.write_text(f"""
[server]
host = "127.0.0.1"
port = {port}
[queue]
workers = 1024
[[providers]]
name = "mock"
kind = "openai"
api_base = "http://127.0.0.1:{mock.port}"
api_key_env = "BENCH_KEY"
allow_custom_api_base = true
[[routes]]
model = "{Server.model}"
strategy = "round_robin"
[[routes.targets]]
provider = "mock"
model = "gpt-4o-mini"
[[virtual_keys]]
key = "{KEY}"
""")
    return Server("rolter", [program, "gateway", "-c", config], folder / "rolter.log", core, port,
                  plain_environment(BENCH_KEY="x", RUST_LOG="error"))


def start_ferrogw(program, folder, mock, core):
    port, config = free_port(), folder / "ferrogw.json"
    config.write_text(json.dumps({"strategy": {"mode": "single"}, "targets": [{"virtual_key": "openai"}]}))
    env = plain_environment(GATEWAY_CONFIG=str(config), OPENAI_API_KEY="x", MASTER_KEY=KEY, PORT=str(port),
                            OPENAI_BASE_URL=f"http://127.0.0.1:{mock.port}/v1", LOG_LEVEL="error")
    server = Server("ferrogw", [program, "serve"], folder / "ferrogw.log", core, port, env)
    # It serves what it knows, and no other name.
    server.model = "gpt-4o-mini"
    return server
