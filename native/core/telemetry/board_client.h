// The records of another process (or of this one), mapped read-only.
#pragma once

#include <memory>
#include <string>

#include "core/rendezvous/rendezvous.h"
#include "core/telemetry/messages.h"
#include "core/telemetry/record_reader.h"

namespace busbar::telemetry {

/// The memory of a board. It stays after the writer's death.
class MappedBoard final : public Life {
 public:
  /// Believes nothing: type, size and seals of the descriptor are checked.
  /// @param life the connection to the writer, which closes with it @returns null with `error` set
  static std::shared_ptr<MappedBoard> open(Descriptor memory, uint32_t slot_bytes, Descriptor life, std::string& error);
  ~MappedBoard() override;
  MappedBoard(const MappedBoard&) = delete;
  MappedBoard& operator=(const MappedBoard&) = delete;

  /// @returns null for a slot that is not there
  const uint8_t* record(uint32_t slot) const;
  uint32_t slot_bytes() const { return slot_bytes_; }
  bool gone() const override;

 private:
  MappedBoard() = default;

  const uint8_t* bytes_ = nullptr;
  size_t size_ = 0;
  uint32_t slot_bytes_ = 0;
  Descriptor life_;
  mutable std::atomic<bool> gone_{false};
};

/// What a process says of its records, and its memory; for programs without an event loop.
struct Found {
  Answer answer;
  std::shared_ptr<MappedBoard> board;
};

/// Asks the desk at `path`. Waits for its answer. @param service "" for all
/// @returns false with the number of an error (schema/bus/errors.toml) and its text
bool find_records(const std::string& path, std::string_view service, int timeout_ms, Found& found, uint16_t& code,
                  std::string& error);

/// Reads until the sequence is above `after`, sleeping between looks (100 us at first, 1 ms later).
/// @returns kOk with a newer value in `copy`; kStale when the time passed or the writer ended the record; else as `RecordReader::read`; kWriterDead also
/// when the writer died and nothing newer can come
Look wait_for_update(RecordReader& reader, const Life& life, uint8_t* copy, uint64_t after, int64_t timeout_ms);

}  // namespace busbar::telemetry
