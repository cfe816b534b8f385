// What every thread of ours does first.
#pragma once

#include <csignal>
#include <string>
#if defined(__linux__)
#include <pthread.h>
#endif

namespace busbar::host {

/// Names the thread (15 characters at most are shown) and leaves signals to the threads that were there before: their
/// handlers belong to the program that loaded us.
inline void set_up_thread(const std::string& name) {
#if defined(__linux__)
  pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
  sigset_t signals;
  sigfillset(&signals);
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP}) sigdelset(&signals, fault);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
#else
  (void)name;
#endif
}

}  // namespace busbar::host
