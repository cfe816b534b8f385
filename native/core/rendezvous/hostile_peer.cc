// A process of the same user that breaks every rule of the rendezvous and of the ring. For tests only: the process that it
// connects to must close the link, and live.
//
//     hostile_peer SOCKET HELLO-HEX ACK-HEX FIRST-ATTACK LAST-ATTACK COUNT SEED
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "core/random/random.h"
#include "core/rendezvous/rendezvous.h"
#include "core/rendezvous/shared_ring.h"
#include "core/ring/ring_memory.h"

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

namespace {

using namespace busbar;
using namespace std::chrono_literals;
using Bytes = std::vector<uint8_t>;

constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

enum Attack {
  kGarbageFirst,      // packets of noise instead of HELLO
  kGarbageForAck,     // noise instead of ACK
  kTooFew,            // ACK with fewer descriptors than a link has
  kTooMany,           // with more
  kNoMemory,          // files, pipes and sockets where memory is expected
  kUnsealed,          // memory that could shrink under its reader
  kWrongSize,         // impossible sizes
  kSwapped,           // header and data exchanged
  kReadOnly,          // a header that cannot be mapped for writing
  kWrongMagic,        // a header of another layout
  kNoBell,            // a pipe, memory or a blocking eventfd for a bell
  kAbsurdCursors,     // a ring whose cursors cannot be
  kWild,              // sound at first; then every word of both headers, and the data, change at random
  kWildHead,          // only the head of the ring that it reads
  kWildCounters,      // only the counters
  kTalks,             // packets after the handshake
  kWritesOn,          // hangs up and goes on publishing
  kBlockingBells,     // makes the shared bells block, fills one and empties the other
  kLeaves,            // hangs up at once after ACK
  kAttacks
};

Bytes from_hex(const char* text) {
  Bytes bytes;
  for (; text[0] != 0 && text[1] != 0; text += 2) {
    const char pair[3] = {text[0], text[1], 0};
    bytes.push_back(static_cast<uint8_t>(std::strtoul(pair, nullptr, 16)));
  }
  return bytes;
}

struct Peer {
  explicit Peer(uint64_t seed) : dice(seed) {}

  random::Stream dice;
  rendezvous::Peer link;
  std::vector<Descriptor> theirs;
  std::shared_ptr<rendezvous::SharedRing> rings[2];
  std::string error;

  uint32_t below(uint64_t n) { return static_cast<uint32_t>(dice.below(n)); }
  uint32_t noise() { return static_cast<uint32_t>(dice.next()); }

  void send(const Bytes& bytes, const std::vector<int>& descriptors = {}) {
    rendezvous::send_packet(link.socket.get(), bytes.data(), static_cast<uint32_t>(bytes.size()), descriptors.data(),
                            static_cast<uint32_t>(descriptors.size()), error);
  }

  /// Beyond what send_packet allows.
  void send_many(const Bytes& bytes, const std::vector<int>& descriptors) {
    iovec piece = {const_cast<uint8_t*>(bytes.data()), bytes.size()};
    std::vector<char> control(CMSG_SPACE(sizeof(int) * descriptors.size()));
    msghdr message = {};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof(int) * descriptors.size());
    std::memcpy(CMSG_DATA(part), descriptors.data(), sizeof(int) * descriptors.size());
    [[maybe_unused]] const ssize_t sent = sendmsg(link.socket.get(), &message, MSG_NOSIGNAL);
  }

  void garbage() {
    Bytes bytes(1 + below(below(2) == 0 ? 200 : 100'000));
    for (auto& byte : bytes) byte = static_cast<uint8_t>(noise());
    if (below(2) == 0 && bytes.size() >= 8) {
      const uint32_t length = static_cast<uint32_t>(bytes.size());
      std::memcpy(bytes.data(), &length, 4);
      const uint8_t start[4] = {0x42, 0x01, static_cast<uint8_t>(below(20)), 8};
      std::memcpy(bytes.data() + 4, start, 4);
    }
    send_many(bytes, std::vector<int>(below(3) == 0 ? 1 + below(5) : 1, 0));
    send(bytes);
  }

  bool welcomed() {
    pollfd waiting = {link.socket.get(), POLLIN, 0};
    if (poll(&waiting, 1, 5000) != 1) return false;
    rendezvous::Packet packet;
    if (rendezvous::receive_packet(link.socket.get(), packet, error) != rendezvous::Status::kOk) return false;
    theirs = std::move(packet.descriptors);
    return theirs.size() == rendezvous::kDescriptorsMax;
  }

  bool make_rings() {
    for (auto& ring : rings) ring = rendezvous::SharedRing::create(4096u << below(8), error);
    return rings[0] != nullptr && rings[1] != nullptr;
  }

  std::vector<int> five(int bell) {
    return {rings[0]->header_fd(), rings[0]->data_fd(), rings[1]->header_fd(), rings[1]->data_fd(), bell};
  }

  Descriptor memory(size_t bytes, int seals) {
    Descriptor file(memfd_create("busbar-hostile", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (ftruncate(file.get(), static_cast<off_t>(bytes)) == 0 && seals != 0) fcntl(file.get(), F_ADD_SEALS, seals);
    return file;
  }

  void attack(int which, const std::string& path, const Bytes& hello, const Bytes& ack);
  void linked(int which, Descriptor& bell);
};

uint32_t* words_of(uint8_t* bytes) { return reinterpret_cast<uint32_t*>(bytes); }

/// What a sound peer would not do while it is connected.
void Peer::linked(int which, Descriptor& bell) {
  // The header of the ring that they write and we read.
  void* mapped = mmap(nullptr, ring::kHeaderBytes, PROT_READ | PROT_WRITE, MAP_SHARED, theirs[0].get(), 0);
  if (mapped == MAP_FAILED) return;
  auto* read_header = static_cast<uint8_t*>(mapped);
  uint8_t* own = rings[0]->bytes();
  const uint64_t one = 1;
  if (which == kWritesOn) link.socket.reset();
  // A bell that blocks from the start is refused: let it be taken first.
  if (which == kBlockingBells) std::this_thread::sleep_for(20ms);
  for (int round = 0; round < 40; round++) {
    switch (which) {
      case kWild:
        for (int i = 0; i < 20; i++) {
          words_of(own)[below(ring::kHeaderBytes / 4)] = noise();
          words_of(read_header)[below(ring::kHeaderBytes / 4)] = noise();
          words_of(own)[ring::at::kTail / 4] = below(2) == 0 ? noise() : noise() & 0xff8;
          own[ring::kHeaderBytes + below(4096)] = static_cast<uint8_t>(noise());
        }
        break;
      case kWildHead:
        words_of(read_header)[ring::at::kHead / 4] = noise();
        break;
      case kWildCounters:
        words_of(read_header)[ring::at::kDelivered / 4 + below(10)] = noise();
        words_of(read_header)[ring::at::kHead / 4] = words_of(read_header)[ring::at::kTail / 4];
        break;
      case kTalks:
        garbage();
        break;
      case kWritesOn:
        words_of(own)[ring::at::kTail / 4] += 64;
        break;
      case kBlockingBells: {
        const uint64_t full = UINT64_MAX - 1;
        uint64_t taken;
        fcntl(theirs[4].get(), F_SETFL, fcntl(theirs[4].get(), F_GETFL) | O_NONBLOCK);
        [[maybe_unused]] ssize_t result = write(theirs[4].get(), &one, sizeof one);
        result = read(theirs[4].get(), &taken, sizeof taken);
        fcntl(theirs[4].get(), F_SETFL, 0);
        fcntl(bell.get(), F_SETFL, O_NONBLOCK);
        result = write(bell.get(), &full, sizeof full);
        fcntl(bell.get(), F_SETFL, 0);
        break;
      }
      default:
        break;
    }
    if (which != kBlockingBells && theirs[4]) {
      fcntl(theirs[4].get(), F_SETFL, O_NONBLOCK);
      [[maybe_unused]] const ssize_t result = write(theirs[4].get(), &one, sizeof one);
    }
    std::this_thread::sleep_for(500us);
  }
  munmap(mapped, ring::kHeaderBytes);
}

void Peer::attack(int which, const std::string& path, const Bytes& hello, const Bytes& ack) {
  for (int attempt = 0; rendezvous::connect_to(path, link, error) != rendezvous::Status::kOk; attempt++) {
    if (attempt > 500) {
      std::fprintf(stderr, "nobody listens any more: %s\n", error.c_str());
      std::exit(2);
    }
    std::this_thread::sleep_for(2ms);
  }
  if (which == kGarbageFirst) {
    for (uint32_t i = 1 + below(20); i > 0; i--) garbage();
    return;
  }
  send(hello);
  if (!welcomed() || !make_rings()) return;
  Descriptor bell(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  std::vector<int> given = five(bell.get());
  std::vector<Descriptor> made;
  const auto replace = [&](size_t at, Descriptor file) {
    given[at] = file.get();
    made.push_back(std::move(file));
  };
  const uint32_t lane = below(2) * 2;
  switch (which) {
    case kGarbageForAck:
      for (uint32_t i = 1 + below(20); i > 0; i--) garbage();
      return;
    case kTooFew:
      given.resize(below(5));
      break;
    case kTooMany:
      given.resize(6 + below(40), 0);
      break;
    case kNoMemory: {
      int ends[2];
      if (pipe2(ends, O_CLOEXEC) != 0) return;
      made.emplace_back(ends[0]);
      const uint32_t kind = below(4);
      replace(below(4), Descriptor(kind == 0   ? open("/dev/null", O_RDWR | O_CLOEXEC)
                                   : kind == 1 ? ends[1]
                                   : kind == 2 ? open("/proc/self/exe", O_RDONLY | O_CLOEXEC)
                                               : socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)));
      if (kind != 1) made.emplace_back(ends[1]);
      break;
    }
    case kUnsealed:
      replace(lane + below(2), memory(4096, below(2) == 0 ? 0 : F_SEAL_GROW));
      break;
    case kWrongSize: {
      const size_t sizes[] = {0, 1, 2048, 4095, 4097, 8192, 12288, 100'000, size_t{3} << 30};
      const bool header = below(2) == 0;
      size_t size = sizes[below(9)];
      if (!header && size == 8192) size = 12288;
      replace(lane + (header ? 0 : 1), memory(size, kSeals));
      break;
    }
    case kSwapped:
      std::swap(given[lane], given[lane + 1]);
      break;
    case kReadOnly:
      replace(lane, Descriptor(open(("/proc/self/fd/" + std::to_string(given[lane])).c_str(), O_RDONLY | O_CLOEXEC)));
      break;
    case kWrongMagic:
      words_of(rings[lane / 2]->bytes())[0] = noise();
      break;
    case kNoBell: {
      int ends[2];
      if (pipe2(ends, O_CLOEXEC | (below(2) == 0 ? O_NONBLOCK : 0)) != 0) return;
      made.emplace_back(ends[0]);
      made.emplace_back(ends[1]);
      const uint32_t kind = below(3);
      if (kind == 0) given[4] = ends[1];
      if (kind == 1) replace(4, memory(4096, kSeals));
      if (kind == 2) replace(4, Descriptor(eventfd(0, EFD_CLOEXEC)));
      break;
    }
    case kAbsurdCursors:
      for (auto& ring : rings) {
        if (below(4) != 0) words_of(ring->bytes())[ring::at::kHead / 4] = noise();
        words_of(ring->bytes())[ring::at::kTail / 4] = noise();
      }
      break;
    default:
      break;
  }
  send_many(ack, given.empty() ? std::vector<int>(1, 0) : given);
  if (which >= kWild && which < kLeaves) linked(which, bell);
  if (which == kAbsurdCursors) std::this_thread::sleep_for(5ms);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 8) {
    std::fprintf(stderr, "hostile_peer SOCKET HELLO-HEX ACK-HEX FIRST LAST COUNT SEED\n");
    return 1;
  }
  const Bytes hello = from_hex(arguments[2]), ack = from_hex(arguments[3]);
  const int first = std::atoi(arguments[4]);
  const int last = std::min(std::atoi(arguments[5]), int{kAttacks} - 1);
  const int attacks = std::atoi(arguments[6]);
  const auto seed = std::strtoull(arguments[7], nullptr, 10);
  for (int i = 0; i < attacks; i++) {
    Peer peer(seed + static_cast<uint64_t>(i));
    peer.attack(first + i % (last - first + 1), arguments[1], hello, ack);
  }
  std::printf("%d\n", attacks);
  return 0;
}
