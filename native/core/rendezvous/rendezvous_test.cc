// Method: both ends in one process over real sockets in a temporary folder; a child process where death is the matter.
#include "core/rendezvous/rendezvous.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csetjmp>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "core/rendezvous/shared_ring.h"
#include "core/ring/ring_memory.h"

namespace busbar::rendezvous {
namespace {

class RendezvousTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/busbar-rendezvous-XXXXXX";
    folder_ = mkdtemp(name);
    path_ = folder_ + "/meet.ring";
  }
  void TearDown() override {
    unlink(path_.c_str());
    rmdir(folder_.c_str());
  }

  std::pair<Peer, Peer> meet() {
    Descriptor listener;
    Peer near, far;
    EXPECT_EQ(listen_at(path_, listener, error_), Status::kOk) << error_;
    EXPECT_EQ(connect_to(path_, near, error_), Status::kOk) << error_;
    EXPECT_EQ(accept_from(listener.get(), far, error_), Status::kOk) << error_;
    return {std::move(near), std::move(far)};
  }

  std::string folder_, path_, error_;
};

TEST_F(RendezvousTest, APacketArrivesWholeWithItsDescriptorsAndTheKernelSaysWhoSentIt) {
  auto [near, far] = meet();
  EXPECT_EQ(far.pid, getpid());
  EXPECT_EQ(far.uid, getuid());
  const Descriptor bell(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  const int fds[] = {bell.get()};
  const uint8_t hello[] = {1, 2, 3};
  ASSERT_EQ(send_packet(near.socket.get(), hello, 3, fds, 1, error_), Status::kOk) << error_;
  Packet packet;
  ASSERT_EQ(receive_packet(far.socket.get(), packet, error_), Status::kOk) << error_;
  EXPECT_EQ(packet.bytes, (std::vector<uint8_t>{1, 2, 3}));
  ASSERT_EQ(packet.descriptors.size(), 1u);
  const uint64_t one = 1;
  uint64_t read_back = 0;
  ASSERT_EQ(write(packet.descriptors[0].get(), &one, sizeof one), 8);
  ASSERT_EQ(read(bell.get(), &read_back, sizeof read_back), 8);
  EXPECT_EQ(read_back, 1u);
  EXPECT_EQ(receive_packet(far.socket.get(), packet, error_), Status::kAgain);
}

TEST_F(RendezvousTest, AClosedSocketIsSeenAsTheEnd) {
  auto [near, far] = meet();
  near.socket.reset();
  Packet packet;
  EXPECT_EQ(receive_packet(far.socket.get(), packet, error_), Status::kClosed);
}

TEST_F(RendezvousTest, NobodyThereIsRefusedAStaleFileIsReplacedALiveOneIsNot) {
  Peer peer;
  EXPECT_EQ(connect_to(path_, peer, error_), Status::kRefused);
  {
    Descriptor first;
    ASSERT_EQ(listen_at(path_, first, error_), Status::kOk) << error_;
    Descriptor second;
    EXPECT_EQ(listen_at(path_, second, error_), Status::kInUse);
  }
  EXPECT_EQ(connect_to(path_, peer, error_), Status::kRefused);
  Descriptor again;
  EXPECT_EQ(listen_at(path_, again, error_), Status::kOk) << error_;
}

TEST_F(RendezvousTest, OneDescriptorMoreThanALinkHasIsRefusedAndClosed) {
  auto [near, far] = meet();
  constexpr size_t kMany = kDescriptorsMax + 1;
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  int raw[kMany];
  std::fill(std::begin(raw), std::end(raw), ends[1]);
  uint8_t byte = 1;
  iovec piece = {&byte, 1};
  alignas(cmsghdr) char space[CMSG_SPACE(sizeof raw)] = {};
  msghdr message = {};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = space;
  message.msg_controllen = sizeof space;
  cmsghdr* control = CMSG_FIRSTHDR(&message);
  control->cmsg_level = SOL_SOCKET;
  control->cmsg_type = SCM_RIGHTS;
  control->cmsg_len = CMSG_LEN(sizeof raw);
  std::memcpy(CMSG_DATA(control), raw, sizeof raw);
  ASSERT_EQ(sendmsg(near.socket.get(), &message, 0), 1);
  close(ends[1]);
  {
    Packet packet;
    EXPECT_EQ(receive_packet(far.socket.get(), packet, error_), Status::kFailed);
  }
  // Every copy of the pipe's end is gone: it has run dry.
  EXPECT_EQ(read(ends[0], &byte, 1), 0);
  close(ends[0]);
}

TEST_F(RendezvousTest, ALongPathAnOversizePacketAndTooManyDescriptorsAreRefused) {
  Descriptor listener;
  EXPECT_EQ(listen_at(folder_ + std::string(200, 'x'), listener, error_), Status::kFailed);
  auto [near, far] = meet();
  const std::vector<uint8_t> large(kPacketBytesMax + 1);
  const auto length = static_cast<uint32_t>(large.size());
  EXPECT_EQ(send_packet(near.socket.get(), large.data(), length, nullptr, 0, error_), Status::kFailed);
  // A peer that does not keep to the rules:
  ASSERT_EQ(send(near.socket.get(), large.data(), large.size(), 0), static_cast<ssize_t>(large.size()));
  Packet packet;
  EXPECT_EQ(receive_packet(far.socket.get(), packet, error_), Status::kFailed);
}

TEST(SharedRingTest, TheReaderSeesWhatTheProducerWroteAndCannotWriteIt) {
  std::string error;
  const auto producer = SharedRing::create(8192, error);
  ASSERT_NE(producer, nullptr) << error;
  producer->bytes()[ring::kHeaderBytes + 5] = 42;
  const auto consumer =
      SharedRing::open(Descriptor(dup(producer->header_fd())), Descriptor(dup(producer->data_fd())), error);
  ASSERT_NE(consumer, nullptr) << error;
  EXPECT_EQ(consumer->capacity(), 8192u);
  EXPECT_EQ(consumer->bytes()[ring::kHeaderBytes + 5], 42);
  ring::word(consumer->bytes(), ring::at::kHead).store(64);
  EXPECT_EQ(ring::word(producer->bytes(), ring::at::kHead).load(), 64u);
  // No second writable mapping, no resize, and a store through the reader's mapping ends the process that tries.
  EXPECT_EQ(mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, producer->data_fd(), 0), MAP_FAILED);
  EXPECT_NE(ftruncate(producer->data_fd(), 0), 0);
  const pid_t child = fork();
  if (child == 0) {
    std::signal(SIGSEGV, SIG_DFL);
    const_cast<volatile uint8_t*>(consumer->bytes())[ring::kHeaderBytes] = 1;
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_FALSE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST(SharedRingTest, MemoryThatIsNotSealedOrOfAnImpossibleSizeIsRefused) {
  std::string error;
  const auto fresh = [](size_t bytes) {
    Descriptor file(memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    EXPECT_EQ(ftruncate(file.get(), static_cast<off_t>(bytes)), 0);
    return file;
  };
  const auto sealed = [&](size_t bytes) {
    Descriptor file = fresh(bytes);
    EXPECT_EQ(fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
    return file;
  };
  EXPECT_EQ(SharedRing::open(fresh(4096), fresh(8192), error), nullptr);
  EXPECT_EQ(SharedRing::open(sealed(4096), fresh(8192), error), nullptr);
  EXPECT_EQ(SharedRing::open(sealed(8192), sealed(8192), error), nullptr);
  EXPECT_EQ(SharedRing::open(sealed(4096), sealed(8191), error), nullptr);
  EXPECT_EQ(SharedRing::open(sealed(4096), sealed(8192), error), nullptr) << "no magic";
  EXPECT_EQ(SharedRing::open(Descriptor(eventfd(0, EFD_CLOEXEC)), sealed(8192), error), nullptr);
}

TEST_F(RendezvousTest, ADeadProcessIsAClosedSocketAndItsRingStaysReadable) {
  Descriptor listener;
  ASSERT_EQ(listen_at(path_, listener, error_), Status::kOk) << error_;
  const pid_t child = fork();
  if (child == 0) {
    Peer peer;
    std::string why;
    const auto ring = SharedRing::create(4096, why);
    if (ring == nullptr || connect_to(path_, peer, why) != Status::kOk) _exit(1);
    ring->bytes()[ring::kHeaderBytes] = 7;
    const int fds[] = {ring->header_fd(), ring->data_fd()};
    const uint8_t hello = 1;
    if (send_packet(peer.socket.get(), &hello, 1, fds, 2, why) != Status::kOk) _exit(1);
    kill(getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status));
  Peer far;
  ASSERT_EQ(accept_from(listener.get(), far, error_), Status::kOk) << error_;
  Packet packet;
  ASSERT_EQ(receive_packet(far.socket.get(), packet, error_), Status::kOk) << error_;
  ASSERT_EQ(packet.descriptors.size(), 2u);
  const auto ring = SharedRing::open(std::move(packet.descriptors[0]), std::move(packet.descriptors[1]), error_);
  ASSERT_NE(ring, nullptr) << error_;
  EXPECT_EQ(ring->bytes()[ring::kHeaderBytes], 7);
  EXPECT_EQ(receive_packet(far.socket.get(), packet, error_), Status::kClosed);
}

}  // namespace
}  // namespace busbar::rendezvous
