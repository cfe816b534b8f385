// The open chunk's messages in a file of their own, so that a process that dies loses none. It protects from the death of the
// process, not of the computer: nothing is synced.
#pragma once

#include <cstdint>
#include <string>

#include "bytes.h"
#include "disk.h"

namespace busbar::blackbox {

/// Layout: magic "BBJRNL1\n", u64 size of the recording where its chunk will go, u64 number of the first message; then per
/// message u32 length, u32 CRC and that many bytes of whole MCAP records. Steps give 0 or -errno and may be repeated.
class Journal {
 public:
  explicit Journal(Disk& disk) : disk_(disk) {}

  bool is_open() const { return file_ >= 0; }
  int open(const std::string& path);
  /// @param chunk_start size of the recording, where the chunk that these records belong to will go
  /// @param number recorder's count of the message
  /// @param before Schema and Channel records that the message needs and no earlier entry has
  int append(uint64_t chunk_start, uint64_t number, const uint8_t* before, size_t before_bytes, const uint8_t* message,
             size_t message_bytes);
  /// The chunk is in the recording: what stands here is not needed any more. What cannot be cut now is cut before the next entry.
  void drop();
  void remove();
  void abandon();

  /// Over all chunks.
  uint64_t bytes() const { return bytes_; }

 private:
  Disk& disk_;
  int file_ = -1;
  std::string path_;
  uint64_t offset_ = 0;
  uint64_t bytes_ = 0;
  /// What stands in it belongs to a chunk that is written, and could not be cut yet.
  bool stale_ = false;
};

}  // namespace busbar::blackbox
