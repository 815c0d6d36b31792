// Streams that carry staff lines: a terminal's own socket, or a pipe of the board. Internal to
// doors/staff.
#pragma once

#include <memory>

#include "maitred/base/net/stream.h"
#include "maitred/doors/staff/staff_pipe.h"

namespace maitred::staff {

// Makes a StaffPipe look like a Stream. `executor` is that of the server.
std::unique_ptr<Stream> pipe_stream(boost::asio::any_io_executor executor,
                                    std::unique_ptr<StaffPipe> pipe);

// Sets no delay, keep-alive, and a kernel buffer so small that it hides no client that does not
// read.
void prepare_socket(boost::asio::ip::tcp::socket& socket);

}  // namespace maitred::staff
