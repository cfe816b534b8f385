#include "turns.h"

namespace busbar::blackbox {

mcap::Texts Turns::texts(const std::vector<std::string_view>& names) const {
  mcap::Texts texts;
  for (const auto& [number, turn] : turns_) {
    std::string json = "{";
    const auto put = [&](const char* key, uint64_t value) {
      json += std::string("\"") + key + "\":\"" + std::to_string(value) + "\",";
    };
    put("first_sequence", turn.first_sequence);
    put("last_sequence", turn.last_sequence);
    put("first_time", turn.first_time);
    put("last_time", turn.last_time);
    put("first_chunk", turn.first_chunk);
    put("last_chunk", turn.last_chunk);
    json += "\"count\":" + std::to_string(turn.count) + ",\"counts\":{";
    bool first = true;
    for (size_t type = 0; type < names.size(); type++) {
      if (turn.counts[type] == 0) continue;
      // Names of types are letters, digits, '_' and '.', so they need no escapes.
      json += std::string(first ? "\"" : ",\"") + std::string(names[type]) + "\":" + std::to_string(turn.counts[type]);
      first = false;
    }
    texts.emplace(std::to_string(number), json + "}}");
  }
  return texts;
}

}  // namespace busbar::blackbox
