// busbar-guard: runs a program that dies with its parent.
//   busbar-guard <program> [arguments...]
// The kernel sends SIGKILL to this process when the thread that started it ends; exec keeps that setting. A parent that
// died before the setting was made would go unnoticed, so its pid is compared: with BUSBAR_PARENT_PID where the parent
// set it (certain), else with the parent seen first (leaves the time before main).
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#if defined(__linux__)
#include <sys/prctl.h>
#endif
#include <unistd.h>

int main(int count, char** arguments) {
  pid_t parent = getppid();
  if (count < 2) {
    std::fprintf(stderr, "usage: busbar-guard <program> [arguments...]\n");
    return 2;
  }
  if (const char* named = std::getenv("BUSBAR_PARENT_PID"); named != nullptr) {
    char* end = nullptr;
    const long value = std::strtol(named, &end, 10);
    if (*named == '\0' || *end != '\0' || value <= 0) {
      std::fprintf(stderr, "busbar-guard: BUSBAR_PARENT_PID is '%s', which is not a process id\n", named);
      return 2;
    }
    parent = static_cast<pid_t>(value);
    unsetenv("BUSBAR_PARENT_PID");  // it is about this process; one that the program starts has another parent
  }
#if defined(__linux__)
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) {
    std::fprintf(stderr, "busbar-guard: prctl: %s\n", std::strerror(errno));
    return 125;
  }
#endif
  if (getppid() != parent) {
    std::fprintf(stderr, "busbar-guard: process %ld, which should be the parent, is gone\n", static_cast<long>(parent));
    return 125;
  }
  execvp(arguments[1], arguments + 1);
  const int error = errno;
  std::fprintf(stderr, "busbar-guard: %s: %s\n", arguments[1], std::strerror(error));
  return error == ENOENT ? 127 : 126;
}
