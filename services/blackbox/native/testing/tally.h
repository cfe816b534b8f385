// A tally as recovery reads it, for tests.
#pragma once

#include <cstring>

#include "testing/read_mcap.h"

namespace busbar::blackbox::testing {

/// Largest sequence, then messages by type. Empty: there is no tally, or none that was begun.
inline std::vector<uint64_t> read_tally(const std::string& path) {
  const std::string bytes = file_bytes(path);
  Cursor in{bytes};
  if (in.bytes(8) != "BBTALLY1") return {};
  std::vector<uint64_t> words{in.number<uint64_t>()};
  auto types = in.number<uint64_t>();
  in.number<uint64_t>();
  for (; types > 0 && in.ok; types--) words.push_back(in.number<uint64_t>());
  return in.ok ? words : std::vector<uint64_t>{};
}

}  // namespace busbar::blackbox::testing
