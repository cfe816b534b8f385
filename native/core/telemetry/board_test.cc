// Method: a desk on a thread and readers beside it, through a real socket; then descriptors and packets that no honest
// process sends.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "core/telemetry/board_client.h"
#include "core/telemetry/testing/desk_loop.h"

namespace busbar::telemetry {
namespace {

// As schema/bus/errors.toml has them.
constexpr uint16_t kUnknownService = 985, kMalformed = 986, kUnreachable = 402;

class TelemetryBoard : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/busbar-tele-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder = name;
    path = folder + "/core.tele";
    board = Board::create(error);
    ASSERT_NE(board, nullptr) << error;
  }
  void TearDown() override {
    loop.reset();
    unlink(path.c_str());
    EXPECT_EQ(rmdir(folder.c_str()), 0);
  }
  void serve() {
    bool in_use = false;
    auto desk = Desk::open(path, board, "core", in_use, error);
    ASSERT_NE(desk, nullptr) << error;
    loop = std::make_unique<DeskLoop>(std::move(desk));
  }
  bool find(std::string_view service, Found& found) { return find_records(path, service, 5000, found, code, error); }

  std::string folder, path, error;
  uint16_t code = 0;
  std::shared_ptr<Board> board;
  std::unique_ptr<DeskLoop> loop;
};

TEST_F(TelemetryBoard, AReaderGetsTheListAndSeesValuesAsTheyArePublished) {
  Writer combat(board->take("combat"));
  board->take("cards");
  serve();
  Found found;
  ASSERT_TRUE(find("", found)) << error;
  EXPECT_EQ(found.answer.process, "core");
  EXPECT_EQ(found.answer.pid, static_cast<uint32_t>(getpid()));
  ASSERT_EQ(found.answer.entries.size(), 2u);
  EXPECT_EQ(found.answer.entries[1].service, "cards");
  RecordReader reader(found.board->record(0), found.board->slot_bytes(), found.board.get());
  alignas(8) uint8_t copy[kRecordBytes];
  ASSERT_EQ(reader.read(copy), Look::kOk);
  std::thread writer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    combat.set(kUnits, 12u);
    combat.publish();
  });
  EXPECT_EQ(wait_for_update(reader, *found.board, copy, sequence_of(copy), 20'000), Look::kOk);
  writer.join();
  EXPECT_EQ(value_of(copy, kUnits), 12u);
  EXPECT_EQ(wait_for_update(reader, *found.board, copy, sequence_of(copy), 3), Look::kStale);
  EXPECT_EQ(found.board->record(kSlotsMax), nullptr);
  ASSERT_TRUE(find("cards", found)) << error;
  ASSERT_EQ(found.answer.entries.size(), 1u);
  EXPECT_EQ(found.answer.entries[0].slot, 1u);
}

TEST_F(TelemetryBoard, TheDescriptorGivesNoWritableMappingAndItsSizeIsFixed) {
  board->take("combat");
  const int fd = board->fd();
  EXPECT_EQ(mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
  const uint64_t word = 1;
  EXPECT_LT(pwrite(fd, &word, sizeof word, 0), 0);
  EXPECT_NE(ftruncate(fd, 0), 0);
  const std::string again = "/proc/self/fd/" + std::to_string(fd);
  const Descriptor reopened(open(again.c_str(), O_RDWR | O_CLOEXEC));
  EXPECT_EQ(mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, reopened.get(), 0), MAP_FAILED);
}

TEST_F(TelemetryBoard, ValuesOutliveTheirWriterAndItsEndIsSeen) {
  Writer combat(board->take("combat"));
  combat.set(kUnits, 3u);
  combat.publish();
  serve();
  Found found;
  ASSERT_TRUE(find("combat", found)) << error;
  EXPECT_FALSE(found.board->gone());
  loop.reset();
  board.reset();
  EXPECT_TRUE(found.board->gone());
  RecordReader reader(found.board->record(0), found.board->slot_bytes(), found.board.get());
  alignas(8) uint8_t copy[kRecordBytes];
  ASSERT_EQ(reader.read(copy), Look::kOk);
  EXPECT_EQ(value_of(copy, kUnits), 3u);
  EXPECT_EQ(wait_for_update(reader, *found.board, copy, sequence_of(copy), 20'000), Look::kWriterDead);
}

TEST_F(TelemetryBoard, SlotsAreNeverUsedTwiceAndRunOut) {
  for (uint32_t i = 0; i < kSlotsMax; i++) ASSERT_NE(board->take("combat"), nullptr);
  EXPECT_EQ(board->take("combat"), nullptr);
  EXPECT_EQ(board->entries().size(), size_t{kSlotsMax});
  std::string other_error;
  const auto other = Board::create(other_error);
  EXPECT_EQ(other->take(""), nullptr);
  EXPECT_EQ(other->take(std::string(kNameBytesMax + 1, 'x')), nullptr);
  EXPECT_NE(other->take(std::string(kNameBytesMax, 'x')), nullptr);
}

TEST_F(TelemetryBoard, WrongQuestionsAreAnsweredByName) {
  board->take("combat");
  serve();
  Found found;
  EXPECT_FALSE(find("kombat", found));
  EXPECT_EQ(code, kUnknownService);
  EXPECT_EQ(error, "no record of 'kombat' here (there are: combat)");
  const auto ask = [&](std::vector<uint8_t> bytes) {
    rendezvous::Peer peer;
    EXPECT_EQ(rendezvous::connect_to(path, peer, error), rendezvous::Status::kOk);
    const int socket = peer.socket.get();
    rendezvous::send_packet(socket, bytes.data(), static_cast<uint32_t>(bytes.size()), nullptr, 0, error);
    pollfd state = {socket, POLLIN, 0};
    EXPECT_EQ(poll(&state, 1, 20'000), 1);
    rendezvous::Packet packet;
    Answer answer;
    EXPECT_EQ(rendezvous::receive_packet(socket, packet, error), rendezvous::Status::kOk) << error;
    EXPECT_TRUE(packet.descriptors.empty());
    EXPECT_TRUE(decode_answer(packet.bytes.data(), packet.bytes.size(), answer, error)) << error;
    EXPECT_EQ(answer.code, kMalformed);
    EXPECT_EQ(poll(&state, 1, 20'000), 1);
    EXPECT_EQ(rendezvous::receive_packet(socket, packet, error), rendezvous::Status::kClosed);
    return answer.text;
  };
  std::vector<uint8_t> question = encode_question("combat");
  question[4] = 9;
  EXPECT_EQ(ask(question), "it has version 9, this side speaks 1");
  question = encode_question("combat");
  question.pop_back();
  EXPECT_EQ(ask(question), "a name of 6 bytes, 5 came");
  EXPECT_EQ(ask({1, 2, 3}), "3 bytes are no question");
  EXPECT_EQ(ask(std::vector<uint8_t>(60'000, 'x')), "it does not begin as a question does");
  EXPECT_TRUE(find("combat", found)) << error;
}

TEST_F(TelemetryBoard, TooManyReadersAreSentAwayAndThoseThatLeaveMakeRoom) {
  board->take("combat");
  serve();
  std::vector<Found> readers(kReadersMax);
  for (Found& reader : readers) ASSERT_TRUE(find("", reader)) << error;
  Found one_more;
  EXPECT_FALSE(find("", one_more));
  EXPECT_EQ(code, kUnreachable) << error;
  readers.pop_back();
  bool found = false;
  for (int tries = 0; tries < 2000 && !found; tries++) found = find("", one_more);
  EXPECT_TRUE(found) << error;
}

TEST_F(TelemetryBoard, ASocketIsTakenOverFromTheDeadAndNotFromTheLiving) {
  serve();
  bool in_use = false;
  EXPECT_EQ(Desk::open(path, board, "other", in_use, error), nullptr);
  EXPECT_TRUE(in_use);
  loop.reset();
  {
    Descriptor left_behind;
    ASSERT_EQ(rendezvous::listen_at(path, left_behind, error), rendezvous::Status::kOk);
  }
  serve();
  Found found;
  EXPECT_TRUE(find("", found)) << error;
}

/// A memfd of that size with those seals.
Descriptor memory_of(off_t size, int seals) {
  Descriptor fd(memfd_create("hostile", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  EXPECT_EQ(ftruncate(fd.get(), size), 0);
  EXPECT_EQ(fcntl(fd.get(), F_ADD_SEALS, seals), 0);
  return fd;
}

TEST_F(TelemetryBoard, DescriptorsThatAreNoBoardAreRefusedWithTheReason) {
  constexpr int kSealed = F_SEAL_SHRINK | F_SEAL_GROW;
  const auto open_it = [&](Descriptor fd, uint32_t slot_bytes = kSlotBytes) {
    error.clear();
    return MappedBoard::open(std::move(fd), slot_bytes, Descriptor(), error) == nullptr ? error : "opened";
  };
  EXPECT_EQ(open_it(memory_of(kSlotBytes, F_SEAL_GROW)), "a descriptor that is not sealed shared memory");
  EXPECT_EQ(open_it(Descriptor(open("/dev/zero", O_RDONLY))), "a descriptor that is not sealed shared memory");
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  const Descriptor other_end(pipe_ends[1]);
  EXPECT_EQ(open_it(Descriptor(pipe_ends[0])), "a descriptor that is not sealed shared memory");
  EXPECT_EQ(open_it(Descriptor()), "a descriptor that is not sealed shared memory");
  EXPECT_EQ(open_it(memory_of(0, kSealed)), "memory of 0 bytes with slots of 256");
  EXPECT_EQ(open_it(memory_of(300, kSealed)), "memory of 300 bytes with slots of 256");
  EXPECT_EQ(open_it(memory_of(256 * 65, kSealed)), "memory of 16640 bytes with slots of 256");
  EXPECT_EQ(open_it(memory_of(4096, kSealed), 0), "memory of 4096 bytes with slots of 0");
  EXPECT_EQ(open_it(memory_of(4096, kSealed), 320), "memory of 4096 bytes with slots of 320");
  // Sound as memory, and empty: its record says so itself.
  auto mapped = MappedBoard::open(memory_of(512, kSealed), 256, Descriptor(), error);
  ASSERT_NE(mapped, nullptr) << error;
  alignas(8) uint8_t copy[kRecordBytes];
  EXPECT_EQ(RecordReader(mapped->record(1), 256, nullptr).read(copy), Look::kBadMagic);
}

TEST(TelemetryMessages, AnAnswerReadsBackAndEveryTruncationIsRefused) {
  Answer answer;
  answer.pid = 77;
  answer.slot_bytes = 256;
  answer.process = "core#1";
  answer.entries = {{"combat", 3}, {"cards", 63}};
  const std::vector<uint8_t> bytes = encode_answer(answer);
  Answer got;
  std::string error;
  ASSERT_TRUE(decode_answer(bytes.data(), bytes.size(), got, error)) << error;
  EXPECT_EQ(got.process, "core#1");
  EXPECT_EQ(got.entries[1].service, "cards");
  EXPECT_EQ(got.entries[1].slot, 63u);
  for (size_t length = 0; length < bytes.size(); length++) {
    const std::vector<uint8_t> cut(bytes.begin(), bytes.begin() + static_cast<long>(length));
    EXPECT_FALSE(decode_answer(cut.data(), cut.size(), got, error)) << length;
  }
  answer.entries[0].slot = 64;
  const auto beyond = encode_answer(answer);
  EXPECT_FALSE(decode_answer(beyond.data(), beyond.size(), got, error));
  EXPECT_EQ(error, "record 0 has slot 64 and a name of 6 bytes");
}

}  // namespace
}  // namespace busbar::telemetry
