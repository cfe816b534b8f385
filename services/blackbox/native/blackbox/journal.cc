#include "journal.h"

#include "crc32.h"

namespace busbar::blackbox {
namespace {

constexpr char kMagic[9] = "BBJRNL1\n";
constexpr size_t kHeadBytes = 24;

}  // namespace

int Journal::open(const std::string& path) {
  const int file = disk_.create(path);
  if (file < 0) return file;
  file_ = file;
  path_ = path;
  offset_ = 0;
  stale_ = false;
  return 0;
}

int Journal::append(uint64_t chunk_start, uint64_t number, const uint8_t* before, size_t before_bytes,
                    const uint8_t* message, size_t message_bytes) {
  if (stale_) {
    if (const int result = disk_.cut(file_, 0); result < 0) return result;
    stale_ = false;
    offset_ = 0;
  }
  uint8_t head[kHeadBytes + 8];
  size_t head_bytes = 0;
  if (offset_ == 0) {
    std::memcpy(head, kMagic, 8);
    Bytes::store(head + 8, chunk_start);
    Bytes::store(head + 16, number);
    head_bytes = kHeadBytes;
  }
  Bytes::store(head + head_bytes, static_cast<uint32_t>(before_bytes + message_bytes));
  Bytes::store(head + head_bytes + 4, crc32(crc32(0, before, before_bytes), message, message_bytes));
  head_bytes += 8;
  const iovec pieces[] = {{head, head_bytes},
                          {const_cast<uint8_t*>(before), before_bytes},
                          {const_cast<uint8_t*>(message), message_bytes}};
  if (const int result = disk_.write_at(file_, offset_, pieces, 3); result < 0) return result;
  const uint64_t written = head_bytes + before_bytes + message_bytes;
  offset_ += written;
  bytes_ += written;
  return 0;
}

void Journal::drop() {
  if (file_ < 0 || offset_ == 0) return;
  stale_ = disk_.cut(file_, 0) < 0;
  if (!stale_) offset_ = 0;
}

void Journal::remove() {
  if (file_ < 0) return;
  disk_.close(file_);
  disk_.remove(path_);
  file_ = -1;
}

void Journal::abandon() {
  if (file_ >= 0) disk_.close(file_);
  file_ = -1;
}

}  // namespace busbar::blackbox
