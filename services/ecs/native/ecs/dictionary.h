// Texts of all utf8 fields, each once; columns hold codes.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace busbar::ecs {

/// True for well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF).
bool is_utf8(std::string_view text);

/// The first 8 bytes of a text as a number: where two of them differ, their texts differ the same way.
inline uint64_t text_prefix(std::string_view text) {
  uint64_t prefix = 0;
  for (size_t i = 0; i < 8; i++) prefix = prefix << 8 | (i < text.size() ? static_cast<uint8_t>(text[i]) : 0);
  return prefix;
}

/// Codes count up from 0 in the order of first use and stay; code 0 is the empty text, so that zeroed columns are sound.
class Dictionary {
 public:
  Dictionary() { intern({}); }

  uint32_t size() const { return static_cast<uint32_t>(texts_.size()); }
  /// @param code below `size`; the view stays valid as long as this object
  std::string_view text(uint32_t code) const { return texts_[code]; }
  std::optional<uint32_t> find(std::string_view text) const;
  /// The text must be UTF-8; ask `Store::intern`, which checks and keeps the limit.
  uint32_t intern(std::string_view text);
  /// text_prefix of each code.
  uint64_t prefix(uint32_t code) const { return prefixes_[code]; }
  uint64_t text_bytes() const { return text_bytes_; }
  uint64_t memory_bytes() const;

 private:
  std::deque<std::string> texts_;
  /// Views into texts_. Only looked up, never walked.
  std::unordered_map<std::string_view, uint32_t> codes_;
  std::vector<uint64_t> prefixes_;
  uint64_t text_bytes_ = 0;
};

}  // namespace busbar::ecs
