#include "maitred/doors/board/board_room.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>

#include "maitred/admin/recognition.h"
#include "maitred/admin/records.h"
#include "maitred/base/json.h"
#include "maitred/base/log.h"
#include "maitred/shop/consent/consent.h"
#include "maitred/shop/desk/visit_feedback.h"

namespace maitred {
namespace {

using nlohmann::json;

constexpr const char* kSessionsKey = "board_sessions";
constexpr std::size_t kUnreadLimit_bytes = 64 * 1024;  // input of one client that is not read yet
constexpr std::size_t kHistoryRows = 300;
constexpr JsonLimits kReportLimits{.bytes = std::size_t{1} << 20, .depth = 8};

// The staff protocol on a WebSocket: each message is a line. The session server of staff reads and
// writes through a Pipe.
class StaffSocket : public WebSocketListener, public std::enable_shared_from_this<StaffSocket> {
 public:
  StaffSocket(boost::asio::io_context& io, std::function<StaffServer*()> staff,
              StaffTerminal terminal)
      : io_(io), staff_(std::move(staff)), terminal_(std::move(terminal)) {}

  void on_open(std::shared_ptr<WebSocket> socket) override {
    socket_ = std::move(socket);
    StaffServer* staff = staff_();
    if (staff == nullptr) return socket_->close();
    staff->admit(std::make_unique<Pipe>(shared_from_this()), terminal_);
  }
  void on_text(std::string text) override {
    unread_ += text;
    unread_ += '\n';
    if (unread_.size() > kUnreadLimit_bytes) return socket_->close();
    feed();
  }
  void on_closed() override {
    closed_ = true;
    socket_.reset();
    feed();
  }

 private:
  class Pipe : public StaffPipe {
   public:
    explicit Pipe(std::shared_ptr<StaffSocket> socket) : socket_(std::move(socket)) {}
    ~Pipe() override { close(); }
    void read_some(char* into, std::size_t size_bytes, Done done) override {
      socket_->reading_ = {into, size_bytes, std::move(done)};
      boost::asio::post(socket_->io_, [socket = socket_] { socket->feed(); });
    }
    void write_some(const char* from, std::size_t size_bytes, Done done) override {
      socket_->write(from, size_bytes, std::move(done));
    }
    void shut_down_sending() override {
      if (socket_->socket_) socket_->socket_->finish();
    }
    void close() override {
      socket_->reading_ = {};
      if (socket_->socket_) socket_->socket_->close();
    }

   private:
    const std::shared_ptr<StaffSocket> socket_;
  };
  struct Reading {
    char* into = nullptr;
    std::size_t size_bytes = 0;
    StaffPipe::Done done;
  };

  void feed() {
    if (!reading_.done || (unread_.empty() && !closed_)) return;
    const Reading reading = std::exchange(reading_, {});
    const std::size_t count = std::min(reading.size_bytes, unread_.size());
    unread_.copy(reading.into, count);
    unread_.erase(0, count);
    reading.done(count > 0, count);
  }

  void write(const char* from, std::size_t size_bytes, StaffPipe::Done done) {
    if (!socket_) {
      boost::asio::post(io_, [done = std::move(done)] { done(false, 0); });
      return;
    }
    const std::size_t line =
        size_bytes > 0 && from[size_bytes - 1] == '\n' ? size_bytes - 1 : size_bytes;
    socket_->send(std::make_shared<const std::string>(from, line),
                  [done = std::move(done), size_bytes](bool ok) { done(ok, size_bytes); });
  }

  boost::asio::io_context& io_;
  const std::function<StaffServer*()> staff_;
  const StaffTerminal terminal_;
  std::shared_ptr<WebSocket> socket_;
  Reading reading_;
  std::string unread_;
  bool closed_ = false;
};

std::string board_actor(const std::string& terminal) {
  return terminal.empty() ? "board" : "board:" + terminal;
}

}  // namespace

BoardRoom::BoardRoom(Parts parts) : parts_(std::move(parts)) {}
BoardRoom::~BoardRoom() = default;

bool BoardRoom::tokens_required() { return parts_.shop.desk().tokens_required(); }

std::optional<std::string> BoardRoom::terminal_of(std::string_view token) {
  auto terminal = parts_.shop.desk().authenticate(token);
  if (!terminal) return std::nullopt;
  return terminal->name;
}

std::shared_ptr<WebSocketListener> BoardRoom::staff_line(std::string_view token) {
  StaffTerminal terminal;
  if (auto known = parts_.shop.desk().authenticate(token)) terminal = std::move(*known);
  return std::make_shared<StaffSocket>(parts_.io, parts_.staff, std::move(terminal));
}

Result<std::string> BoardRoom::history(WallTime since) {
  VisitQuery query;
  query.since = since;
  query.limit = kHistoryRows;
  Visits& visits = parts_.shop.store().visits();
  MAITRED_ASSIGN(const auto list, visits.list(query));
  const WallTime now = wall_now();
  json rows = json::array();
  for (const Visit& visit : list) {
    MAITRED_ASSIGN(const Customer customer, parts_.shop.store().customers().find(visit.customer));
    json row = {{"visit", visit.id.value},
                {"start", format_time(visit.start)},
                {"name", view_within_consent(customer, now).name},
                {"outcome", word(visit.outcome)},
                {"note", visit.note},
                {"holdout", visit.holdout}};
    const auto alert = visits.alert(visit.id);
    if (alert) row["by"] = alert->alert.by;
    MAITRED_ASSIGN(const auto answers, visits.feedback(visit.id));
    if (!answers.empty()) row["rating"] = answers.back().rating;
    MAITRED_ASSIGN(const bool due, awaits_feedback(parts_.shop.store(), visit, now));
    row["feedback_due"] = due;
    rows.push_back(std::move(row));
  }
  return json_text({{"visits", std::move(rows)}});
}

Status BoardRoom::feedback(const std::string& visit, int rating, const std::string& comment,
                           const std::string& terminal) {
  const auto done = verbs::feedback(parts_.shop, {VisitId(visit), rating, comment},
                                    Actor{board_actor(terminal), wall_now()});
  if (!done) return tl::unexpected(done.error());
  return {};
}

void BoardRoom::recognise(FaceQuery query, std::function<void(Result<std::string>)> answer) {
  std::string photo = std::move(query.photo);
  parts_.eye.analyse(std::move(photo),
                     [this, alive = std::weak_ptr<bool>(alive_), query = std::move(query),
                      answer = std::move(answer)](Result<std::string> report) {
                       if (alive.expired()) return;
                       if (!report) return answer(std::move(report));
                       answer(answer_query(query, *report));
                     });
}

Result<std::string> BoardRoom::answer_query(const FaceQuery& query, const std::string& report) {
  MAITRED_ASSIGN(const json object, parse_json(report, kReportLimits));
  const auto photo = read_photo_report(object);
  if (!photo) {
    // The report comes from a process that decodes pixels from outside: it may say anything.
    journal().warn("board: the report of a photo cannot be read ({})", photo.error().message);
    return environment_error("photo_failed", "the report of maitred-eye cannot be read");
  }
  const Actor actor{board_actor(query.terminal), wall_now()};
  if (query.customer.empty()) {
    MAITRED_ASSIGN(const auto found, verbs::identify(parts_.shop, {{*photo}}, actor));
    return json_text(json_of(found));
  }
  MAITRED_ASSIGN(const auto compared,
                 verbs::verify(parts_.shop, {CustomerId(query.customer), {*photo}}, actor));
  return json_text(json_of(compared));
}

std::string BoardRoom::kept_sessions() {
  const auto kept = parts_.shop.store().setting(kSessionsKey);
  if (!kept || !*kept) return "";
  return {(*kept)->begin(), (*kept)->end()};
}

void BoardRoom::keep_sessions(std::string_view text) {
  const Status kept = parts_.shop.store().set_setting(
      kSessionsKey, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  if (!kept)
    journal().error("board: sign-ins are not kept over a restart: {}", kept.error().message);
}

}  // namespace maitred
