// What a process of the same user may send at a rendezvous: packets of any bytes with descriptors of any kind. The
// reader must take or refuse them, map nothing that could shrink under it, and keep no descriptor (run it under the
// asan preset).
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "core/rendezvous/rendezvous.h"
#include "core/rendezvous/shared_ring.h"
#include "core/ring/ring_memory.h"
#include "core/ring/ring_reader.h"
#include "testing/fuzz.h"

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010  // Linux 5.1
#endif

namespace {

using namespace busbar;

/// Reads a fuzzer's input piece by piece; 0 behind its end.
struct Input {
  const uint8_t* at;
  size_t left;

  uint8_t byte() {
    if (left == 0) return 0;
    left--;
    return *at++;
  }
  size_t take(uint8_t* out, size_t most) {
    const size_t count = std::min(left, most);
    std::memcpy(out, at, count);
    at += count;
    left -= count;
    return count;
  }
};

size_t size_of(uint8_t choice) {
  const size_t sizes[] = {4096, 8192, 0, 1, 4095, 4097, 12288, 65536, 1 << 20, 64};
  return sizes[choice % std::size(sizes)];
}

/// A descriptor as the input says: sealed memory of some size and content, or anything else.
Descriptor some_descriptor(Input& input, bool likely) {
  const uint8_t kind = likely && input.byte() % 8 != 0 ? 0 : input.byte() % 6;
  if (kind == 1) return Descriptor(eventfd(0, input.byte() % 2 == 0 ? EFD_NONBLOCK | EFD_CLOEXEC : EFD_CLOEXEC));
  if (kind == 2) return Descriptor(open("/dev/null", O_RDWR | O_CLOEXEC));
  if (kind == 3) return Descriptor(open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (kind == 4) return Descriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  Descriptor file(memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  const uint8_t shape = input.byte();
  const size_t size = likely && shape < 200 ? 4096 : size_of(shape);
  if (ftruncate(file.get(), static_cast<off_t>(size)) != 0) return file;
  uint8_t content[512] = {};
  const size_t count = input.take(content, input.byte() % 2 == 0 ? 64 : sizeof content);
  // The words of a header that stand there, or noise.
  if (likely && input.byte() % 4 != 0) {
    const uint32_t words[2] = {ring::kMagic, 4096};
    std::memcpy(content, words, sizeof words);
  }
  [[maybe_unused]] const ssize_t written = pwrite(file.get(), content, std::max<size_t>(count, 8), 0);
  const int seals[] = {F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL,
                       F_SEAL_SHRINK | F_SEAL_GROW,
                       F_SEAL_SHRINK,
                       0,
                       F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE,
                       F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE};
  const uint8_t seal = input.byte();
  fcntl(file.get(), F_ADD_SEALS, likely && seal < 180 ? seals[0] : seals[seal % std::size(seals)]);
  return file;
}

/// What the addon does with a packet's descriptors, down to reading the ring.
void open_rings(std::vector<Descriptor>& descriptors) {
  for (size_t i = 0; i + 1 < descriptors.size(); i += 2) {
    std::string error;
    const auto opened = rendezvous::SharedRing::open(std::move(descriptors[i]), std::move(descriptors[i + 1]), error);
    if (opened == nullptr) {
      if (error.empty()) std::abort();  // a refusal says why
      continue;
    }
    opened->release_descriptors();
    ring::RingReader reader(opened->bytes(), opened->capacity());
    for (uint32_t frames = 0; reader.peek() == ring::Next::kFrame; frames++) {
      if (frames > opened->capacity() / frame::kHeaderBytes) std::abort();
      testing::consume(reader.frame()[0]);
      reader.pass();
      reader.release();
    }
  }
}

void one(const uint8_t* data, size_t size) {
  Input input{data, size};
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) std::abort();
  const Descriptor near(ends[0]), far(ends[1]);
  for (int packets = 1 + input.byte() % 3; packets > 0; packets--) {
    std::vector<Descriptor> held;
    int raw[rendezvous::kDescriptorsMax + 3];
    const uint32_t wish = input.byte();
    const uint32_t count = wish < 200 ? rendezvous::kDescriptorsMax : wish % std::size(raw);
    for (uint32_t i = 0; i < count; i++) {
      held.push_back(some_descriptor(input, i < 4));
      raw[i] = held.back().get();
    }
    uint8_t bytes[256];
    const auto length = static_cast<uint32_t>(input.take(bytes, input.byte()));
    // Straight into the socket: the sender is not ours and keeps to none of our bounds.
    iovec piece = {bytes, length};
    alignas(cmsghdr) char space[CMSG_SPACE(sizeof raw)] = {};
    msghdr message = {};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    if (count > 0) {
      message.msg_control = space;
      message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
      cmsghdr* control = CMSG_FIRSTHDR(&message);
      control->cmsg_level = SOL_SOCKET;
      control->cmsg_type = SCM_RIGHTS;
      control->cmsg_len = CMSG_LEN(sizeof(int) * count);
      std::memcpy(CMSG_DATA(control), raw, sizeof(int) * count);
    }
    if (sendmsg(near.get(), &message, MSG_NOSIGNAL) < 0) continue;
    held.clear();
    rendezvous::Packet packet;
    std::string error;
    if (rendezvous::receive_packet(far.get(), packet, error) != rendezvous::Status::kOk) continue;
    if (packet.bytes.size() != length || packet.descriptors.size() > rendezvous::kDescriptorsMax) std::abort();
    open_rings(packet.descriptors);
  }
}

std::vector<uint8_t> seed(random::Stream& dice) {
  std::vector<uint8_t> input(64 + dice.below(2048));
  for (auto& byte : input) byte = static_cast<uint8_t>(dice.next());
  return input;
}

/// Descriptors in use; an input must leave as many as it found.
int in_use() {
  const int next = open("/dev/null", O_RDONLY | O_CLOEXEC);
  close(next);
  return next;
}

void balanced(const uint8_t* data, size_t size) {
  const int before = in_use();
  one(data, size);
  if (in_use() != before) std::abort();
}

}  // namespace

BUSBAR_FUZZ_MAIN(balanced, seed)
