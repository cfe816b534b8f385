#include "core/rendezvous/thread_door.h"

#include <map>
#include <utility>

namespace busbar::rendezvous {
namespace {

/// All doors of this process. Held by no thread for longer than a look-up; doors take themselves out when they close.
struct Doors {
  std::mutex mutex;
  std::map<std::string, ThreadDoor*> by_name;  // by mutex
};

/// Never destroyed: a worker thread may end after the main thread has begun to.
Doors& doors() {
  static Doors& all = *new Doors;
  return all;
}

}  // namespace

void ThreadEnd::listen(ThreadCall mail, ThreadCall bell) {
  const std::lock_guard lock(link_->mutex);
  Side& side = own();
  if (!side.open) return;
  side.on_mail = std::move(mail);
  side.on_bell = std::move(bell);
  if (!side.mail.empty() || !other().open) side.on_mail();
  if (std::exchange(side.rung, false)) side.on_bell();
}

Status ThreadEnd::send(ThreadPacket packet) {
  if (packet.bytes.size() > kPacketBytesMax) return Status::kFailed;
  const std::lock_guard lock(link_->mutex);
  Side& to = other();
  if (!to.open || !own().open) return Status::kClosed;
  if (to.mail.size() >= kPacketsMax) return Status::kAgain;
  to.mail.push_back(std::move(packet));
  if (to.on_mail) to.on_mail();
  return Status::kOk;
}

Status ThreadEnd::receive(ThreadPacket& packet) {
  const std::lock_guard lock(link_->mutex);
  Side& side = own();
  if (!side.open) return Status::kClosed;
  if (side.mail.empty()) return other().open ? Status::kAgain : Status::kClosed;
  packet = std::move(side.mail.front());
  side.mail.pop_front();
  return Status::kOk;
}

void ThreadEnd::ring() {
  const std::lock_guard lock(link_->mutex);
  Side& to = other();
  if (!to.open) return;
  if (to.on_bell)
    to.on_bell();
  else
    to.rung = true;
}

void ThreadEnd::close() {
  std::deque<ThreadPacket> unread;  // their rings go outside the lock
  const std::lock_guard lock(link_->mutex);
  Side& side = own();
  if (!side.open) return;
  side.open = false;
  side.on_mail = nullptr;
  side.on_bell = nullptr;
  std::swap(unread, side.mail);
  if (other().open && other().on_mail) other().on_mail();
}

Status ThreadDoor::open(const std::string& name, ThreadCall knock, std::shared_ptr<ThreadDoor>& door) {
  std::shared_ptr<ThreadDoor> made(new ThreadDoor(name, std::move(knock)));
  const std::lock_guard lock(doors().mutex);
  if (!doors().by_name.emplace(name, made.get()).second) {
    made->open_ = false;
    return Status::kInUse;
  }
  door = std::move(made);
  return Status::kOk;
}

Status ThreadDoor::connect(const std::string& name, std::shared_ptr<ThreadEnd>& end) {
  const std::lock_guard lock(doors().mutex);
  const auto found = doors().by_name.find(name);
  if (found == doors().by_name.end()) return Status::kRefused;
  ThreadDoor& door = *found->second;
  if (door.waiting_.size() >= kKnocksMax) return Status::kAgain;
  auto link = std::make_shared<ThreadEnd::Link>();
  end.reset(new ThreadEnd(link, 0));
  door.waiting_.emplace_back(new ThreadEnd(std::move(link), 1));
  door.knock_();
  return Status::kOk;
}

std::shared_ptr<ThreadEnd> ThreadDoor::accept() {
  const std::lock_guard lock(doors().mutex);
  if (waiting_.empty()) return nullptr;
  auto end = std::move(waiting_.front());
  waiting_.pop_front();
  return end;
}

void ThreadDoor::close() {
  std::deque<std::shared_ptr<ThreadEnd>> unmet;  // closed outside the lock
  const std::lock_guard lock(doors().mutex);
  if (!open_) return;
  open_ = false;
  doors().by_name.erase(name_);
  std::swap(unmet, waiting_);
}

}  // namespace busbar::rendezvous
