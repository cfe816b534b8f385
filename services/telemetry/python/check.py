"""What the TypeScript test asks of the Python reader: `check.py <what> [arguments]`. One line of JSON on standard output."""

import json
import os
import random
import signal
import sys
import time

import busbar_telemetry as telemetry


def layout(root: str) -> object:
    """Differences to the schema file; golden bytes that are not read as their values; damage that is not named."""
    with open(os.path.join(root, "schema", "service", "telemetry", "record.json"), encoding="utf-8") as file:
        schema = json.load(file)
    wrong = []
    if {f["name"]: (f["offset"], f["bits"], f["kind"]) for f in schema["fields"]} != telemetry.FIELDS:
        wrong.append("fields")
    if {f["name"]: (f["offset"], f["bits"]) for f in schema["header"]} != telemetry.HEADER:
        wrong.append("header")
    flags = {f["name"]: 1 << f["bit"] for f in schema["flags"]}
    mine = (telemetry.MAGIC, telemetry.VERSION, telemetry.HEADER_BYTES, telemetry.DATA_BYTES, telemetry.TRIES_MAX)
    theirs = (int(schema["magic"], 16), *(schema[key] for key in ("version", "header_bytes", "data_bytes", "tries_max")))
    if mine != theirs or flags != {"crc": telemetry.FLAG_CRC, "ended": telemetry.FLAG_ENDED}:
        wrong.append("constants")
    with open(os.path.join(root, "test", "conformance", "vectors", "telemetry.json"), encoding="utf-8") as file:
        cases = json.load(file)["cases"]
    dice = random.Random(1)
    for case in cases:
        record = bytes.fromhex(case["bytes"])
        expected = {name: int(value) for name, value in case["values"].items()}
        if telemetry.decode(record) != (int(case["sequence"]), case["flags"], expected):
            wrong.append(case["name"])
        for _ in range(2000):
            damaged = bytearray(record[: dice.randrange(len(record) + 1)])
            for _ in range(dice.randrange(4)):
                if damaged:
                    damaged[dice.randrange(len(damaged))] = dice.randrange(256)
            try:
                telemetry.decode(bytes(damaged))
            except telemetry.TelemetryError:
                pass
    return {"cases": len(cases), "wrong": wrong}


def equal(folder: str, reads: str) -> object:
    """Reads beside a writer at full speed that keeps all fields equal."""
    with telemetry.Feed(folder) as feed:
        reader = feed.reader("combat")
        whole = torn = stale = 0
        while whole < int(reads):
            try:
                snapshot = reader.read()
            except telemetry.NoValue:
                continue
            if snapshot.stale:
                stale += 1
                continue
            whole += 1
            n = snapshot.sequence // 2 - 1
            values = snapshot.values
            torn += any(value != (n if telemetry.FIELDS[name][1] == 64 else n % 2**32) for name, value in values.items())
        return {"whole": whole, "torn": torn, "stale": stale}


def kill(folder: str) -> object:
    """Reads, kills the writer, reads on."""
    with telemetry.Feed(folder) as feed:
        reader = feed.reader("combat")
        try:
            before = reader.read().values["units"]
        except telemetry.NoValue:
            before = None
        os.kill(reader.pid, signal.SIGKILL)
        for _ in range(10_000):
            if reader._process.gone():
                break
            time.sleep(0.001)
        try:
            after = reader.read()
            shown = [after.writer, after.values["units"]]
        except telemetry.TelemetryError as error:
            shown = [error.code]
        try:
            waited = reader.wait_for_update(2**63, 30) is not None
        except telemetry.TelemetryError as error:
            waited = error.code
        return {"before": before, "after": shown, "waited": waited}


def value(folder: str, service: str) -> object:
    with telemetry.Feed(folder) as feed:
        try:
            snapshot = feed.reader(service).read()
        except telemetry.TelemetryError as error:
            return str(error)
        return {"process": snapshot.process, "writer": snapshot.writer, "stale": snapshot.stale, "values": snapshot.values}


def refused(folder: str) -> object:
    """What a feed shows of a folder in which a process answers wrongly."""
    with telemetry.Feed(folder) as feed:
        return {
            "faults": {name: error.code for name, error in feed.faults.items()},
            "services": [reader.service for reader in feed.readers],
        }


def silent(folder: str) -> object:
    """Stops the writer and lets it go on: what a feed that knew it says, one that did not, and the first one afterwards."""
    with telemetry.Feed(folder, timeout=0.2) as feed:
        reader = feed.reader("combat")
        os.kill(reader.pid, signal.SIGSTOP)
        try:
            feed.refresh()
            since = dict(feed.silent)
            feed.refresh()
            kept = since == feed.silent
            with telemetry.Feed(folder, timeout=0.2) as late:
                new = [sorted(late.silent), [each.service for each in late.readers]]
            known = [sorted(feed.silent), reader.read().values["units"], kept]
        finally:
            os.kill(reader.pid, signal.SIGCONT)
        for _ in range(100):
            feed.refresh()
            if not feed.silent:
                break
        return {"known": known, "new": new, "afterwards": sorted(feed.silent), "faults": sorted(feed.faults)}


WHAT = {"layout": layout, "equal": equal, "kill": kill, "value": value, "refused": refused, "silent": silent}
print(json.dumps(WHAT[sys.argv[1]](*sys.argv[2:])))
