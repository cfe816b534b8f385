#include "core/telemetry/desk.h"

#include <unistd.h>

#include "core/rendezvous/rendezvous.h"
#include "core/telemetry/messages.h"

namespace busbar::telemetry {

using rendezvous::Status;

std::unique_ptr<Desk> Desk::open(const std::string& path, std::shared_ptr<Board> board, std::string process,
                                 bool& in_use, std::string& error) {
  std::unique_ptr<Desk> made(new Desk);
  const Status status = rendezvous::listen_at(path, made->listener_, error);
  in_use = status == Status::kInUse;
  if (status != Status::kOk) return nullptr;
  made->path_ = path;
  made->process_ = std::move(process);
  made->board_ = std::move(board);
  return made;
}

Desk::~Desk() {
  if (!path_.empty()) unlink(path_.c_str());
}

int Desk::accept(std::string& refused) {
  rendezvous::Peer peer;
  if (rendezvous::accept_from(listener_.get(), peer, refused) != Status::kOk) return -1;
  if (readers_.size() >= kReadersMax) {
    refused = std::to_string(kReadersMax) + " readers are here already";
    return -1;
  }
  const int connection = peer.socket.get();
  readers_.emplace(connection, std::move(peer.socket));
  return connection;
}

bool Desk::serve(int connection) {
  if (!readers_.contains(connection)) return false;
  rendezvous::Packet packet;
  std::string error;
  const Status status = rendezvous::receive_packet(connection, packet, error);
  if (status == Status::kAgain) return true;
  bool hang_up = status != Status::kOk;
  if (!hang_up) {
    Answer answer = answer_question(packet.bytes.data(), packet.bytes.size(), board_->entries(), hang_up);
    answer.pid = static_cast<uint32_t>(getpid());
    answer.slot_bytes = kSlotBytes;
    answer.process = process_;
    const std::vector<uint8_t> bytes = encode_answer(answer);
    const int memory = board_->fd();
    // A reader whose socket is full has asked often and read nothing: it goes.
    const Status sent = rendezvous::send_packet(connection, bytes.data(), static_cast<uint32_t>(bytes.size()), &memory,
                                                answer.code == 0 ? 1 : 0, error);
    hang_up |= sent != Status::kOk;
  }
  return !hang_up;
}

}  // namespace busbar::telemetry
