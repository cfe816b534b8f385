#include "types.h"

namespace busbar::ecs {

std::string_view name_of(FieldType type) {
  static constexpr std::string_view kNames[kFieldTypes] = {"boolean", "i8",  "i16", "i32", "i64",  "u8",     "u16",
                                                           "u32",     "u64", "f32", "f64", "utf8", "entity", "vec_f32"};
  const auto at = static_cast<uint8_t>(type);
  return at < kFieldTypes ? kNames[at] : "unknown";
}

}  // namespace busbar::ecs
