// Binary schemas (.bfbs) cut down to one type, so that a recording carries what its readers need and no more.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace busbar::blackbox {

class BinarySchema {
 public:
  /// @param bytes borrowed for as long as this object lives; may be hostile or null
  BinarySchema(const uint8_t* bytes, uint64_t length);

  /// False when the bytes are no sound binary schema.
  bool ok() const { return schema_ != nullptr; }
  /// The type with everything it refers to, itself as root, without comments. Empty when there is no such type.
  std::string closure_of(std::string_view type) const;
  /// Whether field 0 of the type is the struct blackbox.EventHeader.
  bool has_event_header(std::string_view type) const;

 private:
  const void* schema_ = nullptr;
};

}  // namespace busbar::blackbox
