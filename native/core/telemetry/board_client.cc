#include "core/telemetry/board_client.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "errors.h"

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010  // Linux 5.1
#endif

namespace busbar::telemetry {
namespace {

using rendezvous::Status;

constexpr int kSealsWanted = F_SEAL_SHRINK | F_SEAL_GROW;

std::shared_ptr<MappedBoard> refused(std::string text, std::string& error) {
  error = std::move(text);
  return nullptr;
}

bool fail(uint16_t number, std::string text, uint16_t& code, std::string& error) {
  code = number;
  error = std::move(text);
  return false;
}

}  // namespace

std::shared_ptr<MappedBoard> MappedBoard::open(Descriptor memory, uint32_t slot_bytes, Descriptor life,
                                               std::string& error) {
  const int seals = fcntl(memory.get(), F_GET_SEALS);
  // Shrinking memory would end every reader of it.
  if (seals < 0 || (seals & kSealsWanted) != kSealsWanted)
    return refused("a descriptor that is not sealed shared memory", error);
  struct stat about = {};
  if (fstat(memory.get(), &about) != 0) return refused(std::string("fstat: ") + std::strerror(errno), error);
  const auto size = static_cast<uint64_t>(about.st_size);
  if (slot_bytes < kSlotBytes || slot_bytes % 64 != 0 || size == 0 || size % slot_bytes != 0 ||
      size / slot_bytes > kSlotsMax)
    return refused("memory of " + std::to_string(size) + " bytes with slots of " + std::to_string(slot_bytes), error);
  void* const at = mmap(nullptr, size, PROT_READ, MAP_SHARED, memory.get(), 0);
  if (at == MAP_FAILED) return refused(std::string("mmap: ") + std::strerror(errno), error);
  std::shared_ptr<MappedBoard> opened(new MappedBoard);
  opened->bytes_ = static_cast<const uint8_t*>(at);
  opened->size_ = size;
  opened->slot_bytes_ = slot_bytes;
  opened->life_ = std::move(life);
  return opened;
}

MappedBoard::~MappedBoard() {
  if (bytes_ != nullptr) munmap(const_cast<uint8_t*>(bytes_), size_);
}

const uint8_t* MappedBoard::record(uint32_t slot) const {
  return slot < size_ / slot_bytes_ ? bytes_ + size_t{slot} * slot_bytes_ : nullptr;
}

bool MappedBoard::gone() const {
  // relaxed: it only ever becomes true
  if (gone_.load(std::memory_order_relaxed)) return true;
  if (!life_) return false;
  pollfd state = {life_.get(), POLLRDHUP, 0};
  if (poll(&state, 1, 0) == 1 && (state.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0)
    gone_.store(true, std::memory_order_relaxed);
  return gone_.load(std::memory_order_relaxed);
}

bool find_records(const std::string& path, std::string_view service, int timeout_ms, Found& found, uint16_t& code,
                  std::string& error) {
  rendezvous::Peer peer;
  const Status met = rendezvous::connect_to(path, peer, error);
  if (met != Status::kOk) return fail(errors::transport_unreachable, path + ": " + error, code, error);
  const std::vector<uint8_t> question = encode_question(service);
  const int socket = peer.socket.get();
  if (rendezvous::send_packet(socket, question.data(), static_cast<uint32_t>(question.size()), nullptr, 0, error) !=
      Status::kOk)
    return fail(errors::transport_unreachable, path + ": " + error, code, error);
  pollfd state = {socket, POLLIN, 0};
  int ready = 0;
  do ready = poll(&state, 1, timeout_ms);
  while (ready < 0 && errno == EINTR);
  if (ready == 0)
    return fail(errors::core_timeout, "no answer within " + std::to_string(timeout_ms) + " ms", code, error);
  rendezvous::Packet packet;
  if (rendezvous::receive_packet(socket, packet, error) != Status::kOk)
    return fail(errors::transport_unreachable, path + ": " + (error.empty() ? "it hung up" : error), code, error);
  if (!decode_answer(packet.bytes.data(), packet.bytes.size(), found.answer, error))
    return fail(errors::telemetry_malformed, error, code, error);
  if (found.answer.code != 0) return fail(found.answer.code, found.answer.text, code, error);
  if (packet.descriptors.size() != 1)
    return fail(errors::telemetry_malformed, std::to_string(packet.descriptors.size()) + " descriptors came, not 1",
                code, error);
  found.board =
      MappedBoard::open(std::move(packet.descriptors[0]), found.answer.slot_bytes, std::move(peer.socket), error);
  return found.board != nullptr || fail(errors::telemetry_malformed, error, code, error);
}

Look wait_for_update(RecordReader& reader, const Life& life, uint8_t* copy, uint64_t after, int64_t timeout_ms) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  auto pause = std::chrono::microseconds(100);
  for (;;) {
    // Asked first: what a writer published before it died is then seen below.
    const bool gone = life.gone();
    const Look look = reader.read(copy);
    if (look != Look::kOk && look != Look::kStale && look != Look::kNoValue) return look;
    if (look == Look::kOk && sequence_of(copy) > after) return look;
    if (look == Look::kOk && (flags_of(copy) & kFlagEnded) != 0) return Look::kStale;
    if (gone) return Look::kWriterDead;
    if (std::chrono::steady_clock::now() >= end) return Look::kStale;
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, std::chrono::microseconds(1000));
  }
}

}  // namespace busbar::telemetry
