// Does the work of the core for the board: staff lines over WebSockets, visits, feedback and
// recognition.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "maitred/doors/board/board.h"
#include "maitred/doors/eyes/photo_eye.h"
#include "maitred/doors/staff/staff_server.h"
#include "maitred/shop/desk/shop.h"

namespace boost::asio {
class io_context;
}

namespace maitred {

// Bound to the io_context's thread; everything given must outlive it.
class BoardRoom : public BoardDesk {
 public:
  struct Parts {
    boost::asio::io_context& io;
    Shop& shop;
    std::function<StaffServer*()> staff;  // null while shutting down
    PhotoEye& eye;
  };
  explicit BoardRoom(Parts parts);
  ~BoardRoom() override;

  // BoardDesk
  bool tokens_required() override;
  std::optional<std::string> terminal_of(std::string_view token) override;
  std::shared_ptr<WebSocketListener> staff_line(std::string_view token) override;
  Result<std::string> history(WallTime since) override;
  Status feedback(const std::string& visit, int rating, const std::string& comment,
                  const std::string& terminal) override;
  void recognise(FaceQuery request, std::function<void(Result<std::string>)> answer) override;
  std::string kept_sessions() override;
  void keep_sessions(std::string_view text) override;

 private:
  Result<std::string> answer_query(const FaceQuery& request, const std::string& report);

  Parts parts_;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace maitred
