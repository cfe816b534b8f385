// What recovery does with a journal, for tests: whole entries with a good CRC, up to the first that is not.
#pragma once

#include "testing/read_mcap.h"

namespace busbar::blackbox::testing {

inline std::vector<ReadMessage> read_journal(const std::string& path, uint64_t& chunk_start) {
  const std::string bytes = file_bytes(path);
  std::vector<ReadMessage> messages;
  Cursor in{bytes};
  if (in.bytes(8) != "BBJRNL1\n") return messages;
  chunk_start = in.number<uint64_t>();
  in.number<uint64_t>();
  while (in.ok && !in.rest.empty()) {
    const auto length = in.number<uint32_t>();
    const auto crc = in.number<uint32_t>();
    Cursor entry{in.bytes(length)};
    if (!in.ok || crc != crc32_tables(0, entry.rest.data(), entry.rest.size())) break;
    while (entry.ok && !entry.rest.empty()) {
      const auto opcode = entry.number<uint8_t>();
      Cursor record{entry.bytes(entry.number<uint64_t>())};
      if (opcode != 5) continue;
      messages.push_back({record.number<uint16_t>(), record.number<uint32_t>(), record.number<uint64_t>(),
                          record.number<uint64_t>(), std::string(record.rest)});
    }
  }
  return messages;
}

/// Messages of a journal that the recording beside it lacks.
inline std::vector<ReadMessage> missing_from(const ReadFile& file, const std::string& journal) {
  uint64_t chunk_start = 0;
  std::vector<ReadMessage> messages = read_journal(journal, chunk_start);
  if (!file.chunk_offsets.empty() && file.chunk_offsets.back() >= chunk_start) messages.clear();
  return messages;
}

}  // namespace busbar::blackbox::testing
