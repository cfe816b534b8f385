"""Reads the telemetry of a running bus: counters of its services, in shared memory.

    with Feed("/run/user/1000/busbar/war-1a2b3c") as feed:     # the runtime folder of the bus (`busbar status` names it)
        combat = feed.reader("combat")
        snapshot = combat.read()
        print(snapshot.values["total_combats"], snapshot.stale, snapshot.writer)

Needs nothing but Python 3.9 on Linux. One thread per object. A reader costs the writer nothing.

The layout is that of schema/service/telemetry/record.json, to which a test holds the constants below. Python has no atomic
loads: a record is copied twice, and taken only when both copies are equal and no update was in progress before and after.
On processors that reorder loads (ARM) let the writer add the CRC, which is checked here.
"""

from __future__ import annotations

import array
import fcntl
import mmap
import os
import select
import socket
import struct
import time
import zlib
from dataclasses import dataclass
from typing import Dict, List, Optional, Tuple

MAGIC = 0x564F49445245434B  # "VOIDRECK"
VERSION = 1
HEADER_BYTES = 32
DATA_BYTES = 80
TRIES_MAX = 64
HEADER = {"magic": (0, 64), "version": (8, 32), "crc32": (12, 32), "sequence": (16, 64), "data_size": (24, 32), "flags": (28, 32)}
FLAG_CRC, FLAG_ENDED = 1, 2
# name: (offset, bits, kind)
FIELDS: Dict[str, Tuple[int, int, str]] = {
    "total_combats": (32, 64, "counter"),
    "active_combats": (40, 32, "gauge"),
    "total_damage_dealt": (48, 64, "counter"),
    "total_damage_received": (56, 64, "counter"),
    "units_destroyed": (64, 32, "counter"),
    "simulation_fps": (72, 32, "gauge"),
    "average_tick_time_us": (76, 32, "gauge"),
    "peak_tick_time_us": (80, 32, "gauge"),
    "memory_usage_mb": (84, 32, "gauge"),
    "total_entities": (88, 64, "gauge"),
    "fleets": (96, 32, "gauge"),
    "planets": (100, 32, "gauge"),
    "units": (104, 32, "gauge"),
}

_HEADER = struct.Struct("<QIIQII")
_PLACES = [(name, struct.Struct("<Q" if bits == 64 else "<I"), offset) for name, (offset, bits, _) in FIELDS.items()]
_ANSWER = struct.Struct("<4sHHIIHH")
_SUFFIX = ".tele"
_SLOTS_MAX = 64
_NAME_BYTES_MAX = 200
_F_GET_SEALS, _SIZE_SEALS = 1034, 0x0002 | 0x0004  # shrink, grow


class TelemetryError(Exception):
    """`code` is that of schema/bus/errors.toml."""

    code = "telemetry/malformed"

    def __init__(self, text: str) -> None:
        super().__init__(f"{self.code}: {text}")


class WriterDead(TelemetryError):
    """The writer died in the middle of an update; `last` of the reader has the value before."""

    code = "telemetry/writer-dead"


class NoValue(TelemetryError):
    """No whole value yet: the writer stands in an update. Read again."""

    code = "telemetry/no-value"


class BadMagic(TelemetryError):
    code = "telemetry/bad-magic"


class UnsupportedVersion(TelemetryError):
    code = "telemetry/unsupported-version"


class BadSize(TelemetryError):
    code = "telemetry/bad-size"


class BadCrc(TelemetryError):
    code = "telemetry/bad-crc"


class UnknownService(TelemetryError):
    code = "telemetry/unknown-service"


class Malformed(TelemetryError):
    """A process answered with something that is no telemetry."""


class Unreachable(TelemetryError):
    code = "transport/unreachable"


@dataclass(frozen=True)
class Snapshot:
    service: str
    process: str
    pid: int
    sequence: int
    stale: bool  # no whole value could be had this time; the values are those read last
    writer: str  # "alive", "ended" (closed in good order) or "dead"
    flags: int
    values: Dict[str, int]


def decode(record: bytes, service: str = "?") -> Tuple[int, int, Dict[str, int]]:
    """The sequence, flags and values of a copied record (header and data, and maybe more behind them)."""
    if len(record) < HEADER_BYTES + DATA_BYTES:
        raise BadSize(f"the record of {service} has {len(record)} bytes, {HEADER_BYTES + DATA_BYTES} are the least")
    magic, version, crc, sequence, size, flags = _HEADER.unpack_from(record)
    if magic != MAGIC:
        raise BadMagic(f"the record of {service} starts with {magic:#x} instead of {MAGIC:#x}")
    if version != VERSION:
        raise UnsupportedVersion(f"the record of {service} has version {version}, this reader reads {VERSION}")
    if size < DATA_BYTES or size % 8 != 0 or HEADER_BYTES + size > len(record):
        raise BadSize(f"the record of {service} says that it has {size} bytes of data; its slot has {len(record)} bytes")
    if flags & FLAG_CRC and zlib.crc32(record[HEADER_BYTES : HEADER_BYTES + size]) != crc:
        raise BadCrc(f"the record of {service} does not fit its own CRC")
    return sequence, flags, {name: place.unpack_from(record, offset)[0] for name, place, offset in _PLACES}


class _Process:
    """The memory of one writing process, and the connection that tells of its death."""

    def __init__(self, path: str, timeout: float) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.settimeout(timeout)
        self._memory: Optional[mmap.mmap] = None
        self._gone = False
        try:
            self._socket.connect(path)
            self.refresh()
        except OSError as error:
            self.close()
            raise Unreachable(f"{path}: {error}") from error
        except TelemetryError:
            self.close()
            raise

    def refresh(self) -> None:
        """Asks again which records there are. Raises OSError when it is gone."""
        self._socket.send(b"BBTQ" + struct.pack("<HH", 1, 0))
        answer, descriptors, flags, _ = socket.recv_fds(self._socket, 65536, 8)
        try:
            if not answer:
                raise OSError("it hung up")
            if flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC):
                raise Malformed(f"{self.path}: an answer that was cut off")
            self._take(answer, descriptors)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def _take(self, answer: bytes, descriptors: "array.array[int] | List[int]") -> None:
        if len(answer) < _ANSWER.size:
            raise Malformed(f"{self.path}: {len(answer)} bytes are no answer")
        magic, version, code, pid, slot_bytes, name_bytes, count = _ANSWER.unpack_from(answer)
        if magic != b"BBTA" or version != 1:
            raise Malformed(f"{self.path}: it begins with {magic!r} and has version {version}")
        at = _ANSWER.size + name_bytes
        entries: List[Tuple[str, int]] = []
        for _ in range(count):
            if len(answer) < at + 4:
                raise Malformed(f"{self.path}: the answer ends too early")
            slot, length = struct.unpack_from("<HH", answer, at)
            if slot >= _SLOTS_MAX or not 0 < length <= _NAME_BYTES_MAX or len(answer) < at + 4 + length:
                raise Malformed(f"{self.path}: a record in slot {slot} with a name of {length} bytes")
            entries.append((answer[at + 4 : at + 4 + length].decode("utf-8", "replace"), slot))
            at += 4 + length
        if code != 0:
            raise Malformed(f"{self.path}: error {code}: {answer[at:].decode('utf-8', 'replace')}")
        if len(answer) != at or len(descriptors) != 1:
            raise Malformed(f"{self.path}: {len(answer)} bytes and {len(descriptors)} descriptors came")
        if self._memory is None:
            self._memory = self._map(descriptors[0], slot_bytes)
            self.slot_bytes = slot_bytes
        self.process = answer[_ANSWER.size : _ANSWER.size + name_bytes].decode("utf-8", "replace")
        self.pid = pid
        self.entries = [(name, slot) for name, slot in entries if (slot + 1) * self.slot_bytes <= len(self._memory)]

    def _map(self, descriptor: int, slot_bytes: int) -> mmap.mmap:
        try:
            seals = fcntl.fcntl(descriptor, _F_GET_SEALS)
        except OSError:
            seals = 0
        # Shrinking memory would end every reader of it.
        if seals & _SIZE_SEALS != _SIZE_SEALS:
            raise Malformed(f"{self.path}: a descriptor that is not sealed shared memory")
        size = os.fstat(descriptor).st_size
        if slot_bytes < 256 or slot_bytes % 64 != 0 or size == 0 or size % slot_bytes != 0 or size // slot_bytes > _SLOTS_MAX:
            raise Malformed(f"{self.path}: memory of {size} bytes with slots of {slot_bytes}")
        return mmap.mmap(descriptor, size, access=mmap.ACCESS_READ)

    def record(self, slot: int) -> memoryview:
        assert self._memory is not None
        return memoryview(self._memory)[slot * self.slot_bytes : (slot + 1) * self.slot_bytes]

    def gone(self) -> bool:
        if not self._gone and self._socket.fileno() >= 0:
            poll = select.poll()
            poll.register(self._socket, select.POLLRDHUP)
            self._gone = any(event & (select.POLLRDHUP | select.POLLHUP | select.POLLERR) for _, event in poll.poll(0))
        return self._gone

    def close(self) -> None:
        self._gone = True
        self._socket.close()


class Reader:
    """Reads the record of one service."""

    def __init__(self, service: str, process: "_Process", slot: int) -> None:
        self.service = service
        self.slot = slot
        self._process = process
        self._memory = process.record(slot)
        self._bytes = HEADER_BYTES + DATA_BYTES
        self.last: Optional[Snapshot] = None

    @property
    def process(self) -> str:
        return self._process.process

    @property
    def pid(self) -> int:
        return self._process.pid

    def read(self) -> Snapshot:
        """A whole value, or the last one with `stale` when 64 tries all met an update.

        Raises WriterDead (it died in an update; see `last`), NoValue, BadMagic, UnsupportedVersion, BadSize, BadCrc.
        """
        for _ in range(TRIES_MAX):
            first = bytes(self._memory)
            sequence = struct.unpack_from("<Q", first, HEADER["sequence"][0])[0]
            if sequence & 1 or bytes(self._memory) != first:
                continue
            sequence, flags, values = decode(first, self.service)
            return self._keep(sequence, flags, values, False)
        # The header says what it is even in an update; a record that cannot be is named as such.
        if self._memory[: HEADER["sequence"][0]].tobytes()[:12] != struct.pack("<QI", MAGIC, VERSION):
            decode(bytes(self._memory), self.service)
        sequence = struct.unpack_from("<Q", self._memory, HEADER["sequence"][0])[0]
        if sequence & 1 and self._process.gone():
            raise WriterDead(f"process {self.process} ({self.pid}) died while it was updating the record of {self.service}")
        if self.last is None:
            raise NoValue(f"no whole value of the record of {self.service} in {TRIES_MAX} tries; read again")
        return self._keep(self.last.sequence, self.last.flags, self.last.values, True)

    def wait_for_update(self, after: int, timeout: float = 1.0) -> Optional[Snapshot]:
        """The first snapshot with a sequence above `after`; None when the time (s) passed or the writer has ended.

        Raises as `read`; WriterDead also when the writer died and nothing can follow.
        """
        end = time.monotonic() + timeout
        while True:
            gone = self._process.gone()  # asked first: what it wrote before is then seen below
            try:
                snapshot = self.read()
                if not snapshot.stale and snapshot.sequence > after:
                    return snapshot
                if snapshot.flags & FLAG_ENDED:
                    return None
            except NoValue:
                pass  # who waits anyway goes on
            if gone:
                raise WriterDead(f"process {self.process} ({self.pid}) of {self.service} is gone")
            if time.monotonic() >= end:
                return None
            time.sleep(0.001)

    def _keep(self, sequence: int, flags: int, values: Dict[str, int], stale: bool) -> Snapshot:
        writer = "ended" if flags & FLAG_ENDED else "dead" if self._process.gone() else "alive"
        self.last = Snapshot(self.service, self.process, self.pid, sequence, stale, writer, flags, values)
        return self.last


class Feed:
    """The records of all processes of a running bus. `refresh` finds those that started later."""

    def __init__(self, folder: str, timeout: float = 2.0) -> None:
        self._folder = folder
        self._timeout = timeout
        self._processes: Dict[str, _Process] = {}
        self._readers: Dict[str, Reader] = {}
        #: What the last `refresh` met, by the name of the socket. Such a process hides no other.
        self.faults: Dict[str, TelemetryError] = {}
        #: Sockets of processes that did not answer the last `refresh` in time, and since when (`time.monotonic`): stopped, or stuck.
        self.silent: Dict[str, float] = {}
        self.refresh()

    def refresh(self) -> None:
        names = os.listdir(self._folder) if os.path.isdir(self._folder) else []
        self.faults = {}
        before, self.silent = self.silent, {}
        for name in sorted(name for name in names if name.endswith(_SUFFIX)):
            known = self._processes.get(name)
            asked = time.monotonic()
            try:
                if known is not None and not known.gone():
                    known.refresh()
                else:
                    known = self._processes[name] = _Process(os.path.join(self._folder, name), self._timeout)
            except (OSError, Unreachable) as error:
                # It has just died, or does not answer: what is known of it stays.
                if isinstance(error, socket.timeout) or isinstance(error.__cause__, socket.timeout):
                    self.silent[name] = before.get(name, asked)
                continue
            except TelemetryError as error:
                self.faults[name] = error
                continue
            for service, slot in known.entries:
                reader = self._readers.get(service)
                if reader is None or (reader._process is known and reader.slot < slot) or reader._process.gone():
                    self._readers[service] = Reader(service, known, slot)

    @property
    def readers(self) -> List[Reader]:
        return [self._readers[name] for name in sorted(self._readers)]

    def reader(self, service: str) -> Reader:
        try:
            return self._readers[service]
        except KeyError:
            names = ", ".join(sorted(self._readers)) or "none"
            raise UnknownService(f"there is no telemetry record of '{service}' (there are: {names})") from None

    def close(self) -> None:
        for process in self._processes.values():
            process.close()

    def __enter__(self) -> "Feed":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
