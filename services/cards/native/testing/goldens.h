// Programs that the TypeScript compiler has written: golden/programs.txt (V2) and golden/classics.txt (V3).
#pragma once

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace busbar::cards::testing {

struct Golden {
  std::string name;
  std::vector<uint8_t> program;
  std::string random_hash, greedy_hash;  // classics.txt has no second one
};

/// @throws std::runtime_error when the file is not there
inline std::vector<Golden> read_goldens(const std::string& name = "programs.txt") {
  const std::string path = std::string(BUSBAR_SOURCE_DIR) + "/services/cards/golden/" + name;
  std::ifstream file(path);
  if (!file.good()) throw std::runtime_error(path + " cannot be read");
  std::vector<Golden> goldens;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    Golden golden;
    std::string hex;
    std::istringstream(line) >> golden.name >> hex >> golden.random_hash >> golden.greedy_hash;
    for (size_t i = 0; i + 1 < hex.size(); i += 2) {
      golden.program.push_back(static_cast<uint8_t>(std::stoul(hex.substr(i, 2), nullptr, 16)));
    }
    goldens.push_back(std::move(golden));
  }
  return goldens;
}

}  // namespace busbar::cards::testing
