// The programs of golden/programs.txt, which the TypeScript compiler writes.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace busbar::cards::testing {

struct Golden {
  std::string name, random_hash, greedy_hash;
  std::vector<uint8_t> program;
};

inline std::vector<Golden> read_goldens() {
  std::ifstream file(std::string(BUSBAR_SOURCE_DIR) + "/services/cards/golden/programs.txt");
  EXPECT_TRUE(file.good());
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
