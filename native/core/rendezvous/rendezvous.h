// Where two processes of one user meet: a SOCK_SEQPACKET socket in the runtime folder. One packet is one handshake
// message; descriptors travel beside it (SCM_RIGHTS). After the handshake the socket only tells of the other's death:
// it closes with the process, whatever ended it. Nothing here blocks.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/rendezvous/descriptor.h"

namespace busbar::rendezvous {

/// Largest packet: a handshake message.
inline constexpr uint32_t kPacketBytesMax = 64 * 1024;
/// Header and data of two rings, and a doorbell.
inline constexpr uint32_t kDescriptorsMax = 5;
inline constexpr uint32_t kPathBytesMax = 107;

enum class Status {
  kOk,
  kAgain,    // nothing there yet, or no room
  kClosed,   // the other side is gone
  kRefused,  // nobody listens, or another user's process
  kInUse,    // somebody listens there already
  kFailed,   // see the text
};

struct Peer {
  Descriptor socket;
  pid_t pid = 0;
  uid_t uid = 0;
};

struct Packet {
  std::vector<uint8_t> bytes;
  std::vector<Descriptor> descriptors;
};

/// Binds mode 0600. A socket file whose process is gone is replaced. @returns kOk, kInUse, kFailed
Status listen_at(const std::string& path, Descriptor& listener, std::string& error);
/// The next connection; the kernel says who it is. Another user's is closed at once (kRefused).
Status accept_from(int listener, Peer& peer, std::string& error);
/// @returns kOk, kRefused when nobody is there (yet), kFailed
Status connect_to(const std::string& path, Peer& peer, std::string& error);

/// Sends one packet whole. The descriptors stay the caller's.
Status send_packet(int socket, const uint8_t* bytes, uint32_t length, const int* descriptors, uint32_t count,
                   std::string& error);
/// The next packet, with what came beside it. A packet that was cut off is kFailed.
Status receive_packet(int socket, Packet& packet, std::string& error);

}  // namespace busbar::rendezvous
