// Records messages into numbered files. One thread; clock and disk are handed in; memory is bounded by one chunk, one message
// and the indexes of one file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "channels.h"
#include "chunk.h"
#include "disk.h"
#include "event_header.h"
#include "file.h"
#include "settings.h"
#include "sources.h"
#include "turns.h"

namespace busbar::blackbox {

/// A message as it stands in the ring; everything is borrowed.
struct Incoming {
  uint32_t type_id = 0;
  /// Sender's wall clock, ns.
  uint64_t publish_time = 0;
  const uint8_t* payload = nullptr;
  uint32_t length = 0;
  std::string_view topic;
  bool replayed = false;
  /// Its publisher, the life of it, and the number on the way from there, over all types; 0 = not numbered.
  uint32_t source = 0, epoch = 0;
  uint64_t number = 0;
};

/// received = written + buffered + the five refusals, after every call.
struct Account {
  uint64_t received = 0, written = 0, buffered = 0;
  /// A replay's messages are never recorded again.
  uint64_t replayed = 0;
  /// No event header where the type has one; a header of another type of event; no such type; the disk, when told to fail or
  /// at the end.
  uint64_t malformed = 0, bad_header = 0, unknown_type = 0, io = 0;
  uint64_t bytes = 0, chunks = 0, journal_bytes = 0;
  uint32_t files = 0;
  uint64_t write_errors = 0;
  std::string last_error;
  /// Wall ns from the oldest message of a chunk to its write.
  uint64_t lag_ns = 0, lag_max_ns = 0;
};

/// later: not taken, nothing counted; offer it again after `wake`. failed: counted as io, and so will all that follow be.
enum class Taken : uint8_t { done, later, failed };

class Recorder {
 public:
  /// @param types at most 60,000; disk outlives the recorder
  Recorder(Settings settings, std::vector<Type> types, Disk& disk, Clock clock);
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  /// Makes the folder and finds the number of the next file. @returns what is wrong, empty when nothing is
  std::string start();
  Taken record(const Incoming& message);
  /// Writes a chunk that is old enough, rolls by time, and tries again after an error.
  void wake();
  /// Monotonic ns at which `wake` wants to be called; 0 = not at all.
  uint64_t wake_at() const;
  /// The simulated clock, for types without a header.
  void tick(uint64_t time) { simulated_ = std::max(simulated_, time); }

  /// All that came is in the file. @returns false with last_error of the account
  bool flush(bool sync);
  /// Closes the open file. @returns false with last_error of the account, and the file is still open
  bool roll();
  /// As `roll`, for the end: what cannot be written is counted as io; with a journal it stays there.
  bool close();

  const Account& account() const { return account_; }
  const RecordingFile& file() const { return file_; }
  const Settings& settings() const { return settings_; }
  bool blocked() const { return blocked_until_ != 0; }
  /// Told to fail at an error, and met one.
  bool failed() const { return failed_; }
  /// Path of the file that was closed last.
  const std::string& closed_path() const { return closed_path_; }
  uint64_t closed_bytes() const { return closed_bytes_; }
  uint64_t closed_messages() const { return closed_messages_; }

 private:
  Taken record_known(const Incoming& message, size_t type, const EventHeader* header);
  bool ready_for(const Incoming& message, const EventHeader* header);
  bool open_file();
  bool write_chunk(bool sync);
  bool finish_file(bool sync);
  bool result_of(int result, const char* what, const std::string& path);
  Taken refuse_or_wait();
  mcap::Texts recording_texts() const;
  mcap::Texts account_texts() const;

  Settings settings_;
  std::vector<Type> types_;
  std::unordered_map<uint32_t, size_t> by_id_;
  Disk& disk_;
  Clock clock_;
  bool simulated_time_ = true;

  RecordingFile file_;
  Channels channels_;
  Chunk chunk_;
  Turns turns_;
  /// Of the open file.
  Sources sources_;
  /// Bytes of chunk_.before that the journal has.
  size_t journaled_ = 0;

  Account account_;
  uint64_t number_ = 1;
  uint64_t recorded_ = 0;
  uint64_t simulated_ = 0;
  uint64_t file_opened_ = 0;
  uint64_t blocked_until_ = 0;
  bool failed_ = false;
  bool has_turn_ = false;
  uint32_t turn_ = 0;
  std::string closed_path_;
  uint64_t closed_bytes_ = 0, closed_messages_ = 0;
};

/// Number of a recording's file, journal or tally by its name; 0 = it is none of this prefix.
uint64_t number_of(std::string_view name, std::string_view prefix);

}  // namespace busbar::blackbox
