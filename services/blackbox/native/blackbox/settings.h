// How a recording is made: the config of the service, checked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace busbar::blackbox {

enum class Sync : uint8_t { never, chunk, turn };
enum class OnError : uint8_t { block, fail };
enum class LogTime : uint8_t { simulated, wall };

struct Settings {
  /// Folder of the files; made when it is not there.
  std::string dir;
  std::string prefix = "events";
  /// Uncompressed; a chunk that would grow beyond it is written first.
  uint32_t chunk_bytes = 128 << 10;
  /// How old the first message of an open chunk may get.
  uint64_t chunk_age_ns = 1'000'000'000;
  /// Of one file, without its summary.
  uint64_t file_bytes = 256ull << 20;
  /// Age at which a file is closed; 0 = any.
  uint64_t roll_ns = 0;
  /// Turns after which a file is closed; 0 = any number.
  uint32_t roll_turns = 0;
  bool zstd = false;
  bool journal = false;
  Sync sync = Sync::never;
  OnError on_error = OnError::block;
  /// Absent: simulated when an event with a header can arrive, else wall.
  std::optional<LogTime> log_time;
  /// Channels of one file that belong to a single faction or topic.
  uint32_t channels_max = 4000;
};

/// @param json the config as canonical JSON
/// @returns what is wrong with it, with key, value and cure; empty when nothing is
std::string read_settings(std::string_view json, Settings& out);

}  // namespace busbar::blackbox
