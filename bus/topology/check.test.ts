import { expect, test } from "vitest";
import type { BusError } from "#wire";
import { sourceIdOf } from "#wire";
import { faults, GALAXY_BUS, where } from "./testing/fixtures.ts";

/** Texts below follow these two lines, so their own first line is line 3. */
const head = GALAXY_BUS;
const one = (text: string): string => {
  const found = faults(head + text);
  return found.map((problem) => problem.message).join("\n");
};

interface Refusal {
  readonly why: string;
  readonly text: string;
  /** "code line:column" of all faults, lines as in `text` plus 2. */
  readonly at: readonly string[];
  readonly says?: RegExp;
}

const node = '[[nodes]]\nname = "n"\nservices = ["a", "b"]\n'; // lines 3 to 5

const refusals: Refusal[] = [
  {
    why: "an unknown section",
    text: `[[node]]\nname = "n"\n`,
    at: ["topology/unknown-key 3:3"],
    says: /unknown key 'node'; did you mean 'nodes'\?/,
  },
  {
    why: "an unknown section like none",
    text: "[zzzzzz]\n",
    at: ["topology/unknown-key 3:2"],
    says: /known sections: bus, nodes, services/,
  },
  {
    why: "an unknown key of a service",
    text: `${node}[services.a]\nrunn = "ts:x"\n`,
    at: ["topology/unknown-key 7:1"],
    says: /unknown key '\[services\.a\] runn'; did you mean 'run'\?/,
  },
  {
    why: "a key of another section",
    text: `${node}[services.a]\nrun = "ts:x"\ncapacity = "1MiB"\n`,
    at: ["topology/unknown-key 8:1"],
    says: /it is a key of \[\[edges\]\]/,
  },
  {
    why: "an unknown key of a node",
    text: `[[nodes]]\nname = "n"\nservices = []\n  hots = "x"\n`,
    at: ["topology/unknown-key 6:3"],
    says: /did you mean 'host'\?/,
  },
  {
    why: "an unknown key of an inline policy",
    text: `${node}[[edges]]\nfrom = "a"\nto = "b"\npolicy = { kind = "block", time_out = "2s" }\n`,
    at: ["topology/unknown-key 9:28"],
    says: /\[\[edges\]\] policy time_out'; did you mean 'timeout'\?/,
  },
  {
    why: "an unknown key of restart",
    text: `${node}[services.a]\nrun = "ts:x"\nrestart = { policy = "always", maximum = 3 }\n`,
    at: ["topology/unknown-key 8:32"],
  },
  {
    why: "a key of [security] instead of [security.tcp]",
    text: `[security]\nkeys = "keys/"\n`,
    at: ["topology/unknown-key 4:1"],
    says: /it is a key of \[security\.tcp\]/,
  },
  { why: "an unknown part of [security]", text: "[security.tpc]\n", at: ["topology/unknown-key 3:11"], says: /'tcp'/ },
  {
    why: "a single table where a list stands",
    text: `[nodes]\nname = "n"\n`,
    at: ["topology/bad-value 3:2"],
    says: /write \[\[nodes\]\]/,
  },
  { why: "a node without a name", text: `[[nodes]]\nservices = ["a"]\n`, at: ["topology/missing-key 3:3"] },
  {
    why: "a node without services",
    text: `[[nodes]]\nname = "n"\n`,
    at: ["topology/missing-key 3:3"],
    says: /\[\[nodes\]\] services is missing; write services = /,
  },
  {
    why: "services that are no list",
    text: `[[nodes]]\nname = "n"\nservices = "a"\n`,
    at: ["topology/bad-value 5:12"],
    says: /must be a list of names; write \["a"\]/,
  },
  {
    why: "a name with a blank",
    text: `[[nodes]]\nname = "n"\nservices = ["a", "b c"]\n`,
    at: ["topology/bad-value 5:18"],
    says: /entry 2 is "b c"; a name must begin with a letter/,
  },
  {
    why: "two names at fault, and nothing that follows from them",
    text: `[[nodes]]\nname = "n"\nservices = ["a", "b c", 3]\n[services.a]\nrun = "ts:x"\n`,
    at: ["topology/bad-value 5:18", "topology/bad-value 5:25"],
  },
  {
    why: "services that cannot be read, and nothing that follows from it",
    text: `[[nodes]]\nname = "n"\nservices = "a"\n[services.a]\nrun = "ts:x"\n[[edges]]\nfrom = "a"\nto = "b"\n`,
    at: ["topology/bad-value 5:12"],
  },
  {
    why: "arguments of a plugin",
    text: `${node}[services.a]\nrun = "native:x"\nargs = ["x"]\n`,
    at: ["topology/contradiction 8:1"],
    says: /takes config, not args/,
  },
  {
    why: "a key with a line break and a terminal code, shown as such",
    text: `"a\\nb\\u001b[31m" = 1\n`,
    at: ["topology/unknown-key 3:1"],
    says: /a\\u000ab\\u001b\[31m/,
  },
  {
    why: "a reserved name",
    text: `[[nodes]]\nname = "n"\nservices = ["busbar.cli"]\n`,
    at: ["topology/bad-value 5:13"],
    says: /names that begin with 'busbar\.' are reserved/,
  },
  {
    why: "a reserved name of a node",
    text: `[[nodes]]\nname = "Busbar.core"\nservices = []\n`,
    at: ["topology/bad-value 4:8"],
  },
  {
    why: "a service named as the process of a monolith",
    text: `[[nodes]]\nname = "n"\nservices = ["monolith"]\n`,
    at: ["topology/bad-value 5:13"],
    says: /take another name/,
  },
  {
    why: "two nodes of one name",
    text: `[[nodes]]\nname = "n"\nservices = []\n[[nodes]]\nname = "n"\nservices = []\n`,
    at: ["topology/duplicate 7:8"],
    says: /node 'n' is given twice; first at line 4/,
  },
  {
    why: "a service on two nodes",
    text: `[[nodes]]\nname = "n"\nservices = ["a"]\n[[nodes]]\nname = "m"\nservices = ["b", "a"]\n`,
    at: ["topology/duplicate 8:18"],
    says: /service 'a' \(on nodes n and m;.*first at line 5/,
  },
  {
    why: "a service twice on a node",
    text: `[[nodes]]\nname = "n"\nservices = ["a", "a"]\n`,
    at: ["topology/duplicate 5:18"],
  },
  {
    why: "a remote node without a port",
    text: `[[nodes]]\nname = "n"\nhost = "10.0.0.1"\nservices = ["a"]\n[security.tcp]\nkeys = "k"\n`,
    at: ["topology/missing-key 5:1"],
    says: /node n is on another host \(10\.0\.0\.1\), which is reached by TCP; write port = 9001/,
  },
  {
    why: "two nodes with one address",
    text: `[[nodes]]\nname = "n"\nport = 9001\nservices = []\n[[nodes]]\nname = "m"\nhost = "127.0.0.1"\nport = 9001\nservices = []\n`,
    at: ["topology/contradiction 10:8"],
    says: /nodes n and m have the same address localhost:9001/,
  },
  {
    why: "a port beyond 65535",
    text: `[[nodes]]\nname = "n"\nport = 65536\nservices = []\n`,
    at: ["topology/bad-value 5:8"],
    says: /must be an integer from 1 to 65535, not 65536/,
  },
  {
    why: "a port in quotes",
    text: `[[nodes]]\nname = "n"\nport = "9001"\nservices = []\n`,
    at: ["topology/bad-value 5:8"],
    says: /write 9001 without quotes/,
  },
  {
    why: "an integer beyond 2^53",
    text: `[[nodes]]\nname = "n"\nport = 9007199254740993\nservices = []\n`,
    at: ["topology/bad-value 5:8"],
  },
  {
    why: "a port inside the host",
    text: `[[nodes]]\nname = "n"\nhost = "10.0.0.1:9001"\nport = 1\nservices = []\n[security.tcp]\nkeys = "k"\n`,
    at: ["topology/bad-value 5:8"],
    says: /host = "10\.0\.0\.1", port = 9001/,
  },
  {
    why: "a host that nobody can dial",
    text: `[[nodes]]\nname = "n"\nhost = "0.0.0.0"\nport = 9001\nservices = []\n`,
    at: ["topology/bad-value 5:8"],
  },
  {
    why: "a run without a scheme",
    text: `${node}[services.a]\nrun = "services/a.ts"\n`,
    at: ["topology/bad-value 7:7"],
    says: /must be "ts:path", "native:plugin", "python:path" or "exec:program"/,
  },
  {
    why: "a run with a wrong scheme",
    text: `${node}[services.a]\nrun = "nativ:cards"\n`,
    at: ["topology/bad-value 7:7"],
    says: /did you mean 'native'\?/,
  },
  { why: "a run without a target", text: `${node}[services.a]\nrun = "ts:"\n`, at: ["topology/bad-value 7:7"] },
  {
    why: "a shell line",
    text: `${node}[services.a]\nrun = "exec:node a.js"\n`,
    at: ["topology/bad-value 7:7"],
    says: /its arguments go to args/,
  },
  {
    why: "a duration without a unit",
    text: `${node}[services.a]\nrun = "ts:x"\nready_timeout = 5\n`,
    at: ["topology/bad-value 8:17"],
    says: /is 5 without a unit; write a duration such as "500ms", "5s"/,
  },
  {
    why: "a size in powers of ten",
    text: `${node}[[edges]]\nfrom = "a"\nto = "b"\ncapacity = "4MB"\n`,
    at: ["topology/bad-value 9:12"],
    says: /such as "64KiB" or "4MiB", not "4MB"/,
  },
  {
    why: "a max_message beyond 16 MiB",
    text: `${node}[[edges]]\nfrom = "a"\nto = "b"\nmax_message = "17MiB"\n`,
    at: ["topology/bad-value 9:15"],
    says: /is "17MiB"; at most 16MiB/,
  },
  {
    why: "a backoff that runs backwards",
    text: `${node}[services.a]\nrun = "ts:x"\nrestart = { backoff = "10s..1s" }\n`,
    at: ["topology/bad-value 8:23"],
  },
  {
    why: "an unknown policy",
    text: `${node}[[edges]]\nfrom = "a"\nto = "b"\npolicy = "drop_oldset"\n`,
    at: ["topology/bad-value 9:10"],
    says: /must be one of "block", .*did you mean 'drop_oldest'\?/,
  },
  {
    why: "an unknown transport",
    text: `${node}[[edges]]\nfrom = "a"\nto = "b"\ntransport = "ipc"\n`,
    at: ["topology/bad-value 9:13"],
  },
  {
    why: "a boolean in quotes",
    text: `${node}[services.a]\nrun = "ts:x"\nisolate = "yes"\n`,
    at: ["topology/bad-value 8:11"],
  },
  {
    why: "a date as a name",
    text: `[[nodes]]\nname = 1979-05-27\nservices = []\n`,
    at: ["topology/bad-value 4:8"],
    says: /not a date/,
  },
  {
    why: "a config that JSON cannot hold",
    text: `${node}[services.a]\nrun = "ts:x"\nconfig = { x = { y = inf } }\n`,
    at: ["topology/bad-value 8:10"],
    says: /x\.y is Infinity/,
  },
  {
    why: "a history of an unquoted type",
    text: `${node}[services.a]\nrun = "ts:x"\nhistory = { galaxy.TurnStart = 10 }\n`,
    at: ["topology/bad-value 8:13"],
    says: /write the type in quotes/,
  },
  {
    why: "a section of a service that a node spells otherwise",
    text: `${node}[services.aa]\nrun = "ts:x"\n`,
    at: ["topology/unknown-service 6:11"],
    says: /there is no service 'aa'; did you mean 'a'\?/,
  },
  {
    why: "a service on no node",
    text: `${node}[services.policy]\nrun = "ts:x"\n`,
    at: ["topology/contradiction 6:11"],
    says: /service 'policy' is on no node; add it to services of one of the nodes \(n\)/,
  },
  {
    why: "an unknown service in an edge",
    text: `[[nodes]]\nname = "n"\nservices = ["turns", "cards"]\n[[edges]]\nfrom = "turn"\nto = "cards"\n`,
    at: ["topology/unknown-service 7:8"],
    says: /did you mean 'turns'\?/,
  },
  {
    why: "an edge from a service to itself",
    text: `${node}[[edges]]\nfrom = "a"\nto = "a"\n`,
    at: ["topology/contradiction 8:6"],
  },
  {
    why: "an edge without its ends",
    text: `${node}[[edges]]\n`,
    at: ["topology/missing-key 6:3", "topology/missing-key 6:3"],
  },
  {
    why: "an unknown node in a site",
    text: `${node}[[sites]]\nname = "here"\nnodes = ["m"]\n`,
    at: ["topology/unknown-node 8:10"],
    says: /there is no node 'm'.*did you mean 'n'\?/,
  },
  {
    why: "a node in two sites",
    text: `${node}[[sites]]\nname = "here"\nnodes = ["n"]\n[[sites]]\nname = "there"\nnodes = ["n"]\n`,
    at: ["topology/duplicate 11:10"],
  },
  {
    why: "two sites of one name",
    text: `${node}[[sites]]\nname = "here"\nnodes = ["n"]\n[[sites]]\nname = "here"\nnodes = []\n`,
    at: ["topology/duplicate 10:8"],
  },
  {
    why: "environment for a process that is shared",
    text: `${node}[services.a]\nrun = "ts:x"\nenv = { LEVEL = "3" }\n`,
    at: ["topology/contradiction 8:1"],
    says: /env needs a process of its own; add isolate = true/,
  },
  {
    why: "arguments without a program",
    text: `${node}[services.a]\nargs = ["x"]\n`,
    at: ["topology/contradiction 7:1"],
    says: /args needs run/,
  },
  {
    why: "a thread of its own in a process of its own",
    text: `${node}[services.a]\nrun = "ts:x"\nisolate = true\nthread = "own"\n`,
    at: ["topology/contradiction 9:1"],
  },
  {
    why: "a thread of its own for a plugin",
    text: `${node}[services.a]\nrun = "native:x"\nthread = "own"\n`,
    at: ["topology/contradiction 8:1"],
  },
  {
    why: "a time-out of a policy that never waits",
    text: `${node}[[edges]]\nfrom = "a"\nto = "b"\npolicy = { kind = "latest", timeout = "2s" }\n`,
    at: ["topology/contradiction 9:29"],
    says: /policy "latest" never waits/,
  },
  {
    why: "environment that is no text",
    text: `${node}[services.a]\nrun = "exec:x"\nenv = { LEVEL = 3 }\n`,
    at: ["topology/bad-value 8:17"],
    says: /LEVEL must be a text, not 3; write it in quotes/,
  },
  {
    why: "a node and a service with processes of one name",
    text: `[[nodes]]\nname = "a"\nservices = ["a", "b"]\n[services.a]\nrun = "exec:x"\n[services.b]\nrun = "ts:x"\n`,
    at: ["topology/contradiction 4:8"],
    says: /rename the node or the service/,
  },
  {
    why: "delivery that this version does not carry",
    text: `${node}[[edges]]\nfrom = "a"\nto = "b"\ndelivery = "durable"\n[[edges]]\nfrom = "a"\nto = "b"\ndelivery = "acked"\n`,
    at: ["topology/unsupported 9:12", "topology/unsupported 13:12"],
    says: /delivery = "durable" is not part of this version/,
  },
  {
    why: "nats as a transport",
    text: `${node}[[edges]]\nfrom = "a"\nto = "b"\ntransport = "nats"\n`,
    at: ["topology/unsupported 9:13"],
    says: /transport = "nats" is not part of this version/,
  },
  {
    why: "an engine of another kind",
    text: `${node}[engine]\nkind = "kafka"\nservers = ["x"]\n`,
    at: ["topology/bad-value 7:8"],
  },
];

for (const { why, text, at, says } of refusals) {
  test(`refused with its place: ${why}`, () => {
    expect(where(head + text)).toEqual(at);
    if (says !== undefined) expect(one(text)).toMatch(says);
    for (const { message, line, column } of faults(head + text)) {
      expect(message).toContain(`topology.toml:${line}:${column}: `);
      expect(message).not.toContain("\n");
    }
  });
}

test("a file without [bus] says what to write", () => {
  expect(faults("")[0].message).toBe(
    'topology/missing-key: topology.toml:1:1: [bus] name is missing; write name = "galaxy"',
  );
  expect(where("bus = 3\n")).toEqual(["topology/bad-value 1:7"]);
  expect(where("[[bus]]\nname = 'x'\n")).toEqual(["topology/bad-value 1:3"]);
});

test("dangerous environment is refused, whatever blanks or case are around the name", () => {
  const names = [
    "LD_PRELOAD",
    "LD_AUDIT",
    "LD_LIBRARY_PATH",
    "ld_preload",
    " LD_PRELOAD",
    "LD_PRELOAD ",
    "\\tLD_PRELOAD",
    "LD_PRE\\u200bLOAD",
    "DYLD_INSERT_LIBRARIES",
    "DYLD_anything",
    "NODE_OPTIONS",
    "Node_Options",
    "NODE_OPTIONS\\n",
    "NODE_PATH",
    "BASH_ENV",
    "PYTHONSTARTUP",
    "JAVA_TOOL_OPTIONS",
    "GLIBC_TUNABLES",
    "BUSBAR_PLAN",
  ];
  for (const name of names) {
    const text = `${head}${node}[services.a]\nrun = "exec:x"\nenv = { FINE = "1", "${name}" = "x" }\n`;
    expect(where(text), name).toEqual(["runtime/forbidden-env 8:21"]);
    expect(faults(text)[0].message, name).toMatch(/service a: env may not set/);
  }
  expect(where(`${head}${node}[services.a]\nrun = "exec:x"\nenv = { "A B" = "x" }\n`)).toEqual([
    "topology/bad-value 8:9",
  ]);
});

test("services whose names have the same source id are refused with both names", () => {
  const [first, second] = ["service4912", "service50829"];
  expect(sourceIdOf(first)).toBe(sourceIdOf(second));
  const text = `${head}[[nodes]]\nname = "n"\nservices = ["${first}", "${second}"]\n`;
  expect(where(text)).toEqual(["schema/collision 5:28"]);
  expect(faults(text)[0].message).toMatch(/service4912 and service50829 have the same id/);
});

test("all faults are reported, the first of the file is the one that is thrown", () => {
  const text = `${head}[[nodes]]\nname = "n"\nservices = ["a"]\nprot = 1\n[services.a]\nrun = "tx:x"\nthreads = 0\n[zzz]\n`;
  expect(where(text)).toEqual([
    "topology/unknown-key 6:1",
    "topology/bad-value 8:7",
    "topology/bad-value 9:11",
    "topology/unknown-key 10:2",
  ]);
  const thrown = faults(text)[0] as unknown as BusError;
  expect(thrown.message).toContain("topology.toml:6:1");
});
