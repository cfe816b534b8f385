#include "tally.h"

#include <cerrno>
#include <cstring>

#include "bytes.h"

namespace busbar::blackbox {
namespace {

constexpr char kMagic[9] = "BBTALLY1";

}  // namespace

int Tally::open(const std::string& path, const std::vector<Type>& types) {
  Bytes image;
  image.put(kMagic, 8);
  image.put_number(uint64_t{0});
  image.put_number(static_cast<uint64_t>(types.size()));
  image.put_number(static_cast<uint64_t>(Sources::kMax));
  for (size_t i = 0; i < types.size() + kSourceWords * Sources::kMax; i++) image.put_number(uint64_t{0});
  for (const Type& type : types) {
    image.put(type.name.data(), type.name.size());
    image.put("\n", 1);
  }
  const int file = disk_.create(path);
  if (file < 0) return file;
  // All of it is written before it is mapped: the disk must not find out that it is full when a count changes.
  const iovec all{const_cast<uint8_t*>(image.data()), image.size()};
  int result = disk_.write_at(file, 0, &all, 1);
  void* at = nullptr;
  if (result == 0) result = disk_.map(file, image.size(), at);
  if (result < 0) {
    disk_.close(file);
    disk_.remove(path);  // it is ours and counts nothing
    return result;
  }
  file_ = file;
  path_ = path;
  words_ = static_cast<volatile uint64_t*>(at);
  bytes_ = image.size();
  sources_at_ = kHeadWords + types.size();
  return 0;
}

void Tally::remove() {
  if (file_ < 0) return;
  abandon();
  disk_.remove(path_);
}

void Tally::abandon() {
  if (file_ < 0) return;
  disk_.unmap(const_cast<uint64_t*>(words_), bytes_);
  disk_.close(file_);
  words_ = nullptr;
  file_ = -1;
}

}  // namespace busbar::blackbox
