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
  /// Place of each code in the order of bytes (which is that of code points); equal texts do not exist. Recomputed when
  /// texts have come since: O(n log n).
  const std::vector<uint32_t>& ranks() const;
  uint64_t text_bytes() const { return text_bytes_; }
  uint64_t memory_bytes() const;

 private:
  std::deque<std::string> texts_;
  /// Views into texts_. Only looked up, never walked.
  std::unordered_map<std::string_view, uint32_t> codes_;
  mutable std::vector<uint32_t> ranks_;
  uint64_t text_bytes_ = 0;
};

}  // namespace busbar::ecs
