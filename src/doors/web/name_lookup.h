// Looks up the addresses of a host in a thread that nobody waits for at the end. Internal to
// doors/web.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace maitred::web {

using Endpoints = std::vector<boost::asio::ip::tcp::endpoint>;

// Answers on the io_context's thread, and never after its destruction. Bound to that thread.
class NameLookup {
 public:
  explicit NameLookup(boost::asio::io_context& io) : mailbox_(std::make_shared<Mailbox>()) {
    mailbox_->io = &io;
  }
  ~NameLookup() {
    const std::lock_guard lock(mailbox_->mutex);
    mailbox_->io = nullptr;
  }
  NameLookup(const NameLookup&) = delete;
  NameLookup& operator=(const NameLookup&) = delete;

  // Calls `then` with the addresses, which are empty if the lookup fails.
  void find(const std::string& host, const std::string& port, std::function<void(Endpoints)> then);

 private:
  struct Mailbox {
    std::mutex mutex;
    boost::asio::io_context* io = nullptr;  // guarded by mutex; null: nobody listens any more
  };
  const std::shared_ptr<Mailbox> mailbox_;
};

}  // namespace maitred::web
