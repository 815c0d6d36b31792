// Confines a process that decodes what strangers send, before it reads the first byte of it.
// Nothing here can be undone by the process.
#pragma once

#include <filesystem>
#include <vector>

#include "maitred/base/result.h"

namespace maitred {

// The files that stay within reach: each path is a file or a folder with all below it. Nothing may
// be written, made, removed or started.
struct FileAccess {
  std::vector<std::filesystem::path> readable;
  // Device nodes and their folders: they may be written to.
  std::vector<std::filesystem::path> devices;
};

// Lets this thread, and those that it starts, reach these files only (Landlock). Call it before any
// other thread runs. Paths that are not there are left out. A process of this user outside cannot
// be signalled any more, where the kernel can forbid it. Error: confinement_unavailable
// (kEnvironment) where the kernel has no Landlock.
Status confine_files(const FileAccess& access);

// The folders of shared libraries and the files that they read, and what the C library wants to
// know of this machine. No secret lies there.
std::vector<std::filesystem::path> system_files();

enum class Calls {
  kComputeOnly,  // reads and writes what is open, computes, ends: no file, socket, program, signal
  kCamera,  // besides: opens files and connects, for drivers and reconnects; local sockets only
  kNetworkCamera  // besides: connects to other machines
};

// Limits the system calls of all threads of this process (seccomp). A call that is not allowed
// fails with EPERM, so that a library can do without it. Error: confinement_unavailable.
Status confine_calls(Calls calls);

// Gives up root for the user maitred-eye, or nobody. Does nothing for any other user. Error:
// confinement_failed (kEnvironment).
Status leave_root();

// Closes every descriptor but the three standard ones.
void close_inherited_files();

}  // namespace maitred
