// A ring in memory that two processes share: its header in one sealed memfd, its data in another, mapped side by side so
// that the layout is that of core/ring/layout.h. The reader maps the data read-only: a write to it is impossible, not
// only forbidden. Nothing has a name, so nothing can be left behind.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/rendezvous/descriptor.h"
#include "core/ring/layout.h"

namespace busbar::rendezvous {

class SharedRing {
 public:
  /// The producer's side: makes, maps and seals both memfds. Their pages are allocated now, so that no later store can
  /// fail. @param capacity as for RingMemory @returns null with `error` set
  static std::shared_ptr<SharedRing> create(uint32_t capacity, std::string& error);
  /// The consumer's side, from descriptors that a peer sent. Believes nothing: types, sizes and seals are checked.
  static std::shared_ptr<SharedRing> open(Descriptor header, Descriptor data, std::string& error);
  ~SharedRing();
  SharedRing(const SharedRing&) = delete;
  SharedRing& operator=(const SharedRing&) = delete;

  uint8_t* bytes() const { return bytes_; }
  size_t size() const { return ring::ring_bytes(capacity_); }
  uint32_t capacity() const { return capacity_; }
  /// Valid until `release_descriptors`.
  int header_fd() const { return header_.get(); }
  int data_fd() const { return data_.get(); }
  /// The mapping stays; the descriptors have been handed over.
  void release_descriptors();

 private:
  SharedRing() = default;
  bool map(bool writable, std::string& error);

  uint8_t* bytes_ = nullptr;
  uint32_t capacity_ = 0;
  Descriptor header_;
  Descriptor data_;
};

}  // namespace busbar::rendezvous
