// Carries staff lines other than over TCP, as over a WebSocket of the board.
#pragma once

#include <cstddef>
#include <functional>

namespace maitred {

// Bytes of the staff protocol, both ways. Each line ends with "\n". At most one read and one write
// at a time. `done` is called once, never within the call: with the bytes moved, or with false at
// the end of the connection. Bound to the io_context's thread.
class StaffPipe {
 public:
  using Done = std::function<void(bool ok, std::size_t bytes)>;

  virtual ~StaffPipe() = default;
  virtual void read_some(char* into, std::size_t size_bytes, Done done) = 0;
  // `from` holds whole lines and stays until `done`.
  virtual void write_some(const char* from, std::size_t size_bytes, Done done) = 0;
  // The client sees the end of the stream after what was written.
  virtual void shut_down_sending() = 0;
  virtual void close() = 0;
};

}  // namespace maitred
