#!/usr/bin/env python3
"""The orchestrated answer over real connections: plans, fusions, guards, conversations, cancelling, times, commands.

Needs the scripted upstream, no client. One server redacts and refuses; another one flags and asks for keys.
"""

import os
import subprocess
import sys

sys.dont_write_bytecode = True

import orchestra_fusion
import orchestra_guards
import orchestra_memory
import orchestra_plans
import orchestra_runs
from harness import BINARY, Checks, Tutti, configuration, environment, equal, servers

# Whom a key belongs to: (tenant, user).
WHO = {"ann": ("acme", "ann"), "ann-again": ("acme", "ann"), "bob": ("acme", "bob"), "other-ann": ("other", "ann")}


def sections(policy):
    guards, leaking = orchestra_guards.configuration(policy)
    plans = [part.configuration() for part in (orchestra_plans, orchestra_fusion, orchestra_memory, orchestra_runs)]
    return f"server: {{ heartbeat: 200ms }}\n{guards}plans:\n{leaking}{''.join(plans)}"


def keys(folder):
    """(the section `auth`, {name: headers})"""
    lines, headers = ["auth:", "  keys:"], {}
    for name, (tenant, user) in WHO.items():
        words = ["--data", folder / "keys-data"]
        key = subprocess.run([BINARY, "keys", "new", *words], env=environment(), capture_output=True, text=True,
                             check=True).stdout.strip()
        made = subprocess.run([BINARY, "keys", "hash", *words], env=environment(), input=key, capture_output=True,
                              text=True, check=True).stdout.strip()
        lines.append(f"    - {{ name: {name}, hash: {made}, tenant: {tenant}, user: {user}, role: member }}")
        headers[name] = {"Authorization": f"Bearer {key}"}
    return "\n".join(lines) + "\n", headers


def checked(folder, port, more):
    """(exit code, what `tutti config check` says) of a configuration with these sections."""
    file = folder / "broken.yaml"
    file.write_text(configuration(port, more=more))
    file.chmod(0o600)
    done = subprocess.run([BINARY, "config", "check", "--config", file], env=environment(), capture_output=True,
                          text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def redacting(checks, mock, tutti, folder):
    port = tutti.port
    plans, fusion, guards, memory, runs = (
        orchestra_plans, orchestra_fusion, orchestra_guards, orchestra_memory, orchestra_runs)
    checks.run("review and validation take as long as the longer", plans.in_parallel, port)
    checks.run("the layered example tells how far it is", plans.example, port)
    checks.run("experts that fail", plans.failures, port)
    checks.run("experts whose time is over", plans.timeouts, port)
    checks.run("an expert with a cache is asked once", plans.kept, port)
    checks.run("experts get what they come after", plans.dependents, port)
    checks.run("names of plans", plans.names, port)
    checks.run("what a plan cannot do is refused", plans.beyond_plans, port)
    checks.run("broken plans are told with their place", plans.broken_configuration, mock, folder, checked)
    checks.run("hanging up ends a plan's turn", plans.hung_up, port)
    for check in (fusion.lead, fusion.concatenate, fusion.best, fusion.vote, fusion.synthesise):
        checks.run(f"{check.__name__}: one answer on every route", check, port)
    checks.run("heartbeats until it is fused", fusion.heartbeats, port)
    checks.run("a fusion that fails", fusion.failed, port)
    checks.run("what an answer of several took", fusion.spoken, port)
    checks.run("a secret over many chunks comes out nowhere", guards.redacted, port)
    checks.run("nor does an expert's or a fusion's", guards.plans, port)
    checks.run("a text without secrets passes as it is", guards.passed, port)
    checks.run("what the input guard refuses", guards.refused, port)
    checks.run("the log shows no secret", lambda: guards.without_secrets("the log", tutti.output()))
    checks.run("conversations remember", memory.remembered, port)
    checks.run("conversations remember plans' turns", memory.of_plans, port)
    checks.run("the last ten messages by whole turns", memory.whole_turns, port)
    checks.run("turns of a conversation come one after the other", memory.in_turn, port, mock)
    checks.run("a cancelled turn is not remembered", memory.cancelled, port)
    checks.run("a conversation's line is bounded", memory.queue_is_bounded, port)
    checks.run("events of a run", runs.events_of, port)
    checks.run("a cancelled run of three experts leaves nothing", runs.cancelled, port, mock)
    checks.run("so do a client that hangs up and an answer that is not streamed", runs.cancelled_elsewhere, port, mock)
    checks.run("phases, experts and bottlenecks", runs.metrics, port)
    checks.run("experts that could not answer are told with their time", runs.unable, port)
    checks.run("the metrics of runs", runs.counted, port)
    checks.run("tutti chat and tutti stats", runs.commands, port)
    checks.run("tutti chat --timing tells experts' times", runs.expert_timing, port)
    checks.run("Ctrl-C ends an answer", runs.interrupted, port)
    checks.run("an answer that cannot be written is ended", runs.unwritten, port)
    checks.run("Tutti ends well", lambda: equal(tutti.end(), 0, "exit code"))


def flagging(checks, mock, folder):
    auth, headers = keys(folder)
    tutti = Tutti(folder, configuration(mock.port, more=sections("flag") + auth), "keys")
    try:
        checks.run("flags let pass", orchestra_guards.flagged, tutti.port, headers["ann"], tutti.output)
        checks.run("flags are counted", orchestra_guards.counted, tutti.port, headers["ann"])
        checks.run("a conversation is its user's", orchestra_memory.scopes, tutti.port, headers)
    finally:
        checks.run("the other one ends well", lambda: equal(tutti.end(), 0, "exit code"))


def main():
    checks = Checks()
    os.umask(0o077)
    with servers(more=sections("redact")) as (mock, tutti, folder):
        redacting(checks, mock, tutti, folder)
        flagging(checks, mock, folder)
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
