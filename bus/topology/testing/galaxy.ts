/** A file with every section; `busbar init` and the pages of the documentation show parts of it. */
export const GALAXY: string = `[bus]
name = "galaxy"
schema = "schema"                 # folder of .fbs files
runtime_dir = "auto"
default_policy = "block"

[[nodes]]                         # no host: this machine
name = "orchestrator"
services = ["turns", "dashboard"]

[[nodes]]
name = "core"
services = ["cards", "combat", "ecs", "blackbox"]

[[nodes]]
name = "analysis"
host = "10.0.2.20"
port = 9001
services = ["policy"]

[services.turns]
run = "ts:services/turns.ts"
calls = ["Cards", "Combat", "Ecs"]
publishes = ["galaxy.TurnStart", "galaxy.TurnEnd"]

[services.cards]
run = "native:cards"
serves = ["Cards"]
threads = 2
restart = { policy = "on-failure", max = 5, window = "60s", backoff = "200ms..10s" }

[services.policy]
run = "python:services/policy/main.py"
subscribes = ["galaxy.*"]

[[edges]]                         # overrides, by pair; wildcards allowed
from = "turns"
to = "blackbox"
transport = "ring"
policy = { kind = "block", timeout = "2s" }
capacity = "4MiB"

[security.tcp]
keys = "keys/"

[engine]
kind = "nats"
servers = ["nats://10.0.0.5:4222"]
`;
