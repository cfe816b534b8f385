// How many messages of each type the open file was given, in memory that outlives the process: what a kill takes with the open
// chunk can then be told to the message, whatever the type.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "channels.h"
#include "disk.h"

namespace busbar::blackbox {

/// Layout: magic "BBTALLY1", u64 largest sequence of a publisher (0 = none counts), u64 number of types; per type u64 messages;
/// then the types' names, each with "\n" behind it. It protects from the death of the process, not of the computer. A disk that
/// cannot hold it costs the account of a kill and nothing else: then there is no such file.
class Tally {
 public:
  explicit Tally(Disk& disk) : disk_(disk) {}

  /// @returns 0 or -errno: nothing is counted then
  int open(const std::string& path, const std::vector<Type>& types);
  /// One message more is in the open chunk. @param type place in the types; sequence 0 = its publisher does not count
  void add(size_t type, uint64_t sequence) {
    if (words_ == nullptr) return;
    words_[kHeadWords + type] = words_[kHeadWords + type] + 1;
    if (sequence > words_[1]) words_[1] = sequence;
  }
  void remove();
  void abandon();

 private:
  static constexpr size_t kHeadWords = 3;

  Disk& disk_;
  int file_ = -1;
  std::string path_;
  /// Only this thread and whoever comes after the process look at it. Volatile, so that each count is in memory before the next message.
  volatile uint64_t* words_ = nullptr;
  uint64_t bytes_ = 0;
};

}  // namespace busbar::blackbox
