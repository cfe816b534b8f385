// What a reader and the desk of a writing process say to each other: one packet asks, one answers, the descriptor of the
// memory beside it. Integers are little-endian. Both sides are hostile until checked.
//
//   question  u32 "BBTQ", u16 version 1, u16 length, name of a service (none: all)
//   answer    u32 "BBTA", u16 version 1, u16 code, u32 pid, u32 bytes of a slot, u16 length of the process name, u16 count,
//             process name, then for each record: u16 slot, u16 length, name of the service.
//             code 0: the descriptor comes beside it. Else it is a number of schema/bus/errors.toml, count is 0, and a text
//             follows the process name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/telemetry/board.h"

namespace busbar::telemetry {

inline constexpr uint32_t kQuestionMagic = 0x51544242, kAnswerMagic = 0x41544242;
inline constexpr uint16_t kMessageVersion = 1;
inline constexpr size_t kQuestionBytes = 8, kAnswerBytes = 20;

struct Answer {
  uint16_t code = 0;
  /// With a code: what is wrong.
  std::string text;
  uint32_t pid = 0;
  uint32_t slot_bytes = 0;
  std::string process;
  std::vector<Board::Entry> entries;
};

std::vector<uint8_t> encode_question(std::string_view service);
/// @returns false with `error` set
bool decode_question(const uint8_t* bytes, size_t length, std::string& service, std::string& error);

std::vector<uint8_t> encode_answer(const Answer& answer);
/// Slots are within a board, names are not empty. @returns false with `error` set
bool decode_answer(const uint8_t* bytes, size_t length, Answer& answer, std::string& error);

/// What a desk says to one question. @param hang_up whether the asker has shown that it speaks something else
Answer answer_question(const uint8_t* bytes, size_t length, const std::vector<Board::Entry>& entries, bool& hang_up);

}  // namespace busbar::telemetry
