// The recorder alone, behind its ring and plugin host as it runs, without JavaScript: 200-byte events from a producer's thread
// to a file. Prints one JSON object.
//
//   blackbox_bench --ring <folder> <events> <config members>   ns from the first event to the closed file
//   blackbox_bench --ring-synced <folder> <events> <config members>   the same until every file is on the disk
//   blackbox_bench --producer <folder> <events>                ns of the producer's thread, waiting left out
//   blackbox_bench --bare <folder> <events>                    ns of write() of as many bytes in pieces of 128 KiB
//   blackbox_bench --bare-synced <folder> <events>             the same until every file is on the disk
//   blackbox_bench --crc <MiB>                                 ns of the CRC by folding and by tables
#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "blackbox/crc32.h"
#include "busbar_types.h"
#include "core/doorbell/doorbell.h"
#include "core/ring/ring_memory.h"
#include "events_generated.h"
#include "host/plugin_host.h"

namespace {

using namespace busbar;

constexpr uint32_t kEventBytes = 200;
/// What an event takes in a file: its data, its record's head, its index entry.
constexpr uint64_t kFileBytes = kEventBytes + 31 + 16;

std::string event_bytes() {
  for (size_t pad = 1;; pad++) {
    flatbuffers::FlatBufferBuilder builder;
    const ::blackbox::EventHeader header(1000, 1, 3, 7, ::blackbox::EventType::damage_dealt);
    builder.Finish(::blackbox::CreateDamageDealt(builder, &header, builder.CreateString(std::string(pad, 'c')), 7, 8, 2.5f));
    if (builder.GetSize() >= kEventBytes)
      return {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()};
  }
}

struct Quiet : host::PluginEvents {
  std::atomic<bool> over{false};
  void ready() override {}
  void failed(const host::Failure& failure) override {
    for (const auto& [key, value] : failure.details) std::fprintf(stderr, "%s: %s\n", key.c_str(), value.c_str());
    std::exit(1);
  }
  void log(int32_t, std::string_view text) override { std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data()); }
  void hashed(std::optional<uint64_t>) override {}
  void closed() override { over = true; }
};

struct Producer {
  host::PluginHost& host;
  std::shared_ptr<host::Link> link;
  ring::RingWriter out;
  std::string event = event_bytes();
  uint64_t sequence = 0;

  Producer(host::PluginHost& to, std::shared_ptr<host::Link> over)
      : host(to), link(std::move(over)), out(link->memory(host::kInData)->bytes(), link->capacity()) {
    host.connect(link);
  }

  bool publish(uint64_t now) {
    const auto length = static_cast<uint32_t>(frame::kHeaderBytes + event.size());
    const ring::Claim claim = out.claim(length);
    if (claim.at == nullptr) return false;
    frame::Header header;
    header.length = length;
    header.kind = frame::kind::kData;
    header.type_id = types::blackbox::DamageDealt.id;
    header.schema = types::blackbox::DamageDealt.fingerprint;
    header.sequence = ++sequence;
    header.timestamp = now;
    header.payload_offset = frame::kHeaderBytes;
    frame::write_header(claim.at, header);
    std::memcpy(claim.at + frame::kHeaderBytes, event.data(), event.size());
    out.commit(length);
    return true;
  }
  void flush() {
    if (out.publish()) host.wake();
  }
  bool drained() { return link->memory(host::kInData)->bytes() != nullptr && ring_used() == 0; }
  uint32_t ring_used() {
    const uint8_t* const bytes = link->memory(host::kInData)->bytes();
    auto* const own = const_cast<uint8_t*>(bytes);
    return ring::word(own, ring::at::kTail).load(std::memory_order_acquire) -
           ring::word(own, ring::at::kHead).load(std::memory_order_acquire);
  }
};

/// The plugin as it is built, in a folder of its own that is removed afterwards.
struct Rig {
  std::string folder;
  Quiet events;
  std::unique_ptr<host::PluginHost> host;

  Rig(const std::string& parent, const std::string& members) {
    std::string name = parent + "/busbar-blackbox-XXXXXX";
    folder = mkdtemp(name.data());
    host::PluginLibrary library;
    if (const host::Failure failure = host::PluginLibrary::open(BUSBAR_BLACKBOX_PLUGIN, "blackbox", library); failure) {
      std::fprintf(stderr, "the plugin is not built: %s\n", BUSBAR_BLACKBOX_PLUGIN);
      std::exit(1);
    }
    const std::string config = "{\"dir\":\"" + folder + "\"" + (members.empty() ? "" : "," + members) + "}";
    auto about = std::make_unique<host::About>("blackbox", std::vector<uint8_t>());
    host = std::make_unique<host::PluginHost>(library, "blackbox", config, 1, events, std::move(about));
    host->start();
  }
  ~Rig() {
    host.reset();
    std::filesystem::remove_all(folder);
  }
  uint64_t bytes() const {
    uint64_t sum = 0;
    for (const auto& file : std::filesystem::directory_iterator(folder)) sum += file.file_size();
    return sum;
  }
};

/// Waits until every file of the folder is on the disk. Both contestants end with it when they are to.
bool sync_all(const std::string& folder) {
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const int file = open(entry.path().c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0 || fdatasync(file) < 0) return false;
    close(file);
  }
  return true;
}

enum class Timed : uint8_t { all, synced, producer };

int record(const char* parent, uint64_t events, const char* members, Timed timed) {
  const bool producer_only = timed == Timed::producer;
  constexpr uint64_t kBurst = 64;
  Rig rig(parent, members);
  host::LinkOptions options;
  options.capacity_bytes = 4 << 20;
  Doorbell bell;
  options.ring_peer = [&bell] { bell.ring(); };
  Producer producer(*rig.host, host::Link::create(options));
  const uint64_t start = monotonic_ns();
  uint64_t working = 0;
  for (uint64_t done = 0; done < events;) {
    if (producer_only) {
      // A burst meets an empty ring, so nothing of it is waiting.
      while (producer.ring_used() > 0) usleep(20);
    }
    const uint64_t from = monotonic_ns();
    const uint64_t now = wall_ns();
    const uint64_t burst = std::min<uint64_t>(producer_only ? 4096 : kBurst, events - done);
    for (uint64_t i = 0; i < burst;) {
      if (producer.publish(now)) {
        i++;
        if (i % kBurst == 0) producer.flush();
        continue;
      }
      producer.flush();
      const uint32_t seen = bell.seen();
      producer.out.announce_waiting();
      if (producer.publish(now)) {
        producer.out.withdraw_waiting();
        i++;
      } else {
        bell.wait(seen, 1'000'000);
      }
    }
    producer.flush();
    working += monotonic_ns() - from;
    done += burst;
  }
  while (producer.ring_used() > 0) usleep(50);
  rig.host->stop();
  rig.host->join();
  if (timed == Timed::synced && !sync_all(rig.folder)) return 1;
  const uint64_t ns = monotonic_ns() - start;
  const uint64_t bytes = rig.bytes();
  if (bytes < events * kFileBytes * 9 / 10 && std::strstr(members, "zstd") == nullptr) {
    std::fprintf(stderr, "%llu bytes are not enough\n", static_cast<unsigned long long>(bytes));
    return 1;
  }
  std::printf("{\"ns\":%llu,\"bytes\":%llu}\n", static_cast<unsigned long long>(producer_only ? working : ns),
              static_cast<unsigned long long>(bytes));
  return 0;
}

int bare(const char* parent, uint64_t events, Timed timed) {
  constexpr size_t kPiece = 128 << 10;
  constexpr uint64_t kFile = 256 << 20;
  std::string folder = std::string(parent) + "/busbar-bare-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) return 1;
  std::vector<char> piece(kPiece, 'x');
  const uint64_t bytes = events * kFileBytes;
  const uint64_t start = monotonic_ns();
  int file = -1;
  uint64_t in_file = kFile, number = 0;
  for (uint64_t done = 0; done < bytes; done += kPiece, in_file += kPiece) {
    if (in_file >= kFile) {
      if (file >= 0) close(file);
      file = open((folder + "/" + std::to_string(number++)).c_str(), O_WRONLY | O_CREAT | O_EXCL, 0644);
      in_file = 0;
    }
    if (write(file, piece.data(), kPiece) != static_cast<ssize_t>(kPiece)) return 1;
  }
  close(file);
  if (timed == Timed::synced && !sync_all(folder)) return 1;
  const uint64_t ns = monotonic_ns() - start;
  std::filesystem::remove_all(folder);
  std::printf("{\"ns\":%llu,\"bytes\":%llu}\n", static_cast<unsigned long long>(ns), static_cast<unsigned long long>(bytes));
  return 0;
}

int crc(uint64_t mib) {
  const std::vector<uint8_t> data(128 << 10, 0x5A);
  const uint64_t rounds = mib * 8;
  uint32_t folded = 0, tables = 0;
  const uint64_t start = monotonic_ns();
  for (uint64_t i = 0; i < rounds; i++) folded = busbar::blackbox::crc32(folded, data.data(), data.size());
  const uint64_t between = monotonic_ns();
  for (uint64_t i = 0; i < rounds; i++) tables = busbar::blackbox::crc32_tables(tables, data.data(), data.size());
  const uint64_t end = monotonic_ns();
  std::printf("{\"ns\":%llu,\"tables_ns\":%llu}\n", static_cast<unsigned long long>(between - start),
              static_cast<unsigned long long>(end - between));
  return folded == tables ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
  // Whoever started it and is gone reads nothing; its folders go with it.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const std::string mode = count > 1 ? arguments[1] : "";
  const uint64_t number = count > 2 ? std::strtoull(arguments[count > 3 ? 3 : 2], nullptr, 10) : 0;
  const char* const members = count > 4 ? arguments[4] : "";
  if (mode == "--ring" && count >= 4) return record(arguments[2], number, members, Timed::all);
  if (mode == "--ring-synced" && count >= 4) return record(arguments[2], number, members, Timed::synced);
  if (mode == "--producer" && count == 4) return record(arguments[2], number, "", Timed::producer);
  if (mode == "--bare" && count == 4) return bare(arguments[2], number, Timed::all);
  if (mode == "--bare-synced" && count == 4) return bare(arguments[2], number, Timed::synced);
  if (mode == "--crc" && count == 3) return crc(number);
  std::fprintf(stderr, "see the head of blackbox_bench.cc\n");
  return 2;
}
