/** A schema that uses each feature the portable subset allows; tests of the verifier, reflection and dynamic types share it. */
export const ALL_FEATURES = `
namespace test.all;

enum Color : ubyte { red = 0, green = 1, blue = 5 }
enum Wide : long { low = -4000000000, zero = 0, high = 9000000000 }

struct Point { x: float; y: double; }
struct Grid { id: ushort; at: Point; cells: [short:3]; corners: [Point:2]; tint: Color; on: bool; }

/// A node of a tree.
table Leaf { label: string; weight: float = 1.5; }
table Branch { left: Node; right: Node; leaf: Leaf; }
union Part { Leaf, Branch, Spot: Point, Note: string }
table Node { name: string (required, key); part: Part; children: [Node]; }

table Everything {
  /// Plain scalars.
  flag: bool = true;
  i8: byte;
  u8: ubyte = 7;
  i16: short = -5;
  u16: ushort;
  i32: int;
  u32: uint = 4000000000;
  i64: long = -9000000000;
  u64: ulong = 9223372036854775807;
  f32: float = 0.5;
  f64: double;
  color: Color = green;
  wide: Wide = high;
  maybe_int: int = null;
  maybe_long: ulong = null;
  maybe_float: double = null;
  maybe_color: Color = null;
  maybe_flag: bool = null;
  title: string (required);
  note: string;
  old: int (deprecated);
  point: Point;
  grid: Grid;
  tree: Node;
  part: Part;
  bytes: [ubyte];
  small: [byte];
  flags: [bool];
  shorts: [short];
  ints: [int];
  longs: [long];
  ulongs: [ulong];
  floats: [float];
  doubles: [double];
  colors: [Color];
  texts: [string];
  points: [Point];
  nodes: [Node];
  type_name: string;
}

table Ask { text: string; }

rpc_service Oracle {
  Answer(Ask): Everything;
  Stream(Ask): Leaf (streaming: "server");
}

root_type Everything;
`;
