#include "core/rendezvous/rendezvous.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace busbar::rendezvous {
namespace {

constexpr int kBacklog = 64;

Status failed(const char* what, std::string& error) {
  error = std::string(what) + ": " + std::strerror(errno);
  return Status::kFailed;
}

Descriptor open_socket() { return Descriptor(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)); }

bool address_of(const std::string& path, sockaddr_un& address, std::string& error) {
  if (path.empty() || path.size() > kPathBytesMax) {
    error = "a socket path of " + std::to_string(path.size()) + " bytes, 107 are allowed";
    return false;
  }
  address = {};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return true;
}

bool bind_private(int fd, const sockaddr_un& address) {
  const mode_t before = umask(0177);
  const int result = bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int reason = errno;
  umask(before);
  errno = reason;
  return result == 0;
}

/// The kernel's word on who connected.
bool identify(Peer& peer) {
  ucred about = {};
  socklen_t length = sizeof about;
  if (getsockopt(peer.socket.get(), SOL_SOCKET, SO_PEERCRED, &about, &length) != 0) return false;
  peer.pid = about.pid;
  peer.uid = about.uid;
  return true;
}

}  // namespace

Status listen_at(const std::string& path, Descriptor& listener, std::string& error) {
  sockaddr_un address;
  if (!address_of(path, address, error)) return Status::kFailed;
  Descriptor fd = open_socket();
  if (!fd) return failed("socket", error);
  if (!bind_private(fd.get(), address)) {
    if (errno != EADDRINUSE) return failed("bind", error);
    Peer probe;
    std::string ignored;
    if (connect_to(path, probe, ignored) != Status::kRefused) {
      error = "a process listens there";
      return Status::kInUse;
    }
    // Nobody answers: the file of a process that is gone.
    if (unlink(path.c_str()) != 0 && errno != ENOENT) return failed("removing the stale socket", error);
    if (!bind_private(fd.get(), address)) return failed("bind", error);
  }
  if (listen(fd.get(), kBacklog) != 0) return failed("listen", error);
  listener = std::move(fd);
  return Status::kOk;
}

Status accept_from(int listener, Peer& peer, std::string& error) {
  peer.socket = Descriptor(accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!peer.socket) {
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR || errno == ECONNABORTED) return Status::kAgain;
    return failed("accept", error);
  }
  if (!identify(peer)) return failed("SO_PEERCRED", error);
  if (peer.uid == geteuid()) return Status::kOk;
  error = "a process of user " + std::to_string(peer.uid);
  peer.socket.reset();
  return Status::kRefused;
}

Status connect_to(const std::string& path, Peer& peer, std::string& error) {
  sockaddr_un address;
  if (!address_of(path, address, error)) return Status::kFailed;
  peer.socket = open_socket();
  if (!peer.socket) return failed("socket", error);
  if (connect(peer.socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    // EAGAIN: the backlog is full; the caller tries again as if nobody were there yet.
    if (errno == ECONNREFUSED || errno == ENOENT || errno == EAGAIN) {
      failed("connect", error);
      return Status::kRefused;
    }
    return failed("connect", error);
  }
  if (!identify(peer)) return failed("SO_PEERCRED", error);
  if (peer.uid == geteuid()) return Status::kOk;
  error = "the listener belongs to user " + std::to_string(peer.uid);
  return Status::kFailed;
}

Status send_packet(int socket, const uint8_t* bytes, uint32_t length, const int* descriptors, uint32_t count,
                   std::string& error) {
  if (length > kPacketBytesMax || count > kDescriptorsMax) {
    error = "a packet of " + std::to_string(length) + " bytes with " + std::to_string(count) + " descriptors";
    return Status::kFailed;
  }
  iovec piece = {const_cast<uint8_t*>(bytes), length};
  msghdr message = {};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kDescriptorsMax)] = {};
  if (count > 0) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
    cmsghdr* rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int) * count);
    std::memcpy(CMSG_DATA(rights), descriptors, sizeof(int) * count);
  }
  const ssize_t sent = sendmsg(socket, &message, MSG_NOSIGNAL);
  if (sent == static_cast<ssize_t>(length)) return Status::kOk;
  if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return Status::kAgain;
  if (sent < 0 && (errno == EPIPE || errno == ECONNRESET)) return Status::kClosed;
  return failed("sendmsg", error);
}

Status receive_packet(int socket, Packet& packet, std::string& error) {
  packet.bytes.resize(kPacketBytesMax);
  packet.descriptors.clear();
  iovec piece = {packet.bytes.data(), packet.bytes.size()};
  msghdr message = {};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kDescriptorsMax)];
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  if (got < 0) {
    packet.bytes.clear();
    if (errno == EAGAIN || errno == EINTR) return Status::kAgain;
    if (errno == ECONNRESET) return Status::kClosed;
    return failed("recvmsg", error);
  }
  // Whatever came is ours now and must be owned before anything else is looked at.
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; i++) {
      int fd;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof fd);
      packet.descriptors.emplace_back(fd);
    }
  }
  packet.bytes.resize(static_cast<size_t>(got));
  // The control buffer is padded, so that one more than was asked for may fit.
  if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 || packet.descriptors.size() > kDescriptorsMax) {
    error = "a packet that is larger than a handshake message, or with more descriptors than a link has";
    return Status::kFailed;
  }
  if (got == 0 && packet.descriptors.empty()) return Status::kClosed;
  return Status::kOk;
}

}  // namespace busbar::rendezvous
