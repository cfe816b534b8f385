#include "dictionary.h"

namespace busbar::ecs {

bool is_utf8(std::string_view text) {
  const auto* at = reinterpret_cast<const uint8_t*>(text.data());
  const auto* end = at + text.size();
  while (at < end) {
    const uint8_t lead = *at++;
    if (lead < 0x80) continue;
    const int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
    if (lead < 0xC2 || lead > 0xF4 || end - at < more) return false;
    const uint8_t low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const uint8_t high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (at[0] < low || at[0] > high) return false;
    for (int i = 1; i < more; i++) {
      if ((at[i] & 0xC0) != 0x80) return false;
    }
    at += more;
  }
  return true;
}

std::optional<uint32_t> Dictionary::find(std::string_view text) const {
  const auto at = codes_.find(text);
  return at == codes_.end() ? std::nullopt : std::optional(at->second);
}

uint32_t Dictionary::intern(std::string_view text) {
  const auto at = codes_.find(text);
  if (at != codes_.end()) return at->second;
  const uint32_t code = size();
  texts_.emplace_back(text);
  codes_.emplace(texts_.back(), code);
  prefixes_.push_back(text_prefix(text));
  text_bytes_ += text.size();
  return code;
}

uint64_t Dictionary::memory_bytes() const {
  // Text, its std::string, the entry and bucket of the map, its prefix: what libstdc++ takes, rounded.
  return text_bytes_ + texts_.size() * (sizeof(std::string) + 48 + 8) + prefixes_.capacity() * 8;
}

}  // namespace busbar::ecs
