// A reader of MCAP for tests, written from the format's description and not from the writer: it believes nothing and says
// what it found, record by record.
#pragma once

#include <zstd.h>

#include <cstring>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "blackbox/crc32.h"

namespace busbar::blackbox::testing {

struct Cursor {
  std::string_view rest;
  bool ok = true;
  template <typename T>
  T number() {
    T value{};
    if (rest.size() < sizeof value) return ok = false, value;
    std::memcpy(&value, rest.data(), sizeof value);
    rest.remove_prefix(sizeof value);
    return value;
  }
  std::string_view bytes(uint64_t count) {
    if (rest.size() < count) return ok = false, std::string_view();
    const std::string_view taken = rest.substr(0, count);
    rest.remove_prefix(count);
    return taken;
  }
  std::string text() { return std::string(bytes(number<uint32_t>())); }
  std::map<std::string, std::string> texts() {
    Cursor in{bytes(number<uint32_t>())};
    std::map<std::string, std::string> map;
    while (in.ok && !in.rest.empty()) {
      const std::string key = in.text();
      map[key] = in.text();
    }
    ok = ok && in.ok;
    return map;
  }
};

struct ReadMessage {
  uint16_t channel = 0;
  uint32_t sequence = 0;
  uint64_t log_time = 0, publish_time = 0;
  std::string data;
};

struct ReadChannel {
  uint16_t schema = 0;
  std::string topic;
  std::map<std::string, std::string> metadata;
};

struct ReadFile {
  std::string bytes;
  /// One line per record outside of chunks, in order: its name.
  std::vector<std::string> records;
  std::map<uint16_t, std::pair<std::string, std::string>> schemas;
  std::map<uint16_t, ReadChannel> channels;
  std::vector<ReadMessage> messages;
  std::map<std::string, std::map<std::string, std::string>> metadata;
  std::vector<uint64_t> chunk_offsets, chunk_bytes;
  /// Number of chunks whose CRC is good, and messages of the file's Statistics.
  uint64_t statistics_messages = 0, statistics_chunks = 0;
  bool footer = false;
  /// First thing that is not as the format says; empty when all is.
  std::string problem;
};

inline std::string file_bytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class McapReader {
 public:
  explicit McapReader(std::string bytes) { out_.bytes = std::move(bytes); }

  ReadFile read() {
    const std::string_view magic("\x89MCAP0\r\n", 8), all(out_.bytes);
    if (!all.starts_with(magic)) return fail("no magic");
    size_t at = 8;
    while (at < all.size()) {
      if (all.substr(at) == magic && out_.footer) return std::move(out_);
      if (all.size() - at < 9) return fail("cut inside a record's head");
      Cursor head{all.substr(at, 9)};
      const auto opcode = head.number<uint8_t>();
      const auto length = head.number<uint64_t>();
      if (length > all.size() - at - 9) return fail("cut inside a record");
      record(opcode, {all.substr(at + 9, length)}, at);
      if (!out_.problem.empty()) return std::move(out_);
      at += 9 + length;
    }
    return fail("no footer");
  }

 private:
  ReadFile fail(const std::string& problem) {
    out_.problem = problem;
    return std::move(out_);
  }

  void record(uint8_t opcode, Cursor in, size_t at) {
    static const std::map<uint8_t, std::string> names = {
        {1, "Header"},      {2, "Footer"},      {3, "Schema"},       {4, "Channel"},        {6, "Chunk"},
        {7, "MessageIndex"}, {8, "ChunkIndex"},  {11, "Statistics"},  {12, "Metadata"},      {13, "MetadataIndex"},
        {14, "SummaryOffset"}, {15, "DataEnd"}};
    if (!names.contains(opcode)) return void(out_.problem = "opcode " + std::to_string(opcode));
    out_.records.push_back(names.at(opcode));
    const std::string_view all(out_.bytes);
    if (opcode == 3) {
      const auto id = in.number<uint16_t>();
      const std::string name = in.text(), encoding = in.text(), data = in.text();
      if (encoding != "flatbuffer" || id == 0) out_.problem = "schema";
      if (out_.schemas.contains(id) && out_.schemas[id] != std::pair(name, data)) out_.problem = "two schemas of one id";
      out_.schemas[id] = {name, data};
    } else if (opcode == 4) {
      const auto id = in.number<uint16_t>();
      ReadChannel channel{in.number<uint16_t>(), in.text(), {}};
      if (in.text() != "flatbuffer" || !out_.schemas.contains(channel.schema)) out_.problem = "channel";
      channel.metadata = in.texts();
      out_.channels[id] = channel;
    } else if (opcode == 6) {
      chunk(in, at, all);
    } else if (opcode == 7) {
      index(in);
    } else if (opcode == 8) {
      chunk_index(in);
    } else if (opcode == 11) {
      out_.statistics_messages = in.number<uint64_t>();
      in.bytes(2 + 4 + 4 + 4);
      out_.statistics_chunks = in.number<uint32_t>();
    } else if (opcode == 12) {
      const std::string name = in.text();
      out_.metadata[name] = in.texts();
      metadata_at_[at] = name;
    } else if (opcode == 13) {
      const auto offset = in.number<uint64_t>();
      in.number<uint64_t>();
      const std::string name = in.text();
      if (metadata_at_[offset] != name) out_.problem = "metadata index of " + name;
    } else if (opcode == 15) {
      const auto crc = in.number<uint32_t>();
      if (crc != crc32_tables(0, all.data(), at)) out_.problem = "data CRC";
    } else if (opcode == 2) {
      out_.footer = true;
      const auto summary = in.number<uint64_t>();
      in.number<uint64_t>();
      const auto crc = in.number<uint32_t>();
      if (summary >= at || crc != crc32_tables(0, all.data() + summary, at + 9 + 16 - summary)) out_.problem = "summary CRC";
    }
    if (!in.ok) out_.problem = names.at(opcode) + " is shorter than its fields";
  }

  void chunk(Cursor in, size_t at, std::string_view) {
    const auto start = in.number<uint64_t>(), end = in.number<uint64_t>(), size = in.number<uint64_t>();
    const auto crc = in.number<uint32_t>();
    const std::string compression = in.text();
    std::string records(in.bytes(in.number<uint64_t>()));
    if (compression == "zstd") {
      std::string plain(size, '\0');
      const size_t got = ZSTD_decompress(plain.data(), size, records.data(), records.size());
      if (ZSTD_isError(got) || got != size) return void(out_.problem = "zstd");
      records = plain;
    }
    if (!in.ok || records.size() != size || crc != crc32_tables(0, records.data(), size))
      return void(out_.problem = "chunk CRC");
    chunk_messages_.clear();
    Cursor inside{records};
    while (inside.ok && !inside.rest.empty()) {
      const size_t offset = records.size() - inside.rest.size();
      const auto opcode = inside.number<uint8_t>();
      Cursor message{inside.bytes(inside.number<uint64_t>())};
      if (opcode != 5) return void(out_.problem = "a chunk holds something else than messages");
      ReadMessage read{message.number<uint16_t>(), message.number<uint32_t>(), message.number<uint64_t>(),
                       message.number<uint64_t>(), std::string(message.rest)};
      if (!message.ok || !out_.channels.contains(read.channel)) return void(out_.problem = "message without channel");
      if (read.log_time < start || read.log_time > end) return void(out_.problem = "message outside of its chunk's time");
      chunk_messages_[read.channel].push_back({read.log_time, offset});
      out_.messages.push_back(std::move(read));
    }
    out_.chunk_offsets.push_back(at);
    out_.chunk_bytes.push_back(size);
  }

  /// Every message of the chunk before it is in exactly the index of its channel, in order.
  void index(Cursor in) {
    const auto channel = in.number<uint16_t>();
    Cursor entries{in.bytes(in.number<uint32_t>())};
    std::vector<std::pair<uint64_t, uint64_t>> list;
    while (entries.ok && !entries.rest.empty()) {
      const auto time = entries.number<uint64_t>();
      list.emplace_back(time, entries.number<uint64_t>());
    }
    if (list != chunk_messages_[channel]) out_.problem = "message index";
  }

  void chunk_index(Cursor in) {
    in.bytes(16);
    const auto offset = in.number<uint64_t>(), bytes = in.number<uint64_t>();
    if (indexed_ >= out_.chunk_offsets.size() || out_.chunk_offsets[indexed_] != offset) out_.problem = "chunk index";
    uint64_t length = 0;
    std::memcpy(&length, out_.bytes.data() + offset + 1, 8);
    if (bytes != length + 9) out_.problem = "chunk index length";
    Cursor map{in.bytes(in.number<uint32_t>())};
    while (map.ok && !map.rest.empty()) {
      map.number<uint16_t>();
      const auto at = map.number<uint64_t>();
      if (at >= out_.bytes.size() || out_.bytes[at] != 7) out_.problem = "message index offset";
    }
    indexed_++;
  }

  ReadFile out_;
  size_t indexed_ = 0;
  std::map<uint16_t, std::vector<std::pair<uint64_t, uint64_t>>> chunk_messages_;
  std::map<uint64_t, std::string> metadata_at_;
};

inline ReadFile read_mcap(const std::string& path) { return McapReader(file_bytes(path)).read(); }

}  // namespace busbar::blackbox::testing
