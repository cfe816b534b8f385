// The records of one writing process: slots of one size in a sealed memfd, which ends with the process and its readers.
// Nothing has a name, so nothing can be left behind.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/rendezvous/descriptor.h"

namespace busbar::telemetry {

/// A record and room to grow; two lines of the cache would do today.
inline constexpr uint32_t kSlotBytes = 256;
inline constexpr uint32_t kSlotsMax = 64;
inline constexpr uint32_t kNameBytesMax = 200;

class Board {
 public:
  struct Entry {
    std::string service;
    uint32_t slot;
  };

  /// Makes, maps and seals the memory: nobody else will ever map it writable. @returns null with `error` set
  static std::shared_ptr<Board> create(std::string& error);
  ~Board();
  Board(const Board&) = delete;
  Board& operator=(const Board&) = delete;

  /// A fresh record for a service (of which there may be an older one). Any thread. The record
  /// lives as long as the board; its writer ends it with `finish` (busbar_telemetry.h).
  /// @returns null when all slots have been given away or the name is empty or too long
  uint8_t* take(const std::string& service);
  std::vector<Entry> entries() const;
  int fd() const { return memory_.get(); }

 private:
  Board() = default;

  Descriptor memory_;
  uint8_t* bytes_ = nullptr;
  mutable std::mutex mutex_;
  std::vector<std::string> names_;  // by mutex_; index is the slot
};

}  // namespace busbar::telemetry
