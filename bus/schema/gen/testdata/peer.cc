// Reads a features.Everything from a file, verifies it, and writes another one that echoes part of it.
// Prints what it read, a line per value. Usage: peer <in> <out>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <vector>

#include "busbar_types.h"
#include "features_generated.h"

static_assert(busbar::rpc::features::Oracle::StreamLeaves.streaming);
static_assert(busbar::types::features::Everything.id != 0);

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  std::ifstream in(argv[1], std::ios::binary);
  const std::vector<char> raw{std::istreambuf_iterator<char>(in), {}};
  std::vector<std::uint64_t> words((raw.size() + 7) / 8);
  auto* bytes = reinterpret_cast<std::uint8_t*>(words.data());
  std::copy(raw.begin(), raw.end(), reinterpret_cast<char*>(bytes));
  flatbuffers::Verifier verifier(bytes, raw.size());
  if (!verifier.VerifyBuffer<features::Everything>(nullptr)) return 3;
  const auto* everything = flatbuffers::GetRoot<features::Everything>(bytes);
  const auto* node = everything->root();
  const auto* grid = everything->shapes()->grid();
  std::printf("%llu\n", static_cast<unsigned long long>(everything->id()));
  std::printf("%s %s\n", node->name()->c_str(), node->part_as_Leaf()->label()->c_str());
  std::printf("%d %g %d\n", grid->id(), grid->at().y(), grid->cells()->Get(2));
  std::printf("%lld %u\n", static_cast<long long>(everything->vectors()->longs()->Get(1)),
              everything->vectors()->texts()->size());
  std::printf("%d\n", everything->optionals()->i32().value_or(-1));

  flatbuffers::FlatBufferBuilder builder;
  const auto name = builder.CreateString("from C++");
  const auto label = builder.CreateString(node->name()->str());
  const auto leaf = features::CreateLeaf(builder, label, 2.5F);
  const auto root = features::CreateNode(builder, name, features::Part::Leaf, leaf.Union());
  const features::Byte3 must(1, -2, 3);
  features::ShapesBuilder shapes_builder(builder);
  shapes_builder.add_must(&must);
  const auto shapes = shapes_builder.Finish();
  features::EverythingBuilder out(builder);
  out.add_id(everything->id() + 1);
  out.add_shapes(shapes);
  out.add_root(root);
  builder.Finish(out.Finish());
  std::ofstream(argv[2], std::ios::binary)
      .write(reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize());
  return 0;
}
