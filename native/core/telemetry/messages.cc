#include "core/telemetry/messages.h"

#include <algorithm>
#include <cstring>

#include "errors.h"

namespace busbar::telemetry {
namespace {

class Out {
 public:
  Out& u16(uint32_t value) { return bytes_of(value, 2); }
  Out& u32(uint32_t value) { return bytes_of(value, 4); }
  Out& text(std::string_view text) {
    bytes.insert(bytes.end(), text.begin(), text.end());
    return *this;
  }
  std::vector<uint8_t> bytes;

 private:
  Out& bytes_of(uint32_t value, int count) {
    for (int i = 0; i < count; i++) bytes.push_back(static_cast<uint8_t>(value >> (8 * i)));
    return *this;
  }
};

/// Reads on; beyond the end it reads zeros and says so.
class In {
 public:
  In(const uint8_t* bytes, size_t length) : at_(bytes), left_(length) {}
  bool ok() const { return ok_; }
  size_t left() const { return left_; }
  uint16_t u16() { return static_cast<uint16_t>(number(2)); }
  uint32_t u32() { return number(4); }
  std::string text(size_t length) {
    const uint8_t* const from = take(length);
    return from == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(from), length);
  }

 private:
  const uint8_t* take(size_t length) {
    if (length > left_) ok_ = false;
    if (!ok_) return nullptr;
    const uint8_t* const from = at_;
    at_ += length;
    left_ -= length;
    return from;
  }
  uint32_t number(size_t count) {
    const uint8_t* const from = take(count);
    uint32_t value = 0;
    for (size_t i = 0; from != nullptr && i < count; i++) value |= uint32_t{from[i]} << (8 * i);
    return value;
  }

  const uint8_t* at_;
  size_t left_;
  bool ok_ = true;
};

bool refuse(std::string& error, std::string text) {
  error = std::move(text);
  return false;
}

bool known(In& in, uint32_t magic, const char* what, std::string& error) {
  if (in.u32() != magic) return refuse(error, std::string("it does not begin as ") + what + " does");
  const uint16_t version = in.u16();
  if (version == kMessageVersion) return true;
  return refuse(error, "it has version " + std::to_string(version) + ", this side speaks 1");
}

}  // namespace

std::vector<uint8_t> encode_question(std::string_view service) {
  Out out;
  out.u32(kQuestionMagic).u16(kMessageVersion).u16(static_cast<uint32_t>(service.size())).text(service);
  return std::move(out.bytes);
}

bool decode_question(const uint8_t* bytes, size_t length, std::string& service, std::string& error) {
  if (length < kQuestionBytes) return refuse(error, std::to_string(length) + " bytes are no question");
  In in(bytes, length);
  if (!known(in, kQuestionMagic, "a question", error)) return false;
  const uint16_t name_bytes = in.u16();
  if (name_bytes != in.left() || name_bytes > kNameBytesMax)
    return refuse(error, "a name of " + std::to_string(name_bytes) + " bytes, " + std::to_string(in.left()) + " came");
  service = in.text(name_bytes);
  return true;
}

std::vector<uint8_t> encode_answer(const Answer& answer) {
  Out out;
  out.u32(kAnswerMagic).u16(kMessageVersion).u16(answer.code).u32(answer.pid).u32(answer.slot_bytes);
  out.u16(static_cast<uint32_t>(answer.process.size())).u16(static_cast<uint32_t>(answer.entries.size()));
  out.text(answer.process);
  for (const auto& [service, slot] : answer.entries)
    out.u16(slot).u16(static_cast<uint32_t>(service.size())).text(service);
  return std::move(out.text(answer.text).bytes);
}

bool decode_answer(const uint8_t* bytes, size_t length, Answer& answer, std::string& error) {
  if (length < kAnswerBytes) return refuse(error, std::to_string(length) + " bytes are no answer");
  In in(bytes, length);
  if (!known(in, kAnswerMagic, "an answer", error)) return false;
  answer = {};
  answer.code = in.u16();
  answer.pid = in.u32();
  answer.slot_bytes = in.u32();
  const uint16_t process_bytes = in.u16(), count = in.u16();
  if (count > kSlotsMax) return refuse(error, std::to_string(count) + " records, a process has 64 at most");
  answer.process = in.text(process_bytes);
  for (uint32_t i = 0; i < count && in.ok(); i++) {
    const uint16_t slot = in.u16(), name_bytes = in.u16();
    if (slot >= kSlotsMax || name_bytes == 0 || name_bytes > kNameBytesMax)
      return refuse(error, "record " + std::to_string(i) + " has slot " + std::to_string(slot) + " and a name of " +
                               std::to_string(name_bytes) + " bytes");
    answer.entries.push_back({in.text(name_bytes), slot});
  }
  if (!in.ok()) return refuse(error, "it ends too early");
  answer.text = in.text(in.left());
  if (answer.code == 0 && !answer.text.empty()) return refuse(error, "bytes follow its last record");
  if (answer.code == 0 && (answer.slot_bytes < kSlotBytes || answer.slot_bytes % 64 != 0 || answer.slot_bytes > 4096))
    return refuse(error, "slots of " + std::to_string(answer.slot_bytes) + " bytes");
  return true;
}

Answer answer_question(const uint8_t* bytes, size_t length, const std::vector<Board::Entry>& entries, bool& hang_up) {
  Answer answer;
  std::string service, error;
  hang_up = !decode_question(bytes, length, service, error);
  if (hang_up) {
    answer.code = errors::telemetry_malformed;
    answer.text = error;
    return answer;
  }
  std::string names;
  for (const Board::Entry& entry : entries) {
    if (service.empty() || entry.service == service) answer.entries.push_back(entry);
    names += (names.empty() ? "" : ", ") + entry.service;
  }
  if (service.empty() || !answer.entries.empty()) return answer;
  answer.code = errors::telemetry_unknown_service;
  answer.text = "no record of '" + service + "' here (there are: " + (names.empty() ? "none" : names) + ")";
  return answer;
}

}  // namespace busbar::telemetry
