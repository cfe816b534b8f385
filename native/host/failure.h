// Errors of the host as values: a number of schema/bus/errors.toml and what its sentence names.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "errors.h"

namespace busbar::host {

struct Failure {
  uint16_t number = 0;  // 0 = none
  std::vector<std::pair<std::string, std::string>> details;

  explicit operator bool() const { return number != 0; }
};

}  // namespace busbar::host
