#include "client.h"

#include <fmt/format.h>

#include <utility>

namespace maitred::simulation {

std::shared_ptr<Wire> Client::connect(boost::asio::io_context& io, Chance& chance) {
  wire_ = std::make_shared<Wire>(io, chance);
  whole_ = false;
  return wire_;
}

void Client::hang_up() {
  if (wire_) wire_->hang_up();
  wire_.reset();
}

void Client::claim(const VisitId& visit) { wire_->send(request_line(StaffClaim{visit, name_})); }

void Client::close(const VisitId& visit, Outcome outcome) {
  wire_->send(request_line(StaffClose{visit, outcome, "", name_}));
}

std::vector<Client::Heard> Client::read() {
  std::vector<Heard> heard;
  while (wire_) {
    const auto text = wire_->next_line();
    if (!text) break;
    auto line = parse_server_line(*text);
    if (!line) {
      heard.push_back({StaffOther{}, "a line that is no message: " + *text});
      continue;
    }
    std::string wrong = take(*line);
    heard.push_back({std::move(*line), std::move(wrong)});
  }
  return heard;
}

bool Client::notice_end() {
  if (!wire_ || !wire_->server_gone() || wire_->is_cut()) return false;
  wire_.reset();
  return true;
}

std::string Client::take(const StaffLine& line) {
  if (const auto* hello = std::get_if<StaffHello>(&line)) {
    // Another run of the core may know nothing of what this list holds.
    const bool same = hello->started == started_;
    started_ = hello->started;
    newest_ = resumes_ == Resumes::kFromLast && same ? last_seq_ : 0;
    if (newest_ == 0) shown_.clear();
    wire_->send(request_line(StaffResume{newest_}));
    wire_->send(request_line(StaffPing{}));
    return {};
  }
  if (std::holds_alternative<StaffPong>(line)) {
    whole_ = true;
    return {};
  }
  if (const auto* alert = std::get_if<StaffAlert>(&line)) return take_alert(alert->alert);
  if (const auto* update = std::get_if<StaffUpdate>(&line)) return take_alert(update->alert);
  return {};
}

// In one list, and after it, every message is newer than the one before.
std::string Client::take_alert(const Alert& alert) {
  if (alert.seq <= newest_) {
    return fmt::format("seq {} of visit {} comes after seq {}", alert.seq, alert.visit.value,
                       newest_);
  }
  newest_ = alert.seq;
  last_seq_ = std::max(last_seq_, newest_);
  if (is_over(alert.state)) {
    shown_.erase(alert.visit);
  } else {
    shown_[alert.visit] = {alert.seq, alert.state, alert.by};
  }
  return {};
}

}  // namespace maitred::simulation
