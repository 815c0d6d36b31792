// Small programs for tests, and what became of them.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace maitred {

// Writes a shell script that can be run.
inline std::filesystem::path write_script(const std::filesystem::path& file,
                                          const std::string& body) {
  std::ofstream(file) << "#!/bin/sh\n" << body << '\n';
  EXPECT_EQ(::chmod(file.c_str(), 0700), 0);
  return file;
}

inline std::vector<std::string> lines_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// True if this process has no child left, dead or alive.
inline bool no_child_is_left() { return ::waitpid(-1, nullptr, WNOHANG) < 0 && errno == ECHILD; }

}  // namespace maitred
