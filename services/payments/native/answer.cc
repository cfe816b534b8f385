#include "answer.h"

#include <cstring>

namespace busbar::payments {

World& Answer::world(uint32_t sim_id) { return self.world(sim_id); }

void Answer::fail(uint16_t code, std::string_view text) {
  self.host.fail(self.host.context, message_.request, code, text.data(), static_cast<uint32_t>(text.size()));
}

bool Answer::send_bytes() {
  const uint32_t size = builder.GetSize();
  uint32_t room = 0;
  uint8_t* const at = self.host.claim(self.host.context, message_.request, size, &room);
  if (at == nullptr) return false;
  std::memcpy(at, builder.GetBufferPointer(), size);
  return self.host.commit(self.host.context, message_.request, size) == BUSBAR_OK;
}

void Answer::item_fault(uint32_t index, Code code, std::string_view path, std::string_view problem) {
  const Text where = text(path);
  const Text why = builder.CreateString(problem.data(), problem.size());
  faults_.push_back(fb::CreateItemError(builder, index, static_cast<uint16_t>(code), where, why));
}

void Answer::item_fault(uint32_t index, const char* list, const ItemFault& fault) {
  std::string path = std::string(list) + "[" + std::to_string(index) + "]";
  if (*fault.field != '\0' && std::string_view(fault.field) != list) path += std::string(".") + fault.field;
  item_fault(index, fault.code, path, path + ": " + fault.text);
}

void Answer::require_items(size_t count) const {
  if (count <= self.settings.items_max) return;
  throw Refusal(Code::limit_exceeded, "items",
                "there are " + std::to_string(count) + ", the limit is " + std::to_string(self.settings.items_max));
}

std::vector<uint32_t> Answer::agents_of(const World& world,
                                        const flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>* names) {
  std::vector<uint32_t> list;
  if (names == nullptr || names->size() == 0) {
    for (uint32_t i = 0; i < world.agents.size(); ++i) list.push_back(i);
    return list;
  }
  require_items(names->size());
  for (uint32_t i = 0; i < names->size(); ++i) {
    const std::string_view name = names->Get(i)->string_view();
    list.push_back(world.config->find_agent(name));
    if (list.back() != kNone) continue;
    const std::string path = "agents[" + std::to_string(i) + "]";
    item_fault(i, Code::not_found, path, path + ": there is no agent '" + std::string(name.substr(0, 64)) + "'");
  }
  return list;
}

uint32_t page_limit(uint32_t limit) {
  if (limit > 1000) {
    throw Refusal(Code::out_of_range, "limit", "is " + std::to_string(limit) + "; it must lie in 0..1000");
  }
  return limit == 0 ? 1000 : limit;
}

}  // namespace busbar::payments
