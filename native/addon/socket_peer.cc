#include "addon/socket_peer.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "addon/arguments.h"

namespace busbar::addon {
namespace {

using rendezvous::SharedRing;
using rendezvous::Status;

constexpr int kPacketsPerTurn = 16;

/// Only an eventfd that does not block: a full pipe would hold whoever rings.
bool is_doorbell(int fd) {
  char name[64] = {};
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  if (readlink(link.c_str(), name, sizeof name - 1) < 0) return false;
  const int flags = fcntl(fd, F_GETFL);
  return std::strcmp(name, "anon_inode:[eventfd]") == 0 && flags >= 0 && (flags & O_NONBLOCK) != 0;
}

/// Reads without waiting even when the other side, which shares the descriptor's flags, has made it blocking.
bool take_rings_of(int bell) {
  uint64_t rings;
  iovec piece = {&rings, sizeof rings};
  const ssize_t got = preadv2(bell, &piece, 1, -1, RWF_NOWAIT);
  if (got < 0 && errno == EOPNOTSUPP) return read(bell, &rings, sizeof rings) == sizeof rings;
  return got == sizeof rings;
}

}  // namespace

void SocketPeer::watch(Napi::Env env, Napi::Function on_packet) {
  const auto callback = std::make_shared<Callback>(env, on_packet);
  // Weak: the handle in JavaScript decides how long the peer lives.
  socket_poll_ = LoopPoll::open(env, state_, peer_.socket.get(), [weak = weak_self(), callback, env] {
    if (const auto self = weak.lock()) self->readable(env, *callback);
  });
  if (socket_poll_ == nullptr) refuse_ring(env, "the event loop takes no more handles");
}

void SocketPeer::readable(Napi::Env env, Callback& callback) {
  // A few at a time: the poll is a level, and a peer may send without end.
  for (int left = kPacketsPerTurn; left > 0 && !closed_; left--) {
    rendezvous::Packet packet;
    std::string error;
    const Status status = rendezvous::receive_packet(peer_.socket.get(), packet, error);
    if (status == Status::kAgain) return;
    if (status != Status::kOk) {
      // The descriptor stays readable for ever: look no more.
      socket_poll_->close();
      callback.call({env.Undefined(), Napi::String::New(env, error)});
      return;
    }
    // Rings come once. Whatever else comes beside a packet is closed here.
    if (received_.empty() && theirs_[0] == nullptr) received_ = std::move(packet.descriptors);
    callback.call({Napi::Buffer<uint8_t>::Copy(env, packet.bytes.data(), packet.bytes.size())});
  }
}

Napi::Value SocketPeer::make_rings(Napi::Env env, uint32_t data_capacity, uint32_t control_capacity) {
  std::string error;
  own_bell_ = Descriptor(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  own_[0] = SharedRing::create(data_capacity, error);
  own_[1] = own_[0] == nullptr ? nullptr : SharedRing::create(control_capacity, error);
  if (own_[1] == nullptr || !own_bell_) {
    refuse_ring(env, error.empty() ? "eventfd failed" : error);
    return env.Undefined();
  }
  return buffers(env, own_);
}

Napi::Value SocketPeer::send(Napi::Env env, const uint8_t* bytes, uint32_t length, bool with_rings) {
  std::string error;
  int descriptors[rendezvous::kDescriptorsMax];
  uint32_t count = 0;
  if (with_rings && own_[1] != nullptr) {
    for (const auto& ring : own_) {
      descriptors[count++] = ring->header_fd();
      descriptors[count++] = ring->data_fd();
    }
    descriptors[count++] = own_bell_.get();
  }
  const Status status = rendezvous::send_packet(peer_.socket.get(), bytes, length, descriptors, count, error);
  if (status == Status::kOk) {
    if (count > 0) {
      for (const auto& ring : own_) ring->release_descriptors();
    }
  } else {
    refuse_ring(env, status == Status::kClosed ? "the other side is gone"
                     : error.empty()           ? "the socket is full"
                                               : error);
  }
  return env.Undefined();
}

Napi::Value SocketPeer::take_rings(Napi::Env env) {
  std::string error;
  if (received_.size() != rendezvous::kDescriptorsMax) {
    refuse_ring(env, "the other side sent " + std::to_string(received_.size()) + " descriptors, a link has 5");
    return env.Undefined();
  }
  std::vector<Descriptor> received = std::move(received_);
  received_.clear();
  for (size_t lane = 0; lane < 2; lane++) {
    theirs_[lane] = SharedRing::open(std::move(received[lane * 2]), std::move(received[lane * 2 + 1]), error);
    if (theirs_[lane] == nullptr) {
      refuse_ring(env, error);
      return env.Undefined();
    }
    theirs_[lane]->release_descriptors();
  }
  if (!is_doorbell(received[4].get())) {
    refuse_ring(env, "the other side sent a doorbell that is no eventfd, or one that blocks");
    return env.Undefined();
  }
  their_bell_ = std::move(received[4]);
  return buffers(env, theirs_);
}

void SocketPeer::watch_bell(Napi::Env env, Napi::Function on_bell) {
  const auto callback = std::make_shared<Callback>(env, on_bell);
  bell_poll_ = LoopPoll::open(env, state_, own_bell_.get(), [weak = weak_self(), callback] {
    const auto self = weak.lock();
    if (self == nullptr || self->closed_) return;
    // A level that coalesces: reading it takes all rings so far.
    if (take_rings_of(self->own_bell_.get())) callback->call({});
  });
  if (bell_poll_ == nullptr) return refuse_ring(env, "the event loop takes no more handles");
  watch_rings(env, callback, theirs_);
}

void SocketPeer::ring() {
  if (!their_bell_) return;
  // Asked first, because the other side shares the flags and could make a full one block.
  pollfd room = {their_bell_.get(), POLLOUT, 0};
  if (poll(&room, 1, 0) != 1 || (room.revents & POLLOUT) == 0) return;
  const uint64_t one = 1;
  // EAGAIN: it has been rung often and not been looked at; it is ringing.
  [[maybe_unused]] const ssize_t result = write(their_bell_.get(), &one, sizeof one);
}

void SocketPeer::ref(bool active) {
  if (bell_poll_ != nullptr) bell_poll_->ref(active);
}

void SocketPeer::drop_rings() {
  for (auto* side : {&own_, &theirs_}) side->fill(nullptr);
}

void SocketPeer::close() {
  if (closed_) return;
  closed_ = true;
  unwatch_rings();
  if (socket_poll_ != nullptr) socket_poll_->close();
  if (bell_poll_ != nullptr) bell_poll_->close();
  peer_.socket.reset();
  own_bell_.reset();
  their_bell_.reset();
  received_.clear();
}

std::shared_ptr<SocketListener> SocketListener::create(Napi::Env env, std::shared_ptr<EnvState> state,
                                                       const std::string& path, Napi::Function on_peer) {
  auto made = std::make_shared<SocketListener>();
  std::string error;
  switch (rendezvous::listen_at(path, made->listener_, error)) {
    case Status::kOk:
      break;
    case Status::kInUse:
      throw_failure(env, {errors::transport_address_in_use, {{"address", path}, {"holder", ""}}});
      return nullptr;
    default:
      refuse_ring(env, path + ": " + error);
      return nullptr;
  }
  const auto callback = std::make_shared<Callback>(env, on_peer);
  const int fd = made->listener_.get();
  made->poll_ = LoopPoll::open(env, state, fd, [callback, env, state, fd] {
    rendezvous::Peer peer;
    std::string reason;
    // One at a time: the poll is a level, and a callback may close the listener.
    const Status status = rendezvous::accept_from(fd, peer, reason);
    if (status == Status::kAgain) return;
    const Napi::Env napi(env);
    if (status != Status::kOk) {
      callback->call(
          {napi.Undefined(), Napi::Number::New(napi, 0), Napi::Number::New(napi, 0), Napi::String::New(napi, reason)});
      return;
    }
    const auto pid = Napi::Number::New(napi, peer.pid);
    const auto uid = Napi::Number::New(napi, peer.uid);
    std::shared_ptr<PeerHandle> handle = std::make_shared<SocketPeer>(state, std::move(peer));
    callback->call({Arguments::wrap(napi, std::move(handle)), pid, uid});
  });
  if (made->poll_ != nullptr) return made;
  refuse_ring(env, "the event loop takes no more handles");
  return nullptr;
}

void SocketListener::close() {
  if (poll_ != nullptr) poll_->close();
  poll_ = nullptr;
  listener_.reset();
}

}  // namespace busbar::addon
