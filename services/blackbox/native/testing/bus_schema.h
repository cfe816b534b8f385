// The merged binary schema of this repository, from schema/schema.lock.
#pragma once

#include <fstream>
#include <iterator>
#include <string>

namespace busbar::blackbox::testing {

/// @returns empty when the file is not there
inline std::string bus_schema() {
  std::ifstream in(std::string(BUSBAR_SOURCE_DIR) + "/schema/schema.lock");
  const std::string text(std::istreambuf_iterator<char>(in), {});
  const std::string key = "\"bfbs\": \"";
  const size_t from = text.find(key);
  if (from == std::string::npos) return {};
  const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  uint32_t bits = 0, count = 0;
  for (size_t i = from + key.size(); i < text.size() && text[i] != '"' && text[i] != '='; i++) {
    bits = (bits << 6) | static_cast<uint32_t>(alphabet.find(text[i]));
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes.push_back(static_cast<char>(bits >> count));
    bits &= (1u << count) - 1;
  }
  return bytes;
}

}  // namespace busbar::blackbox::testing
