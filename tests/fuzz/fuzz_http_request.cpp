// An HTTP request to the API or the staff page: a line with its method and target, one with its
// Host, one with its cookies, then its body. It is read or refused; nothing is thrown.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "maitred/admin/enrolment.h"
#include "maitred/admin/notes.h"
#include "maitred/admin/records.h"
#include "src/doors/api/routes.h"
#include "src/doors/web/connection.h"

namespace {

std::string_view take(std::string_view& text, char end) {
  const std::size_t at = std::min(text.find(end), text.size());
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return part;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace maitred;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string_view first = take(text, '\n');
  WebRequest request;
  request.method = take(first, ' ');
  request.path = take(first, '?');
  request.query = first;
  const std::string host(take(text, '\n'));
  request.headers = {{"host", host}, {"cookie", std::string(take(text, '\n'))}};
  request.body = text;
  if (web::is_plain_host(host) && host.find_first_of("@/ ,") != std::string::npos) std::abort();
  (void)request.cookie("maitred");
  (void)request.parameter("since");
  (void)request.same_origin();
  if (request.path.empty() || request.path.front() != '/') return 0;
  const auto call = read_call(request);
  if (!call) return 0;
  if (!call->body.is_object()) std::abort();
  (void)read_fields<verbs::AskArgs>(call->body);
  (void)read_fields<verbs::PurchaseArgs>(call->body);
  (void)read_fields<verbs::AppointmentArgs>(call->body);
  (void)read_fields<verbs::UpdateArgs>(call->body);
  (void)read_fields<verbs::FeedbackArgs>(call->body);
  return 0;
}
