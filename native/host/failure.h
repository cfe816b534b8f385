// Errors of the host as values: a number of schema/bus/errors.toml and what its sentence names.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace busbar::host {

/// The numbers that native code uses; a test compares them with the generated list.
namespace code {
inline constexpr uint16_t kInternal = 1, kClosed = 2, kMessageTooLarge = 5, kCancelled = 8, kUnknownMethod = 12;
inline constexpr uint16_t kDeadlineExceeded = 13, kUnavailable = 400;
inline constexpr uint16_t kPluginNotFound = 600, kPluginAbiMismatch = 601, kPluginBadConfig = 602, kPluginFailed = 603;
inline constexpr uint16_t kPluginBadAnswer = 604;
}  // namespace code

struct Failure {
  uint16_t number = 0;  // 0 = none
  std::vector<std::pair<std::string, std::string>> details;

  explicit operator bool() const { return number != 0; }
};

}  // namespace busbar::host
