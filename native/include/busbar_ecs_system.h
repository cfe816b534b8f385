/*
 * busbar_ecs_system.h: the C ABI of systems that a library adds to the `ecs` service.
 *
 * A library exports `busbar_ecs_systems`. The service loads it by the path in its config (`libraries`), matches the declared
 * components and fields once per run against what is defined, and calls `run` for blocks of rows that have all of them:
 * several blocks at a time, from several threads, in any order. Blocks have a fixed size, so results that depend on the
 * block's own rows only are the same for any number of threads.
 *
 * Ownership: everything a block points to is borrowed until `run` returns. What is written goes to a copy that the service
 * checks (finite numbers, known texts) and takes over when every block of the run has succeeded: a run happens wholly or
 * not at all. Rows whose bytes differ afterwards count as changed. No exception and no longjmp may cross this border.
 *
 * Append-only. Members are added at the end of structs; `size` tells how much the other side knows.
 */
#ifndef BUSBAR_ECS_SYSTEM_H
#define BUSBAR_ECS_SYSTEM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BUSBAR_ECS_SYSTEM_ABI 1u

#if defined(_WIN32)
#define BUSBAR_ECS_SYSTEM_EXPORT __declspec(dllexport)
#else
#define BUSBAR_ECS_SYSTEM_EXPORT __attribute__((visibility("default")))
#endif

/* As FieldType of schema/service/ecs: boolean is one bit a row, least first; utf8 is a u32 code; f32_vector is `width` f32. */
enum {
  BUSBAR_ECS_BOOLEAN = 1,
  BUSBAR_ECS_I8 = 2,
  BUSBAR_ECS_I16 = 3,
  BUSBAR_ECS_I32 = 4,
  BUSBAR_ECS_I64 = 5,
  BUSBAR_ECS_U8 = 6,
  BUSBAR_ECS_U16 = 7,
  BUSBAR_ECS_U32 = 8,
  BUSBAR_ECS_U64 = 9,
  BUSBAR_ECS_F32 = 10,
  BUSBAR_ECS_F64 = 11,
  BUSBAR_ECS_UTF8 = 12,
  BUSBAR_ECS_ENTITY = 13,
  BUSBAR_ECS_F32_VECTOR = 14
};

enum {
  BUSBAR_ECS_READ = 1,
  BUSBAR_ECS_WRITE = 2, /* may be read, too; a null stays null, whatever is written behind it */
  BUSBAR_ECS_OPTIONAL = 4 /* entities without the component are visited, too: the column is then absent */
};

/* A field that a system works on. */
typedef struct busbar_ecs_field {
  const char* path;  /* "Component.field" */
  uint32_t type;     /* a run is refused when the field is of another one */
  uint32_t access;   /* BUSBAR_ECS_READ or _WRITE, with or without _OPTIONAL */
} busbar_ecs_field;

/* One field of a block, aligned to 8 bytes (boolean and validity: to 64-bit words). */
typedef struct busbar_ecs_column {
  const void* values;       /* NULL: absent */
  void* written;            /* BUSBAR_ECS_WRITE: begins as a copy of `values`; else NULL */
  const uint64_t* validity; /* one bit a row; NULL: no nulls */
  uint32_t width;           /* f32_vector: values a row; else 1 */
  uint32_t reserved;
} busbar_ecs_column;

/* Rows of one table, at most the service's `block_rows`. */
typedef struct busbar_ecs_block {
  uint32_t size; /* sizeof this struct, as the service knows it */
  uint32_t rows;
  double dt; /* seconds; finite, not negative */
  const uint64_t* ids;
  const busbar_ecs_column* columns; /* as the system's fields */
  uint64_t first;                   /* place of the first row among all rows of the run */
  char* error;                      /* for a text, terminated, when run fails */
  uint32_t error_max;
  uint32_t reserved;
} busbar_ecs_block;

typedef struct busbar_ecs_system {
  const char* name;
  const char* const* components; /* entities have all of these, besides those of fields that are not optional */
  uint32_t component_count;
  uint32_t field_count;
  const busbar_ecs_field* fields;
  /* 0: done; anything else refuses the whole run. Any thread; nothing but its own block may be written. */
  int32_t (*run)(const busbar_ecs_block* block);
} busbar_ecs_system;

typedef struct busbar_ecs_library {
  uint32_t size;
  uint32_t abi; /* BUSBAR_ECS_SYSTEM_ABI */
  uint32_t system_size; /* sizeof(busbar_ecs_system), as the library knows it */
  uint32_t system_count;
  const busbar_ecs_system* systems;
} busbar_ecs_library;

/* The one symbol of a library. Never fails; all pointers live as long as the library, which is never unloaded. */
typedef const busbar_ecs_library* (*busbar_ecs_systems_fn)(void);
BUSBAR_ECS_SYSTEM_EXPORT const busbar_ecs_library* busbar_ecs_systems(void);

#ifdef __cplusplus
}
#endif
#endif
