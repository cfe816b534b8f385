// How many messages of each type and of each publisher the open file was given, in memory that outlives the process: what a kill takes with the open
// chunk can then be told to the message, whatever the type.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "channels.h"
#include "disk.h"
#include "sources.h"

namespace busbar::blackbox {

/// Layout: magic "BBTALLY1", u64 largest sequence of a publisher (0 = none counts), u64 number of types, u64 number of sources; per
/// type u64 messages; per source u32 id, u32 epoch, u64 first, last and number of its messages (id 0 = none); then the types' names,
/// each with "\n" behind it. It protects from the death of the process, not of the computer. A disk that
/// cannot hold it costs the account of a kill and nothing else: then there is no such file.
class Tally {
 public:
  explicit Tally(Disk& disk) : disk_(disk) {}

  /// @returns 0 or -errno: nothing is counted then
  int open(const std::string& path, const std::vector<Type>& types);
  /// One message more is in the open chunk. @param type place in the types; sequence 0 = its publisher does not count
  void add(size_t type, uint64_t sequence, const Sources& sources, size_t source) {
    if (words_ == nullptr) return;
    // A kill between two of these leaves one message whose number is known and which is not counted yet.
    if (sequence > words_[1]) words_[1] = sequence;
    words_[kHeadWords + type] = words_[kHeadWords + type] + 1;
    if (source < Sources::kMax) put(sources_at_ + kSourceWords * source, sources.all()[source]);
  }
  void remove();
  void abandon();

 private:
  static constexpr size_t kHeadWords = 4, kSourceWords = 4;

  void put(size_t at, const Source& source) {
    words_[at + 1] = source.first;
    words_[at + 2] = source.last;
    words_[at + 3] = source.messages;
    words_[at] = source.id | static_cast<uint64_t>(source.epoch) << 32;
  }

  Disk& disk_;
  int file_ = -1;
  std::string path_;
  /// Only this thread and whoever comes after the process look at it. Volatile, so that each count is in memory before the next message.
  volatile uint64_t* words_ = nullptr;
  uint64_t bytes_ = 0;
  /// Word of the first source.
  size_t sources_at_ = 0;
};

}  // namespace busbar::blackbox
