/*
 * busbar_service.h: the C ABI of a native service (a plugin).
 *
 * A plugin is a shared library that exports `busbar_describe`. A host (the Node addon, or another program) loads it, makes
 * instances and calls them from one thread per instance, never two at once, never from an event loop. Messages are frames
 * of the bus (docs/wire.md); the payload of a request or message is a FlatBuffer that the plugin must verify itself when
 * `verified` is 0.
 *
 * Ownership: whatever a call receives is borrowed until it returns. Memory from `claim` belongs to the host; it is valid
 * until `commit`, `abort` or the next `claim` for the same request. No exception and no longjmp may cross this border.
 * A plugin starts no thread: `parallel` lends workers. It keeps no global state: several instances share a process.
 *
 * Append-only. Members are added at the end of structs; `size` tells how much the other side knows.
 */
#ifndef BUSBAR_SERVICE_H
#define BUSBAR_SERVICE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BUSBAR_SERVICE_ABI 1u

#if defined(_WIN32)
#define BUSBAR_PLUGIN_EXPORT __declspec(dllexport)
#else
#define BUSBAR_PLUGIN_EXPORT __attribute__((visibility("default")))
#endif

/* Results of calls; negative values are errors. */
typedef int32_t busbar_status;
enum {
  BUSBAR_OK = 0,
  BUSBAR_ERROR = -1,           /* see the text that came with it */
  BUSBAR_CLOSED = -2,          /* the bus or the request is gone; stop working on it */
  BUSBAR_FULL = -3,            /* an edge took the message no further; its policy is `error` */
  BUSBAR_TOO_LARGE = -4,       /* beyond max_message of the edge */
  BUSBAR_NOT_ALLOWED = -5,     /* the topology does not let this service publish that type */
  BUSBAR_UNSUPPORTED = -6      /* the plugin or host does not have this member */
};

/* What a plugin does with a type. */
enum { BUSBAR_SERVES = 1, BUSBAR_SUBSCRIBES = 2, BUSBAR_PUBLISHES = 3 };

/* One rpc method (role SERVES, name "Service/Method") or message type (full name) of a plugin. */
typedef struct busbar_type {
  const char* name;
  uint32_t type_id;            /* docs/wire.md: first 4 bytes of SHA-256("rpc:<name>") or ("type:<name>") */
  uint32_t role;
  uint64_t fingerprint;        /* of the request table or message type */
  uint64_t response_fingerprint; /* SERVES only */
  uint32_t response_type_id;   /* SERVES only: type id of the response table */
  uint32_t streaming;          /* SERVES only: 1 when the method answers with a stream */
} busbar_type;

/* A request or message. Everything is borrowed until on_frame returns. */
typedef struct busbar_message {
  uint32_t size;               /* sizeof this struct, as the host knows it */
  uint32_t type_id;
  uint64_t request;            /* handle for claim/commit/fail; 0 = a published message, nothing to answer */
  uint64_t fingerprint;
  uint64_t sequence;
  uint64_t timestamp_ns;       /* sender's clock; never let it enter state or hash */
  uint32_t source_id;
  uint32_t epoch;
  const uint8_t* payload;      /* aligned to 8 */
  uint32_t payload_length;
  uint32_t verified;           /* 1: the host has verified it as a FlatBuffer of its type */
  const char* topic;           /* UTF-8, not terminated; NULL without one */
  uint32_t topic_length;
  uint32_t replayed;
} busbar_message;

/* What the topology says about an instance's service. Everything is valid until destroy. */
typedef struct busbar_about {
  uint32_t size;
  uint32_t type_count;
  const char* service;         /* its name in the topology, terminated */
  const busbar_type* types;    /* message types under its `subscribes`, wildcards resolved; role SUBSCRIBES */
  const uint8_t* schema;       /* binary schema (.bfbs) with every type of the bus; NULL when the host has none */
  uint64_t schema_length;
} busbar_about;

/* What the host offers. Calls are allowed from the instance's thread only, but for `cancelled`, which workers may ask. */
typedef struct busbar_host {
  uint32_t size;
  uint32_t abi;
  void* context;               /* first argument of every call */

  /* Room for an answer of at least `bytes_min` bytes (aligned to 8), in place where it will travel. Waits while the edge is
     full. *room receives the bytes that may be written. NULL: the request is cancelled, timed out or gone. */
  uint8_t* (*claim)(void* context, uint64_t request, uint32_t bytes_min, uint32_t* room);
  /* Sends the first `bytes` of the last claim: the answer, or one item of a stream. */
  busbar_status (*commit)(void* context, uint64_t request, uint32_t bytes);
  void (*abort)(void* context, uint64_t request);
  /* Ends a stream after its last item. */
  busbar_status (*end)(void* context, uint64_t request);
  /* Answers with an error: `code` is a number of schema/bus/errors.toml, text is UTF-8. */
  busbar_status (*fail)(void* context, uint64_t request, uint16_t code, const char* text, uint32_t text_length);
  /* 1 once the caller gave up (cancel, deadline, death). Any thread. Ask at every item boundary. */
  int32_t (*cancelled)(void* context, uint64_t request);

  /* Publishes a message on every edge of the topology that carries it, and to whoever else has subscribed by now. Where an
     edge is full its policy decides: `block` waits and gives BUSBAR_FULL at the end of its time-out; `error` gives BUSBAR_FULL
     at once, and has taken nothing; `drop_newest` drops and counts, `drop_oldest` and `latest` set the message aside, and
     these three give BUSBAR_OK. A declared subscriber that is not there yet is a full edge too, but the host keeps a
     message for it (BUSBAR_OK) and waits only when it keeps as many as it may. BUSBAR_OK also when nobody has subscribed and
     no edge carries the type: the message is then counted as unheard. */
  busbar_status (*publish)(void* context, uint32_t type_id, uint64_t fingerprint, const uint8_t* payload,
                           uint32_t payload_length, const char* topic, uint32_t topic_length);

  /* Calls fn(argument, index, worker) for every index in [0, count) on at most `threads` workers (worker in [0, threads))
     and returns when all are done. Which worker gets which index is not defined, so it must not enter results. */
  void (*parallel)(void* context, uint32_t count, void (*fn)(void* argument, uint32_t index, uint32_t worker),
                   void* argument);
  uint32_t (*threads)(void* context);

  /* level: 10 trace, 20 debug, 30 info, 40 warn, 50 error */
  void (*log)(void* context, int32_t level, const char* text, uint32_t text_length);

  /* Asks for on_wake at this monotonic time (ns); 0 takes the request back. For I/O plugins only. */
  void (*wake_at)(void* context, uint64_t monotonic_ns);

  /* The telemetry record of this instance, in shared memory, empty and at a multiple of 64; NULL when this host has none to
     give. It is valid until `destroy` returns, and written by the instance's thread only (busbar_telemetry.h). Never part of
     state or hash. Ask for `size` first: hosts before this member end with `wake_at`. */
  uint8_t* (*telemetry)(void* context);

  /* What the topology says about the service; NULL unless the plugin set `takes_subscribed`. */
  const busbar_about* (*about)(void* context);
} busbar_host;

/* What a plugin is. All pointers live as long as the library. Members that a plugin has no use for are NULL. */
typedef struct busbar_service {
  uint32_t size;
  uint32_t abi;                /* BUSBAR_SERVICE_ABI */
  const char* name;
  const char* version;         /* "major.minor.patch" */
  const busbar_type* types;
  uint32_t type_count;

  /* config: canonical JSON, not terminated. On error writes at most error_max bytes of UTF-8 text, terminated. */
  busbar_status (*create)(const busbar_host* host, const char* config, uint32_t config_length, void** instance,
                          char* error, uint32_t error_max);
  /* A request or message. A request may be answered inside the call only. An error status answers it with plugin/failed.
     For a message BUSBAR_FULL says "not now": the host keeps it, and what follows it on its link, and offers it again after
     the next on_wake. BUSBAR_CLOSED, here or from on_wake, says that the instance cannot go on: the host ends it and reports
     plugin/failed with what the plugin logged last. */
  busbar_status (*on_frame)(void* instance, const busbar_message* message);
  /* One step of the simulated clock. An error status fails the tick (clock/tick-failed) with what the plugin logged last in
     this call as the reason; the clock pauses behind the tick, and the next step comes as ever. */
  busbar_status (*on_tick)(void* instance, uint64_t tick, uint64_t time_ns);
  busbar_status (*on_wake)(void* instance, uint64_t monotonic_ns);
  /* XXH64 of the state after the last step. */
  uint64_t (*hash)(void* instance);
  /* Whole state, random streams included. With out = NULL returns the size in *length. */
  busbar_status (*snapshot)(void* instance, uint8_t* out, uint64_t* length);
  busbar_status (*restore)(void* instance, const uint8_t* bytes, uint64_t length, char* error, uint32_t error_max);
  /* Allowed on NULL and once per instance; no work is left running. */
  void (*destroy)(void* instance);

  /* 1: besides `types` the instance gets every message type that the topology lists under the service's `subscribes`. */
  uint32_t takes_subscribed;
} busbar_service;

/* The one symbol of a plugin. Never fails; may be called any number of times, from any thread. */
typedef const busbar_service* (*busbar_describe_fn)(void);
BUSBAR_PLUGIN_EXPORT const busbar_service* busbar_describe(void);

#ifdef __cplusplus
}
#endif
#endif
